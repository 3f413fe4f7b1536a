// Call sites of a context, taken from the JavaScript stack. Frames of engine and wait graph are
// left out, and everything below the frame that lets the context run: what remains is kernel and
// driver code by its Linux names. Slow (some 25 us): for reports only, never on the fast path.

const framePattern =
  /^\s*at (?:async )?(?:\w+\.)*?([\w$]+)(?: \[as \w+\])? \((?:file:\/\/)?(.+?):(\d+):\d+\)$/;

/** Functions of this folder that let a context run: the stack ends there. */
const bottoms: ReadonlySet<string> = new Set(['resumeBody', 'askForStack']);

/**
 * What stands above main/ in a path. Folders of the driver are called main, too, so the one that is
 * meant is known by what is in it.
 */
const aboveMain = /^.*\/main\/(?=(?:kernel|driver|lab|cli|desktop)\/)/;

/** Frames that a capture looks at; two for each generator. */
const framesMax = 200;

/** `function@file:line` of the running code, innermost first. */
export function captureStack(): readonly string[] {
  return withFullStacks(() => callSites(new Error('stack')));
}

/** The place of the running code. Cheap: it is spelled by callSites() when somebody asks. */
export const placeHere = (): Error => withFullStacks(() => new Error('place'));

/** Runs `fn` with errors that remember their whole stack. */
export function withFullStacks<T>(fn: () => T): T {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = framesMax;
  try {
    return fn();
  } finally {
    Error.stackTraceLimit = limit;
  }
}

/** `function@file:line` of the place where an error was made, innermost first. */
export function callSites(error: Error): readonly string[] {
  const text = error.stack ?? '';
  const frames: string[] = [];
  for (const line of text.split('\n')) {
    const match = framePattern.exec(line);
    if (match === null) continue;
    const [, name = '', file = '', at] = match;
    const isEngine = file.includes('/main/sim/');
    if (isEngine && bottoms.has(name)) break;
    const isGraph = file.includes('/main/detect/');
    if (isEngine || isGraph || name === 'next' || file.startsWith('node:')) continue;
    // The installed program is the source with its types blanked out: its places are the same.
    const place = file.replace(aboveMain, '').replace(/\.js$/, '.ts');
    frames.push(`${name}@${place}:${at!}`);
  }
  return frames;
}
