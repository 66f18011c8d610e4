/** Drawing intensities in [0, 1] on a canvas, pixel for pixel; the style sheet enlarges them. */

export type Shape = readonly [height: number, width: number, channels: number];

/** Draw one picture with its left upper corner at (left, top). */
export function draw(canvas: HTMLCanvasElement, values: Float32Array, shape: Shape, left = 0, top = 0): void {
  const [height, width, channels] = shape;
  const pixels = new ImageData(width, height);
  for (let pixel = 0; pixel < width * height; pixel++) {
    for (let colour = 0; colour < 3; colour++) {
      pixels.data[4 * pixel + colour] = Math.round(255 * values[channels * pixel + (channels === 3 ? colour : 0)]);
    }
    pixels.data[4 * pixel + 3] = 255;
  }
  canvas.getContext('2d', {willReadFrequently: true})!.putImageData(pixels, left, top);
}

/** Make the canvas that many pictures wide and high, and empty. */
export function resize(canvas: HTMLCanvasElement, shape: Shape, across = 1, down = 1): void {
  canvas.width = across * shape[1];
  canvas.height = down * shape[0];
}
