/** The page: the choice of the model, and three views of it. */

import {Interpolation} from './interpolation';
import {Latent} from './latent';
import {type Inputs, message, Model, Problem} from './model';
import {Samples} from './samples';

declare global {
  interface Window {
    /** Interface for tests and scripts, described in docs/browser.md. */
    tfgen: {
      /** The model's signatures, once it is loaded. Rejects with the error whose message the page shows. */
      ready: Promise<string[]>;
      /** Run a signature for one row and return its output. */
      run(signature: string, inputs: Inputs): Promise<Float32Array>;
      /** Resolves when all views of the current model are drawn. */
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
let statusTimer: ReturnType<typeof setInterval> | undefined;

/** Load a model, show its views, and return its signatures. */
async function show(name: string, read: () => Promise<Uint8Array>): Promise<string[]> {
  problem.hidden = true;
  main.hidden = true;
  status.textContent = `Loading ${name}…`;
  clearInterval(statusTimer);
  try {
    const fresh = await Model.load(await read(), name);
    model?.delete();
    model = fresh;
    main.hidden = false;
    status.textContent = name;
    const [height, width] = fresh.shape;
    main.style.setProperty('--ratio', `${width / height}`);
    const views = [new Samples(fresh), new Latent(fresh), new Interpolation(fresh)];
    window.tfgen.drawn = Promise.all(views.map((view) => view.start()));
    statusTimer = setInterval(() => (status.textContent = `${name} · ${speed(fresh)}`), 500);
    return fresh.signatures;
  } catch (error) {
    status.textContent = '';
    problem.textContent = message(error);
    problem.hidden = false;
    throw error;
  }
}

/** Return the size of a picture and the median time of the last requests. */
function speed({times, shape}: Model): string {
  const median = [...times].sort((a, b) => a - b)[times.length >> 1] ?? 0;
  return `${shape[1]} × ${shape[0]} pixels, ${Number(median.toPrecision(2))} ms per picture`;
}

/** Fetch a model from the server. */
async function fetchModel(name: string): Promise<Uint8Array> {
  let response: Response;
  try {
    response = await fetch(`models/${encodeURIComponent(name)}`);
  } catch {
    throw new Problem(`Expected ${name} from the server. Received: no response.`);
  }
  if (!response.ok) throw new Problem(`Expected ${name} on the server. Received: ${response.status} ${response.statusText}.`);
  return new Uint8Array(await response.arrayBuffer());
}

/** Show the model that the address names (?model=NAME), by default the first of the server's list. */
async function showFirst(): Promise<string[]> {
  const requested = new URLSearchParams(location.search).get('model');
  let names: string[] = [];
  try {
    const response = await fetch('models.json');
    names = response.ok ? await response.json() : [];
  } catch {
    // Without the list, the user can still open a file.
  }
  files.replaceChildren(...names.map((name) => new Option(name)));
  element('choice').hidden = names.length < 2;
  const name = requested ?? names[0];
  if (!name) {
    const none = new Problem('Expected a model on the server. Received: none. Open a .tflite file instead.');
    return show('', () => Promise.reject(none));
  }
  files.value = name;
  return show(name, () => fetchModel(name));
}

/** Publish the state of a model that is being loaded as `window.tfgen`. */
function publish(ready: Promise<string[]>): void {
  window.tfgen = {
    ready,
    drawn: Promise.resolve(),
    run: (signature, inputs) => model!.run(signature, inputs),
  };
  // `show` has already shown the error.
  ready.catch(() => undefined);
}

files.addEventListener('change', () => publish(show(files.value, () => fetchModel(files.value))));
element<HTMLInputElement>('open').addEventListener('change', ({target}) => {
  const file = (target as HTMLInputElement).files?.[0];
  if (file) publish(show(file.name, async () => new Uint8Array(await file.arrayBuffer())));
});
publish(showFirst());
