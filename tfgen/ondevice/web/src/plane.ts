/** A surface in latent space between four latents. */

/**
 * Return the latent at (x, y), both in [0, 1]: the bilinear interpolation of the corners, scaled to the norm that the
 * bilinear interpolation of the corners' norms gives.
 *
 * A normal prior in many dimensions has its mass on a thin shell. Without the scaling, the middle of the surface would
 * have half the shell's radius, where the decoder was never trained.
 *
 * @param corners latents at the upper left, upper right, lower left and lower right.
 */
export function pointOf(corners: Float32Array[], x: number, y: number): Float32Array {
  const weights = [(1 - x) * (1 - y), x * (1 - y), (1 - x) * y, x * y];
  const point = new Float32Array(corners[0].length);
  corners.forEach((corner, index) => corner.forEach((value, at) => (point[at] += weights[index] * value)));
  const length = corners.reduce((sum, corner, index) => sum + weights[index] * norm(corner), 0);
  const factor = length / (norm(point) || 1);
  return point.map((value) => value * factor);
}

function norm(values: Float32Array): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
}
