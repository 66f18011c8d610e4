/** A plane through latent space between four latents. */

/**
 * The point at (x, y), both in [0, 1]: the mean of the corners' latents weighted by how near they are, brought back to
 * the length that their lengths have in the same mean.
 *
 * A normal prior in many dimensions has its mass on a thin shell; without the last step the middle of the plane would
 * have half its radius, where a decoder has seen nothing.
 *
 * @param corners left upper, right upper, left lower, right lower.
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
