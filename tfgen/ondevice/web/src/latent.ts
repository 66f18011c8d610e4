/** The view with a map of latent space between the latents of four seeds, and a handle to choose a point. */

import {canvas, input, integer, replaceHandlers} from './controls';
import {classSelect, labelOf} from './labels';
import type {Model} from './model';
import {draw, resize} from './picture';
import {pointOf} from './plane';
import {coalesce, restartable} from './scheduling';

/** Pictures along each side of the map. */
const SIDE = 9;
/** Movement of the handle by an arrow key, without and with Shift, as a fraction of the map. */
const STEP = 0.02;
const LARGE_STEP = 0.125;

export class Latent {
  private readonly pad = document.getElementById('pad')!;
  private readonly map = canvas('map');
  private readonly decoded = canvas('decoded');
  private readonly seed = input('corners', () => void this.start());
  private readonly label: HTMLSelectElement;
  private corners: Float32Array[] = [];
  private x = 0.5;
  private y = 0.5;

  constructor(private readonly model: Model) {
    resize(this.map, model.shape, SIDE, SIDE);
    resize(this.decoded, model.shape);
    this.label = classSelect('latent-label', model.classes, [], () => void this.start());
    const signal = replaceHandlers(this.pad);
    this.pad.addEventListener('pointerdown', (event) => this.drag(event), {signal});
    this.pad.addEventListener('pointermove', (event) => event.buttons && this.drag(event), {signal});
    this.pad.addEventListener('keydown', (event) => this.press(event), {signal});
  }

  async start(): Promise<void> {
    const latentOf = await this.model.latentOf(labelOf(this.label, 0, 0));
    document.getElementById('latent')!.hidden = !latentOf;
    if (!latentOf) return;
    const first = integer(this.seed);
    this.corners = await Promise.all([0, 1, 2, 3].map((index) => latentOf(first + index)));
    await Promise.all([this.move(this.x, this.y), this.drawMap()]);
  }

  private readonly drawMap = restartable(() => this.steps());
  private readonly drawPoint = coalesce(async () => draw(this.decoded, await this.at(this.x, this.y), this.model.shape));

  private at(x: number, y: number): Promise<Float32Array> {
    return this.model.run('decode', {latent: pointOf(this.corners, x, y), label: [labelOf(this.label, 0, 0)]});
  }

  private *steps() {
    const [height, width] = this.model.shape;
    for (const [row, column] of coarseFirst(SIDE)) {
      yield async () => {
        const picture = await this.at(column / (SIDE - 1), row / (SIDE - 1));
        draw(this.map, picture, this.model.shape, column * width, row * height);
      };
    }
  }

  private move(x: number, y: number): Promise<void> {
    this.x = Math.min(1, Math.max(0, x));
    this.y = Math.min(1, Math.max(0, y));
    // The corners of the plane are the centres of the map's corner pictures, not the corners of the map.
    const percent = (part: number) => `${((part * (SIDE - 1) + 0.5) / SIDE) * 100}%`;
    this.pad.style.setProperty('--x', percent(this.x));
    this.pad.style.setProperty('--y', percent(this.y));
    this.pad.setAttribute('aria-valuenow', `${Math.round(100 * this.x)}`);
    this.pad.setAttribute('aria-valuetext', `${Math.round(100 * this.x)}% right, ${Math.round(100 * this.y)}% down`);
    return this.drawPoint();
  }

  private drag(event: PointerEvent): void {
    if (event.type === 'pointerdown') {
      this.pad.setPointerCapture(event.pointerId);
      this.pad.focus();
    }
    const box = this.pad.getBoundingClientRect();
    const part = (at: number, start: number, length: number) => (((at - start) / length) * SIDE - 0.5) / (SIDE - 1);
    void this.move(part(event.clientX, box.left, box.width), part(event.clientY, box.top, box.height));
    event.preventDefault();
  }

  private press(event: KeyboardEvent): void {
    const step = event.shiftKey ? LARGE_STEP : STEP;
    const moves: Record<string, () => [number, number]> = {
      ArrowLeft: () => [this.x - step, this.y],
      ArrowRight: () => [this.x + step, this.y],
      ArrowUp: () => [this.x, this.y - step],
      ArrowDown: () => [this.x, this.y + step],
      Home: () => [0, 0],
      End: () => [1, 1],
    };
    const next = moves[event.key]?.();
    if (!next) return;
    void this.move(...next);
    event.preventDefault();
  }
}

/** Return the [row, column] of every picture, coarse grids first, so that an unfinished map shows the whole area. */
function coarseFirst(side: number): [number, number][] {
  const cells = Array.from({length: side * side}, (_, at): [number, number] => [Math.floor(at / side), at % side]);
  const fineness = (at: number) => (at % 4 === 0 ? 0 : at % 2 === 0 ? 1 : 2);
  return cells.sort((a, b) => Math.max(...a.map(fineness)) - Math.max(...b.map(fineness)));
}
