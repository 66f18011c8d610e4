/** The page's form controls. */

const handlers = new WeakMap<HTMLElement, AbortController>();

/**
 * Return the input element of an id, and call `changed` on every input event. Handlers of an earlier call for the same
 * element are removed, because the views of a new model replace those of the model before it.
 */
export function input(id: string, changed: () => void): HTMLInputElement {
  const element = document.getElementById(id) as HTMLInputElement;
  element.addEventListener('input', changed, {signal: replaceHandlers(element)});
  return element;
}

/** Remove an element's handlers that were added with an earlier signal, and return the signal for new ones. */
export function replaceHandlers(element: HTMLElement): AbortSignal {
  handlers.get(element)?.abort();
  const handler = new AbortController();
  handlers.set(element, handler);
  return handler.signal;
}

/** Return the integer in an input; the last valid one while the text is not an integer in range. */
export function integer(element: HTMLInputElement): number {
  if (element.value !== '' && element.validity.valid) element.dataset.last = element.value;
  return Number(element.dataset.last ?? 0);
}

/** Return the canvas element of an id. */
export function canvas(id: string): HTMLCanvasElement {
  return document.getElementById(id) as HTMLCanvasElement;
}
