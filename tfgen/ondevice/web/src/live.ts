/** Work that follows a hand: the last request counts, and the page stays awake meanwhile. */

/**
 * A function that starts `work`, or, while it runs, has it started once more when it is done: however fast a slider
 * moves, at most one request waits, and the last position is always the one that is shown.
 */
export function live(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  let again = false;
  return () => {
    if (running) {
      again = true;
      return running;
    }
    running = (async () => {
      do {
        again = false;
        await work();
      } while (again);
    })().finally(() => (running = undefined));
    return running;
  };
}

/** Milliseconds of work after which the browser gets a turn to draw and to listen. */
const TURN = 12;

/**
 * A function that runs the steps of a long work, and gives up the ones that are left when it is called again.
 */
export function background(steps: () => Iterable<() => Promise<void>>): () => Promise<void> {
  let current = 0;
  return async () => {
    const mine = ++current;
    let started = performance.now();
    for (const step of steps()) {
      if (mine !== current) return;
      await step();
      if (performance.now() - started > TURN) {
        await new Promise((resolve) => setTimeout(resolve));
        started = performance.now();
      }
    }
  };
}
