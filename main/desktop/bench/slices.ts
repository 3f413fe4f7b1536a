// Long work in the lab's own process is done in slices, so that messages and windows are served in
// between.

/** Longest that a slice keeps the thread, ms. */
export const sliceMs = 8;

const nextTurn = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

/** Takes steps as long as there are more; `onSlice` is told after each slice. */
export async function inSlices(step: () => boolean, onSlice: () => void): Promise<void> {
  for (let more = true; more;) {
    const endMs = performance.now() + sliceMs;
    while (more && performance.now() < endMs) more = step();
    onSlice();
    await nextTurn();
  }
}
