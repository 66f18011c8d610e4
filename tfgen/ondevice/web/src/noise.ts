/**
 * The normal noise of a seed: Threefry-2x32 with 20 rounds and the Box–Muller transform, as in
 * tfgen/random/per_example.py. The model contains the same generator. The page needs the noise itself for points between
 * the latents of seeds.
 *
 * Reference: Salmon, Moraes, Dror, Shaw: Parallel random numbers: as easy as 1, 2, 3. SC'11.
 */

const ROTATIONS = [
  [13, 15, 26, 6],
  [17, 29, 16, 24],
];
const PARITY = 0x1bd11bda;

/** Return two random words, as signed 32-bit integers, of two words of key and two words of counter. */
export function threefry(k0: number, k1: number, c0: number, c1: number): [number, number] {
  const keys = [k0, k1, k0 ^ k1 ^ PARITY];
  let x0 = (c0 + k0) | 0;
  let x1 = (c1 + k1) | 0;
  for (let block = 0; block < 5; block++) {
    for (const bits of ROTATIONS[block % 2]) {
      x0 = (x0 + x1) | 0;
      x1 = ((x1 << bits) | (x1 >>> (32 - bits))) ^ x0;
    }
    x0 = (x0 + keys[(block + 1) % 3]) | 0;
    x1 = (x1 + keys[(block + 2) % 3] + block + 1) | 0;
  }
  return [x0, x1];
}

const openUnit = (word: number) => ((word >>> 9) + 0.5) * 2 ** -23;

/** Return the standard normal numbers of a seed, equal to those of the model up to rounding. */
export function normal(seed: number, count: number): Float32Array {
  const pairs = Math.ceil(count / 2);
  const numbers = new Float32Array(2 * pairs);
  for (let index = 0; index < pairs; index++) {
    const [x0, x1] = threefry(seed, 0, index, 0);
    const radius = Math.sqrt(-2 * Math.log(openUnit(x0)));
    const angle = 2 * Math.PI * openUnit(x1);
    numbers[index] = radius * Math.cos(angle);
    numbers[pairs + index] = radius * Math.sin(angle);
  }
  return numbers.subarray(0, count);
}
