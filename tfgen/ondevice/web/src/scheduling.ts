/** Scheduling of work that follows the user's input: outdated work is skipped, and the page stays responsive. */

/**
 * Return a function that starts `work`. A call while `work` runs makes it run once more afterwards. However fast a
 * slider moves, at most one run waits, and the last one uses the last position.
 */
export function coalesce(work: () => Promise<void>): () => Promise<void> {
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

/** Milliseconds of work after which the browser may draw and handle events. */
const TIME_SLICE = 12;

/** Return a function that runs the steps of a long work one by one. A new call cancels the remaining steps. */
export function restartable(steps: () => Iterable<() => Promise<void>>): () => Promise<void> {
  let latest = 0;
  return async () => {
    const call = ++latest;
    let started = performance.now();
    for (const step of steps()) {
      if (call !== latest) return;
      await step();
      if (performance.now() - started > TIME_SLICE) {
        await new Promise((resolve) => setTimeout(resolve));
        started = performance.now();
      }
    }
  };
}
