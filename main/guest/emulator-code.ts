// The emulator's own code, compiled to run fast. V8 would begin with its quick compiler and let the
// optimising one follow, for the emulator as for every piece of guest code that it turns into
// WebAssembly while it runs. Those pieces live for a moment: a second processor was busy with them
// all the time, and a guest waited for it on a machine that had none to spare. So the emulator
// itself is optimised before it starts (about a second, once in a process), and what it makes is
// left as the quick compiler gives it: modules load in half the time, and frames go twice as fast.
// The settings are V8's, by name, and of the whole process: nothing else in it runs WebAssembly for
// long. A V8 that does not know them would say so on its error output, and be slower, no more.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { setFlagsFromString } from 'node:v8';

const file = createRequire(import.meta.url).resolve('v86/build/v86.wasm');

/** Everything at once, by the optimising compiler alone; its inlining takes as long as all else. */
const optimised = ['--no-liftoff', '--no-wasm-lazy-compilation', '--no-wasm-inlining'];
/** By the quick compiler alone, for good. */
const quick = ['--liftoff', '--liftoff-only', '--no-wasm-tier-up', '--no-wasm-dynamic-tiering'];

/**
 * Compiled before this returns, for whatever else were compiled meanwhile would be so, too. V8
 * knows the code again when a second guest asks for it.
 */
function compile(): WebAssembly.Module {
  optimised.forEach(setFlagsFromString);
  try {
    return new WebAssembly.Module(readFileSync(file));
  } finally {
    quick.forEach(setFlagsFromString);
  }
}

/** What v86 wants of its `wasm_fn`: the emulator's functions, linked with what it is given. */
export function emulatorCode(imports: WebAssembly.Imports): Promise<WebAssembly.Exports> {
  return Promise.resolve(new WebAssembly.Instance(compile(), imports).exports);
}
