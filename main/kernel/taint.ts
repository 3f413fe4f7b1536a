// What spoils trust in a kernel, in letters (kernel/panic.c): print_tainted() and the bit mask of
// /proc/sys/kernel/tainted. Modules built for a test bring O and E (facts/driver 7.2b), an oops D,
// a warning W, a memory error B. 6.12 adds a second line with words.

import type { Kernel } from './kernel.ts';

/** Letters by bit; a blank in the text where the bit is clear. */
const letters: readonly string[] = Array.from('PFSRMBUDAWCIOELKXTN');

const words: Readonly<Record<string, string>> = {
  B: 'BAD_PAGE',
  D: 'DIE',
  W: 'WARN',
  O: 'OOT_MODULE',
  E: 'UNSIGNED_MODULE',
};

/** Letters of what has happened, besides those of modules (Kernel.taint). */
export type TaintLetter = 'B' | 'D' | 'W';

export function add_taint(k: Kernel, letter: TaintLetter): void {
  k.taints.add(letter);
}

const has = (k: Kernel, letter: string): boolean =>
  k.taint.includes(letter) || k.taints.has(letter as TaintLetter);

export const test_taint = (k: Kernel, letter: TaintLetter): boolean => has(k, letter);

const isTainted = (k: Kernel): boolean => k.taint !== '' || k.taints.size > 0;

/** `Not tainted`, or `Tainted: G        W  OE     ` with a column for each letter. */
export function print_tainted(k: Kernel): string {
  if (!isTainted(k)) return 'Not tainted';
  const columns = letters.slice(1).map((letter) => (has(k, letter) ? letter : ' '));
  return `Tainted: G${columns.join('')}`;
}

/** `Tainted: [O]=OOT_MODULE, [E]=UNSIGNED_MODULE`; empty when not tainted. */
export function print_tainted_verbose(k: Kernel): string {
  if (!isTainted(k)) return '';
  const set = letters.filter((letter) => has(k, letter));
  return `Tainted: ${set.map((letter) => `[${letter}]=${words[letter] ?? letter}`).join(', ')}`;
}

/** The mask that /proc/sys/kernel/tainted shows. */
export const get_taint = (k: Kernel): number =>
  letters.reduce((mask, letter, bit) => mask + (has(k, letter) ? 2 ** bit : 0), 0);
