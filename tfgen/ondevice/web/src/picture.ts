/** Drawing pictures on a canvas, one canvas pixel for each pixel. The style sheet enlarges the canvas. */

export type Shape = readonly [height: number, width: number, channels: number];

/**
 * Draw one picture.
 *
 * @param values intensities in [0, 1], in the order height, width, channels.
 * @param left, top position of the picture's upper left corner in the canvas.
 */
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

/** Clear a canvas and set its size to `across` × `down` pictures. */
export function resize(canvas: HTMLCanvasElement, shape: Shape, across = 1, down = 1): void {
  canvas.width = across * shape[1];
  canvas.height = down * shape[0];
}
