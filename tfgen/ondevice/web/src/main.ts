/** The page: which model, and three views of it. */

import {Between} from './between';
import {Latent} from './latent';
import {Model, type Inputs, Problem, sentence} from './model';
import {Samples} from './samples';

declare global {
  interface Window {
    /** For tests and for the curious, see docs/browser.md. */
    tfgen: {
      /** Signatures of the model once it is loaded; rejected with the sentence that the page shows. */
      ready: Promise<string[]>;
      /** The output of a signature for one row, as the model made it. */
      run(signature: string, inputs: Inputs): Promise<Float32Array>;
      /** Resolved once everything that was asked for is drawn. */
      drawn: Promise<unknown>;
    };
  }
}

const element = <T extends HTMLElement>(id: string) => document.getElementById(id) as T;
const main = document.querySelector('main')!;
const files = element<HTMLSelectElement>('file');
const problem = element('problem');
const status = element('status');

let model: Model | undefined;
let watch: ReturnType<typeof setInterval> | undefined;

async function show(name: string, read: () => Promise<Uint8Array>): Promise<string[]> {
  problem.hidden = true;
  main.hidden = true;
  status.textContent = `Loading ${name}…`;
  clearInterval(watch);
  try {
    const fresh = await Model.load(await read(), name);
    model?.delete();
    model = fresh;
    main.hidden = false;
    status.textContent = name;
    const [height, width] = fresh.shape;
    main.style.setProperty('--ratio', `${width / height}`);
    const views = [new Samples(fresh), new Latent(fresh), new Between(fresh)];
    window.tfgen.drawn = Promise.all(views.map((view) => view.start()));
    watch = setInterval(() => (status.textContent = `${name} · ${speed(fresh)}`), 500);
    return fresh.signatures;
  } catch (error) {
    status.textContent = '';
    problem.textContent = sentence(error);
    problem.hidden = false;
    throw error;
  }
}

function speed({times, shape}: Model): string {
  const typical = [...times].sort((a, b) => a - b)[times.length >> 1] ?? 0;
  return `${shape[1]} × ${shape[0]} pixels, ${typical.toPrecision(2)} ms a picture`;
}

async function fetched(name: string): Promise<Uint8Array> {
  let response: Response;
  try {
    response = await fetch(`models/${encodeURIComponent(name)}`);
  } catch {
    throw new Problem(`Expected ${name} from the server. The server does not answer.`);
  }
  if (!response.ok) throw new Problem(`Expected ${name} on the server. It answers: ${response.status} ${response.statusText}.`);
  return new Uint8Array(await response.arrayBuffer());
}

/** The model that the address asks for (?model=NAME), or else the first one of the server's list. */
async function first(): Promise<string[]> {
  const asked = new URLSearchParams(location.search).get('model');
  let names: string[] = [];
  try {
    const response = await fetch('models.json');
    names = response.ok ? await response.json() : [];
  } catch {
    // A page without a list still opens files.
  }
  files.replaceChildren(...names.map((name) => new Option(name)));
  element('choice').hidden = names.length < 2;
  const name = asked ?? names[0];
  if (!name) {
    const nothing = new Problem('Expected a model on the server. There is none; open a .tflite file instead.');
    return show('', () => Promise.reject(nothing));
  }
  files.value = name;
  return show(name, () => fetched(name));
}

function restart(ready: Promise<string[]>): void {
  window.tfgen = {
    ready,
    drawn: Promise.resolve(),
    run: (signature, inputs) => model!.run(signature, inputs),
  };
  // The page has shown the sentence by then.
  ready.catch(() => undefined);
}

files.addEventListener('change', () => restart(show(files.value, () => fetched(files.value))));
element<HTMLInputElement>('open').addEventListener('change', ({target}) => {
  const file = (target as HTMLInputElement).files?.[0];
  if (file) restart(show(file.name, async () => new Uint8Array(await file.arrayBuffer())));
});
restart(first());
