/** The view with samples of consecutive seeds. */

import {input, integer} from './controls';
import {classSelect, EACH, labelOf} from './labels';
import type {Model} from './model';
import {draw, resize} from './picture';
import {restartable} from './scheduling';

const PICTURES = 20;

export class Samples {
  private readonly canvases: HTMLCanvasElement[];
  private readonly seed = input('seed', () => void this.start());
  private readonly temperature = input('temperature', () => void this.start());
  private readonly label: HTMLSelectElement;
  readonly start: () => Promise<void>;

  constructor(private readonly model: Model) {
    this.canvases = Array.from({length: PICTURES}, () => {
      const canvas = document.createElement('canvas');
      canvas.className = 'picture';
      canvas.setAttribute('role', 'img');
      resize(canvas, model.shape);
      return canvas;
    });
    document.getElementById('page')!.replaceChildren(...this.canvases);
    const others: [string, string][] = [['', 'any class'], [EACH, 'each class in turn']];
    this.label = classSelect('label', model.classes, others, () => void this.start());
    this.start = restartable(() => this.steps());
  }

  private *steps() {
    const first = integer(this.seed);
    const temperature = Number(this.temperature.value);
    document.getElementById('temperature-value')!.textContent = temperature.toFixed(2);
    for (const [index, canvas] of this.canvases.entries()) {
      // Seeds wrap from 2³¹ − 1 to −2³¹, as in tfgen.
      const seed = (first + index) | 0;
      yield async () => {
        const label = labelOf(this.label, index, this.model.classes.length);
        draw(canvas, await this.model.sample(seed, temperature, label), this.model.shape);
        const name = this.model.classes[label];
        canvas.setAttribute('aria-label', `The picture of seed ${seed}${name ? ` and class ${name}` : ''}`);
        canvas.title = `seed ${seed}${name ? `, ${name}` : ''}`;
      };
    }
  }
}
