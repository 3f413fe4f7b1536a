// printf: the format is used again until the words are used up (XCU printf). Left out: `*` widths,
// floating point forms other than f.

import type { MaySleep } from '#sim/task.ts';
import type { Command } from '../state.ts';
import { complain, unescapeText, writeOut } from './builtin.ts';

const directive = /%(?:%|([-+ 0#]*)(\d*)(?:\.(\d+))?([diouxXcsbf]))/g;

/** An integer as C reads one: decimal, 0x, 0; null for anything else. */
function integerOf(word: string): number | null {
  const match = /^([-+]?)(0[xX][0-9a-fA-F]+|\d+)$/.exec(word.trim());
  if (match === null) return null;
  const octal = /^0[0-7]+$/.test(match[2]!);
  const value = octal ? Number.parseInt(match[2]!, 8) : Number(match[2]);
  return match[1] === '-' ? -value : value;
}

function digitsOf(kind: string, value: number, precision: number | undefined): string {
  if (kind === 'f') return value.toFixed(precision ?? 6);
  const base = kind === 'o' ? 8 : kind === 'x' || kind === 'X' ? 16 : 10;
  const text = Math.abs(value)
    .toString(base)
    .padStart(precision ?? 1, '0');
  const sign = value < 0 ? '-' : '';
  return kind === 'X' ? sign + text.toUpperCase() : sign + text;
}

function padded(text: string, flags: string, width: number, zero: boolean): string {
  if (flags.includes('-')) return text.padEnd(width);
  if (!zero) return text.padStart(width);
  const sign = /^[-+ ]/.exec(text)?.[0] ?? '';
  return sign + text.slice(sign.length).padStart(width - sign.length, '0');
}

/** One pass over the format. */
class Pass {
  used = 0;
  readonly errors: string[] = [];
  private readonly words: readonly string[];

  constructor(words: readonly string[]) {
    this.words = words;
  }

  text(format: string): string {
    return unescapeText(format).replace(
      directive,
      (_whole, flags?: string, width?: string, precision?: string, kind?: string) => {
        if (kind === undefined || flags === undefined) return '%';
        const places = precision === undefined ? undefined : Number(precision);
        return this.directive(kind, flags, Number(width ?? '0'), places);
      },
    );
  }

  private directive(kind: string, flags: string, width: number, places?: number): string {
    const word = this.words[this.used++] ?? '';
    if (kind === 's' || kind === 'b' || kind === 'c') {
      const whole = kind === 'b' ? unescapeText(word) : kind === 'c' ? word.slice(0, 1) : word;
      return padded(whole.slice(0, places), flags, width, false);
    }
    const value = word === '' ? 0 : kind === 'f' ? Number(word) : integerOf(word);
    if (value === null || Number.isNaN(value)) {
      this.errors.push(`${word}: expected numeric value`);
    }
    const number = value === null || Number.isNaN(value) ? 0 : value;
    const plus = number >= 0 && flags.includes('+') ? '+' : '';
    const text = plus + digitsOf(kind, number, places);
    return padded(text, flags, width, flags.includes('0') && places === undefined);
  }
}

export const printf: Command = {
  name: 'printf',
  summary: 'print words in a format',
  builtin: true,
  *run(process, args): MaySleep<number> {
    const [format, ...words] = args;
    if (format === undefined) return yield* complain(process, 'usage: printf format [arg ...]', 2);
    let text = '';
    let rest = words;
    const errors: string[] = [];
    do {
      const pass = new Pass(rest);
      text += pass.text(format);
      errors.push(...pass.errors);
      if (pass.used === 0) break;
      rest = rest.slice(pass.used);
    } while (rest.length > 0);
    const status = yield* writeOut(process, text);
    for (const error of errors) yield* complain(process, error);
    return errors.length > 0 ? 1 : status;
  },
};
