// Lines for one guest or several: `@card1 ping -c 2 10.0.0.2` goes to the guest with card1, and
// `@card1` alone sends all that follows there. Without that a line goes to the first one. A name
// that is none is found before a script begins.

import { cardNames, guestsMax } from '#guest/names.ts';
import { BadFile } from './bad-file.ts';

/** A line, and whom it is for. */
export interface GuestLine {
  /** Position of the guest. */
  readonly guest: number;
  /** Without the name; empty for a line that was nothing but a name. */
  readonly line: string;
}

/** `there is card0 alone`, `there are card0 and card1`. */
function guestsText(count: number): string {
  const names = cardNames(count);
  if (count === 1) return `there is ${names[0]} alone`;
  return `there are ${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}

/** How a guest comes to be there that is not, or nothing. */
function mendOf(name: string, count: number): string {
  const wanted = cardNames(guestsMax).indexOf(name);
  return wanted < count ? '' : ` (--guests ${wanted + 1} makes it)`;
}

/** Lines of one session: it remembers where they go. */
export class GuestLines {
  /** Position of the guest that lines without a name are for. */
  current = 0;
  private readonly count: number;

  /** `count`: guests that there are. */
  constructor(count: number) {
    this.count = count;
  }

  /** A line as it was written; a text says what is wrong with it. */
  take(text: string): GuestLine | string {
    const match = /^\s*@(\S*)\s*(.*)$/.exec(text);
    if (match === null) return { guest: this.current, line: text };
    const [, name = '', rest = ''] = match;
    const guest = cardNames(this.count).indexOf(name);
    if (guest < 0) {
      return `@${name} is no guest: ${guestsText(this.count)}${mendOf(name, this.count)}`;
    }
    const line = rest.startsWith('#') ? '' : rest;
    if (line === '') this.current = guest;
    return { guest, line };
  }
}

/**
 * The lines of a script that are to be run: no comments, no empty ones, none that only says where
 * the next ones go. `name`: what the script is called. Throws BadFile with every mistake.
 */
export function scriptLines(script: string, count: number, name: string): GuestLine[] {
  const lines = new GuestLines(count);
  const mistakes: string[] = [];
  const taken = script.split('\n').flatMap((text, at) => {
    if (!/^\s*[^\s#]/.test(text)) return [];
    const line = lines.take(text);
    if (typeof line !== 'string') return line.line === '' ? [] : [line];
    mistakes.push(`${name}:${at + 1}: ${line}`);
    return [];
  });
  if (mistakes.length > 0) throw new BadFile(mistakes.join('\n'));
  return taken;
}
