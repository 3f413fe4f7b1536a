// Call sites of a context, taken from the JavaScript stack when it blocks. The engine's own frames
// and the event loop below the context are left out; what remains is kernel and driver code by its
// Linux names. Never called on the fast path (about 5 us).

const framePattern =
  /^\s*at (?:async )?(?:\w+\.)*?([\w$]+)(?: \[as \w+\])? \((?:file:\/\/)?(.+?):(\d+):\d+\)$/;

/** `function@file:line` of the running code, innermost first. */
export function captureStack(): readonly string[] {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 80;
  const error = new Error('stack');
  Error.stackTraceLimit = limit;
  return callSites(error);
}

/** `function@file:line` of the place where an error was made, innermost first. */
export function callSites(error: Error): readonly string[] {
  const text = error.stack ?? '';
  const frames: string[] = [];
  for (const line of text.split('\n')) {
    const match = framePattern.exec(line);
    if (match === null) continue;
    const [, name, file, at] = match;
    if (name === 'next' || file!.includes('/main/sim/') || file!.startsWith('node:')) continue;
    frames.push(`${name!}@${file!.replace(/^.*\/main\//, '')}:${at!}`);
  }
  return frames;
}
