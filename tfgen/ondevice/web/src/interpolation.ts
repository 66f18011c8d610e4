/** The view with an interpolation between the pictures of two seeds. */

import {canvas, input, integer} from './controls';
import {classSelect, labelOf} from './labels';
import type {Model} from './model';
import {draw, resize} from './picture';
import {coalesce, restartable} from './scheduling';

const PICTURES = 9;

export class Interpolation {
  private readonly from = input('from', () => void this.start());
  private readonly to = input('to', () => void this.start());
  private readonly position = input('position', () => void this.drawPosition());
  private readonly picture = canvas('interpolated');
  private readonly labelFrom: HTMLSelectElement;
  private readonly labelTo: HTMLSelectElement;
  private readonly canvases: HTMLCanvasElement[];

  constructor(private readonly model: Model) {
    resize(this.picture, model.shape);
    const select = (id: string) => classSelect(id, model.classes, [['', 'any class']], () => void this.start());
    this.labelFrom = select('label-from');
    this.labelTo = select('label-to');
    this.canvases = Array.from({length: PICTURES}, () => {
      const canvas = document.createElement('canvas');
      canvas.className = 'picture';
      canvas.setAttribute('aria-hidden', 'true');
      resize(canvas, model.shape);
      return canvas;
    });
    document.getElementById('strip')!.replaceChildren(...this.canvases);
  }

  async start(): Promise<void> {
    const supported = this.model.signatures.includes('interpolate');
    document.getElementById('interpolation')!.hidden = !supported;
    if (supported) await Promise.all([this.drawPosition(), this.drawStrip()]);
  }

  private readonly drawPosition = coalesce(async () => {
    draw(this.picture, await this.at(Number(this.position.value)), this.model.shape);
  });

  private readonly drawStrip = restartable(() => this.steps());

  private at(position: number): Promise<Float32Array> {
    return this.model.run('interpolate', {
      seed_from: [integer(this.from)],
      seed_to: [integer(this.to)],
      position: [position],
      label_from: [labelOf(this.labelFrom, 0, 0)],
      label_to: [labelOf(this.labelTo, 0, 0)],
    });
  }

  private *steps() {
    for (const [index, canvas] of this.canvases.entries()) {
      yield async () => draw(canvas, await this.at(index / (PICTURES - 1)), this.model.shape);
    }
  }
}
