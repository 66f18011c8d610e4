/** An exported model in LiteRT.js. */

import {type CompiledModel, loadAndCompile, loadLiteRt, Tensor} from '@litertjs/core';

import {ANY, classNames} from './labels';
import {normal} from './noise';

/** An error whose message is shown to the user. */
export class Problem extends Error {}

/** Input name → values. */
export type Inputs = Record<string, ArrayLike<number>>;

let runtime: Promise<unknown> | undefined;

export class Model {
  /** Milliseconds of each of the last 50 requests. */
  readonly times: number[] = [];
  private queue: Promise<unknown> = Promise.resolve();
  private deleted = false;

  private constructor(
    private readonly compiled: CompiledModel,
    /** Height, width and channels of a picture. */
    readonly shape: readonly [number, number, number],
    /** Names of the classes of a conditional model; empty for another model. */
    readonly classes: string[],
  ) {}

  /**
   * Compile the bytes of a .tflite file.
   *
   * @param name of the file, for messages.
   * @throws Problem if the bytes are no TFLite model, or the model has no signature `sample` that returns a picture.
   */
  static async load(bytes: Uint8Array, name: string): Promise<Model> {
    // Bytes 4 to 7 of a FlatBuffers file identify its format.
    if (new TextDecoder().decode(bytes.subarray(4, 8)) !== 'TFL3') {
      throw new Problem(`Expected a TensorFlow Lite model. ${name} has another format (${bytes.length} bytes).`);
    }
    runtime ??= loadLiteRt(new URL('wasm/', document.baseURI).href);
    try {
      await runtime;
    } catch (error) {
      runtime = undefined;
      throw new Problem(`Expected LiteRT.js to start in this browser. Received: ${message(error)}`);
    }
    let compiled: CompiledModel;
    try {
      compiled = await loadAndCompile(bytes, {accelerator: 'wasm'});
    } catch (error) {
      throw new Problem(`Expected a complete TensorFlow Lite model in ${name}. Received: ${message(error)}`);
    }
    const sample = compiled.signatures['sample'];
    if (!sample) {
      const found = Object.keys(compiled.signatures).join(', ') || 'none';
      compiled.delete();
      throw new Problem(`Expected a signature named sample, which tfgen export writes. ${name} has: ${found}.`);
    }
    const shape = [...sample.getOutputDetails()[0].shape];
    if (shape.length !== 4 || shape[0] !== 1 || (shape[3] !== 1 && shape[3] !== 3)) {
      compiled.delete();
      throw new Problem(`Expected a model of pictures of the shape 1 × height × width × 1 or 3. ${name} has: ${shape.join(' × ')}.`);
    }
    return new Model(compiled, [shape[1], shape[2], shape[3]], classNames(bytes));
  }

  /** Names of the signatures. */
  get signatures(): string[] {
    return Object.keys(this.compiled.signatures);
  }

  /** Number of values of a latent; 0 if the model has no signature `decode`. */
  get latents(): number {
    const decode = this.compiled.signatures['decode'];
    const latent = decode?.getInputDetails().find(({name}) => name === 'latent');
    return latent ? latent.shape.reduce((product, side) => product * side, 1) : 0;
  }

  /**
   * Run a signature for one row and return its output. Labels that are left out are `ANY`. Requests run one after the
   * other, because the runtime has one set of buffers. A request to a deleted model, from a view that is about to be
   * replaced, never resolves.
   */
  run(signature: string, inputs: Inputs): Promise<Float32Array> {
    if (this.deleted) return new Promise(() => undefined);
    const output = this.queue.then(() => this.runNow(signature, inputs));
    this.queue = output.catch(() => undefined);
    return output;
  }

  /** Return the picture of a seed. A model without classes ignores the label. */
  sample(seed: number, temperature = 1, label = ANY): Promise<Float32Array> {
    return this.run('sample', {seed: [seed], temperature: [temperature], label: [label]});
  }

  /**
   * Return a function from seeds to latents, or undefined if the model's signatures do not allow one.
   *
   * If the prior is N(0, I), the latent of a seed is its noise. Whether it is, is tested with one picture. Otherwise the
   * latent is the encoding of the seed's picture, if the model has an encoder.
   *
   * @param label class of the pictures; a model without classes ignores it.
   */
  async latentOf(label: number): Promise<((seed: number) => Promise<Float32Array>) | undefined> {
    if (!this.latents) return undefined;
    const [drawn, other] = [await this.sample(1, 1, label), await this.sample(2, 1, label)];
    const decoded = await this.run('decode', {latent: normal(1, this.latents), label: [label]});
    // The tolerance allows for 8-bit rounding, and is far below the distance between two pictures.
    if (distance(drawn, decoded) < 0.02 * distance(drawn, other)) return async (seed) => normal(seed, this.latents);
    if (!this.signatures.includes('encode')) return undefined;
    return async (seed) => this.run('encode', {images: await this.sample(seed, 1, label), label: [label]});
  }

  /** Free the memory of the model after the last pending request. */
  delete(): void {
    this.deleted = true;
    void this.queue.then(() => this.compiled.delete());
  }

  private async runNow(signature: string, inputs: Inputs): Promise<Float32Array> {
    const runner = this.compiled.signatures[signature];
    if (!runner) throw new Problem(`Expected one of ${this.signatures.join(', ')}. Received: ${signature}.`);
    // The likelihood of a conditional model is a loop over the classes, for which LiteRT.js 2.5.3 returns 0.
    if (this.classes.length && ['log_prob', 'bits_per_dim'].includes(signature)) {
      throw new Problem(`Expected a signature without a loop, which LiteRT.js does not compute. Received: ${signature}.`);
    }
    const started = performance.now();
    const tensors: Record<string, Tensor> = {};
    for (const {name, dtype, shape} of runner.getInputDetails()) {
      const given = inputs[name] ?? (name.startsWith('label') ? [ANY] : undefined);
      if (!given) throw new Problem(`Expected the input ${name} of ${signature}. Received: none.`);
      const values = dtype === 'int32' ? Int32Array.from(given) : Float32Array.from(given);
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
      // JavaScript's garbage collector does not free the memory of the WebAssembly runtime.
      for (const tensor of [...Object.values(tensors), ...Object.values(outputs)]) if (!tensor.deleted) tensor.delete();
    }
  }
}

/** Return the root mean squared difference. */
function distance(a: Float32Array, b: Float32Array): number {
  return Math.sqrt(a.reduce((sum, value, index) => sum + (value - b[index]) ** 2, 0) / a.length);
}

/** Return the message of an exception. */
export function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
