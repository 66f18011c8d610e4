/** A page of pictures from neighbouring seeds. */

import {input, integer} from './controls';
import {background} from './live';
import type {Model} from './model';
import {draw, resize} from './picture';

const PICTURES = 20;

export class Samples {
  private readonly canvases: HTMLCanvasElement[];
  private readonly seed = input('seed', () => void this.start());
  private readonly temperature = input('temperature', () => void this.start());
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
    this.start = background(() => this.steps());
  }

  private *steps() {
    const first = integer(this.seed);
    const temperature = Number(this.temperature.value);
    document.getElementById('temperature-value')!.textContent = temperature.toFixed(2);
    for (const [index, canvas] of this.canvases.entries()) {
      // Seeds wrap at 2³¹, as tfgen's do.
      const seed = (first + index) | 0;
      yield async () => {
        draw(canvas, await this.model.sample(seed, temperature), this.model.shape);
        canvas.setAttribute('aria-label', `The picture of seed ${seed}`);
        canvas.title = `seed ${seed}`;
      };
    }
  }
}
