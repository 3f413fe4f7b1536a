// Global set-up of vitest: the window is built once, before two test files could do it at the same
// time.

import { rendererFolder } from '#desktop/renderer-build.ts';

/** Builds it when it is old. */
export async function setup(): Promise<void> {
  await rendererFolder();
}
