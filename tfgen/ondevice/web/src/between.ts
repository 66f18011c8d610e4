/** The way from one seed's picture to another's. */

import {canvas, input, integer} from './controls';
import {background, live} from './live';
import type {Model} from './model';
import {draw, resize} from './picture';

const STEPS = 9;

export class Between {
  private readonly from = input('from', () => void this.start());
  private readonly to = input('to', () => void this.start());
  private readonly position = input('position', () => void this.follow());
  private readonly picture = canvas('way');
  private readonly canvases: HTMLCanvasElement[];

  constructor(private readonly model: Model) {
    resize(this.picture, model.shape);
    this.canvases = Array.from({length: STEPS}, () => {
      const canvas = document.createElement('canvas');
      canvas.className = 'picture';
      canvas.setAttribute('aria-hidden', 'true');
      resize(canvas, model.shape);
      return canvas;
    });
    document.getElementById('strip')!.replaceChildren(...this.canvases);
  }

  async start(): Promise<void> {
    const able = this.model.signatures.includes('interpolate');
    document.getElementById('between')!.hidden = !able;
    if (able) await Promise.all([this.follow(), this.paint()]);
  }

  private readonly follow = live(async () => {
    draw(this.picture, await this.at(Number(this.position.value)), this.model.shape);
  });

  private readonly paint = background(() => this.steps());

  private at(position: number): Promise<Float32Array> {
    return this.model.run('interpolate', {
      seed_from: [integer(this.from)],
      seed_to: [integer(this.to)],
      position: [position],
    });
  }

  private *steps() {
    for (const [index, canvas] of this.canvases.entries()) {
      yield async () => draw(canvas, await this.at(index / (STEPS - 1)), this.model.shape);
    }
  }
}
