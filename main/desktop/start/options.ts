// What `npm start` is told, and what is wrong with it, in one sentence.

import { parseArgs } from 'node:util';

/** How the window is wanted. */
export interface StartOptions {
  /** The browser host, even where Electron could be. */
  readonly browser: boolean;
  /** Opens nothing: the address is printed. */
  readonly noOpen: boolean;
  /** How long Electron's binary may take to be fetched when it is not there, s. */
  readonly fetchSeconds: number;
  readonly help: boolean;
}

export const usage = `npm start -- [options]

  --browser            the window in the installed browser, not in Electron
  --no-open            open nothing: print the window's address
  --fetch-seconds N    how long Electron may take to be fetched (default 60, 0 for not at all)
  --help               this text
`;

/** Longest time that may be asked for, s. */
const fetchSecondsMax = 3600;

/** The options, or what is wrong with them. */
export function startOptions(words: readonly string[]): StartOptions | string {
  let given: Partial<Record<'browser' | 'no-open' | 'help', boolean>> & {
    'fetch-seconds'?: string;
  };
  try {
    given = parseArgs({
      args: [...words],
      options: {
        browser: { type: 'boolean' },
        'no-open': { type: 'boolean' },
        'fetch-seconds': { type: 'string' },
        help: { type: 'boolean' },
      },
    }).values;
  } catch (error) {
    // Node says the rest of it in a second sentence, for whoever wrote the program.
    const [first] = (error as Error).message.split(/\.\s|\n/);
    return `${first!.replace(/\.$/, '')}; --help lists the options.`;
  }
  const seconds = given['fetch-seconds'] ?? '60';
  if (!/^\d{1,4}$/.test(seconds) || Number(seconds) > fetchSecondsMax) {
    return `--fetch-seconds wants a whole number up to ${fetchSecondsMax}, not '${seconds}'.`;
  }
  return {
    browser: given.browser ?? false,
    noOpen: given['no-open'] ?? false,
    fetchSeconds: Number(seconds),
    help: given.help ?? false,
  };
}
