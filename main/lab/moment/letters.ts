// Letters of tasks and locks (ui.md section 4). Tasks: A … Z, AA, AB …. Locks: two letters; the six
// that the story names have theirs, every other one takes the first letters of its words, and on a
// clash the next letter that is free.

import type { Trace } from '#trace/trace.ts';

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';

/** A for 0, Z for 25, AA for 26. */
export function taskLetter(index: number): string {
  const rest = Math.floor(index / 26) - 1;
  return `${rest < 0 ? '' : taskLetter(rest)}${alphabet[index % 26]!}`;
}

/** Locks with letters of their own; the name ends where its `(card0)` begins. */
const fixed: ReadonlyMap<string, string> = new Map([
  ['set_port_type_mutex', 'SM'],
  ['port_mutex', 'PM'],
  ['intf_mutex', 'IM'],
  ['device_lock(mlx4_core.eth.0)', 'DL'],
  ['rtnl_mutex', 'RT'],
  ['bond_mutex', 'BM'],
]);

/** The letters of the six, or undefined. */
export const fixedLetters = (name: string): string | undefined =>
  fixed.get(name) ?? fixed.get(name.split('(')[0] ?? '');

/** Letters that a name asks for, the best first. */
function* wishes(name: string): Generator<string, void, void> {
  const words = name.toUpperCase().match(/[A-Z]+/g) ?? ['X'];
  const first = words[0][0]!;
  const second = words[1]?.[0] ?? words[0][1] ?? 'X';
  const start = alphabet.indexOf(second);
  for (let i = 0; i < 26; i++) yield first + alphabet[(start + i) % 26]!;
  for (const one of alphabet) for (const two of alphabet) yield one + two;
}

/** Gives letters to locks in the order in which they come up. */
export class LockLetters {
  private readonly trace: Trace;
  private readonly byLock = new Map<number, string>();
  private readonly taken = new Set<string>(fixed.values());

  constructor(trace: Trace) {
    this.trace = trace;
  }

  /** A lock is wanted or taken. */
  see(object: number): void {
    if (this.byLock.has(object)) return;
    const name = this.trace.text(object);
    const letters = this.ownLetters(name);
    this.taken.add(letters);
    this.byLock.set(object, letters);
  }

  /** A second lock of a fixed name (another card's) has to look for others. */
  private ownLetters(name: string): string {
    const own = fixedLetters(name);
    if (own !== undefined && ![...this.byLock.values()].includes(own)) return own;
    for (const wish of wishes(name)) if (!this.taken.has(wish)) return wish;
    return '??';
  }

  of(object: number): string {
    return this.byLock.get(object) ?? '';
  }
}
