/** An exported model in LiteRT.js: its signatures, one question at a time. */

import {type CompiledModel, loadAndCompile, loadLiteRt, Tensor} from '@litertjs/core';

import {normal} from './noise';

/** A sentence for the user: what was expected and what was found. */
export class Problem extends Error {}

export type Inputs = Record<string, ArrayLike<number>>;

let runtime: Promise<unknown> | undefined;

export class Model {
  /** Milliseconds that each of the last questions took. */
  readonly times: number[] = [];
  private queue: Promise<unknown> = Promise.resolve();
  private deleted = false;

  private constructor(
    private readonly compiled: CompiledModel,
    /** Height, width and channels of a picture. */
    readonly shape: readonly [number, number, number],
  ) {}

  /**
   * Compile the bytes of a .tflite file.
   *
   * @throws Problem where they are none, or the model cannot answer `sample` with a picture.
   */
  static async load(bytes: Uint8Array, name: string): Promise<Model> {
    // The identifier that every flatbuffer of TensorFlow Lite has in its fifth to eighth byte.
    if (new TextDecoder().decode(bytes.subarray(4, 8)) !== 'TFL3') {
      throw new Problem(`Expected a TensorFlow Lite model. ${name} is another kind of file (${bytes.length} bytes).`);
    }
    runtime ??= loadLiteRt(new URL('wasm/', document.baseURI).href);
    try {
      await runtime;
    } catch (error) {
      runtime = undefined;
      throw new Problem(`Expected LiteRT.js to start in this browser. It says: ${sentence(error)}`);
    }
    let compiled: CompiledModel;
    try {
      compiled = await loadAndCompile(bytes, {accelerator: 'wasm'});
    } catch (error) {
      throw new Problem(`Expected a whole TensorFlow Lite model in ${name}. LiteRT.js says: ${sentence(error)}`);
    }
    const sample = compiled.signatures['sample'];
    if (!sample) {
      const found = Object.keys(compiled.signatures).join(', ') || 'none';
      compiled.delete();
      throw new Problem(`Expected a signature named sample, as tfgen export writes. ${name} has: ${found}.`);
    }
    const shape = [...sample.getOutputDetails()[0].shape];
    if (shape.length !== 4 || shape[0] !== 1 || (shape[3] !== 1 && shape[3] !== 3)) {
      compiled.delete();
      throw new Problem(`Expected a model of pictures, 1 × height × width × 1 or 3. ${name} makes: ${shape.join(' × ')}.`);
    }
    return new Model(compiled, [shape[1], shape[2], shape[3]]);
  }

  /** Names of the questions that the model answers. */
  get signatures(): string[] {
    return Object.keys(this.compiled.signatures);
  }

  /** Numbers of a latent; 0 where the model has no `decode`. */
  get latents(): number {
    const decode = this.compiled.signatures['decode'];
    return decode ? decode.getInputDetails()[0].shape.reduce((product, side) => product * side, 1) : 0;
  }

  /**
   * Ask one question for one row. Questions wait for each other: the runtime has one set of buffers. What a view of a
   * model that is gone still asks is never answered.
   */
  run(signature: string, inputs: Inputs): Promise<Float32Array> {
    if (this.deleted) return new Promise(() => undefined);
    const answer = this.queue.then(() => this.answer(signature, inputs));
    this.queue = answer.catch(() => undefined);
    return answer;
  }

  /** The picture of a seed. */
  sample(seed: number, temperature = 1): Promise<Float32Array> {
    return this.run('sample', {seed: [seed], temperature: [temperature]});
  }

  /**
   * A function from seeds to their latents, or undefined where the model does not let one be found.
   *
   * Where the prior is normal, a seed's latent is its noise, as a look at one picture shows. Otherwise it is the code
   * of its picture, where there is an encoder.
   */
  async latentOf(): Promise<((seed: number) => Promise<Float32Array>) | undefined> {
    if (!this.latents) return undefined;
    const [drawn, other] = [await this.sample(1), await this.sample(2)];
    const decoded = await this.run('decode', {latent: normal(1, this.latents)});
    // Equal up to rounding, also that of 8 bits: far nearer than two pictures are to each other.
    if (distance(drawn, decoded) < 0.02 * distance(drawn, other)) return async (seed) => normal(seed, this.latents);
    if (!this.signatures.includes('encode')) return undefined;
    return async (seed) => this.run('encode', {images: await this.sample(seed)});
  }

  delete(): void {
    this.deleted = true;
    void this.queue.then(() => this.compiled.delete());
  }

  private async answer(signature: string, inputs: Inputs): Promise<Float32Array> {
    const runner = this.compiled.signatures[signature];
    if (!runner) throw new Problem(`Expected one of ${this.signatures.join(', ')}. Received: ${signature}.`);
    const started = performance.now();
    const tensors: Record<string, Tensor> = {};
    for (const {name, dtype, shape} of runner.getInputDetails()) {
      const values = dtype === 'int32' ? Int32Array.from(inputs[name]) : Float32Array.from(inputs[name]);
      tensors[name] = new Tensor(values, [...shape]);
    }
    let outputs: Record<string, Tensor> = {};
    try {
      outputs = await runner.run(tensors);
      const values = Float32Array.from(Object.values(outputs)[0].toTypedArray());
      this.times.push(performance.now() - started);
      if (this.times.length > 50) this.times.shift();
      return values;
    } finally {
      // The runtime's memory is not the browser's: nothing frees it by itself.
      for (const tensor of [...Object.values(tensors), ...Object.values(outputs)]) if (!tensor.deleted) tensor.delete();
    }
  }
}

/** Root of the mean squared difference. */
function distance(a: Float32Array, b: Float32Array): number {
  return Math.sqrt(a.reduce((sum, value, index) => sum + (value - b[index]) ** 2, 0) / a.length);
}

export function sentence(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
