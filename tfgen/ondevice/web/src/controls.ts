/** The page's inputs, read as the model wants them. */

const handlers = new WeakMap<HTMLElement, AbortController>();

/** The input with that id, heard by `changed` alone: a new model's view takes it over from the last one's. */
export function input(id: string, changed: () => void): HTMLInputElement {
  const element = document.getElementById(id) as HTMLInputElement;
  element.addEventListener('input', changed, {signal: takenOver(element)});
  return element;
}

/** A signal that ends when the element is taken over by another view. */
export function takenOver(element: HTMLElement): AbortSignal {
  handlers.get(element)?.abort();
  const handler = new AbortController();
  handlers.set(element, handler);
  return handler.signal;
}

/** The integer in an input; while it holds none, the one before. */
export function integer(element: HTMLInputElement): number {
  if (element.value !== '' && element.validity.valid) element.dataset.last = element.value;
  return Number(element.dataset.last ?? 0);
}

export function canvas(id: string): HTMLCanvasElement {
  return document.getElementById(id) as HTMLCanvasElement;
}
