// The tabs over the terminals: one for each terminal of the machine and those that were opened and
// have not been typed into, then the lists. How a terminal stands is one word and one colour.

import type { Moment } from '../state/session.svelte.ts';
import { terminalTexts } from './texts.ts';

/** A terminal at the cursor. */
export type TerminalRow = Moment['terminals'][number];

/** The lists beside the terminals. */
export const listNames = ['dmesg', 'firmware', 'packets', 'tasks'] as const;
export type ListName = (typeof listNames)[number];

/** How a terminal stands: nothing to say, alive beside one that hangs, hangs, hangs for ever. */
export type Standing = 'quiet' | 'alive' | 'hangs' | 'cycle' | 'left';

/** A tab. */
export interface Tab {
  /** Unique, also between terminals and lists. */
  readonly id: string;
  readonly label: string;
  /** The terminal, or null for a list. */
  readonly terminal: string | null;
  readonly list: ListName | null;
  readonly standing: Standing;
  /** Beside the label; empty for none. */
  readonly badge: string;
}

/** Time that a terminal waits before its tab says so, ns. */
export const hangsAfterNs = 2e9;

/** Name of the terminal that every machine has. */
export const firstTerminal = 'main';

/** Name of the next terminal that a person opens. */
export function nextTerminal(names: readonly string[]): string {
  let number = names.length + 1;
  while (names.includes(`tty${number}`)) number++;
  return `tty${number}`;
}

/** How a terminal stands, by itself. */
function standingOf({ waitsSinceNs, inCycle, alive }: TerminalRow, timeNs: number): Standing {
  if (!alive) return 'left';
  if (waitsSinceNs === null || timeNs - waitsSinceNs < hangsAfterNs) return 'quiet';
  return inCycle ? 'cycle' : 'hangs';
}

function badgeOf(row: TerminalRow, standing: Standing, timeNs: number): string {
  if (standing === 'hangs' || standing === 'cycle') {
    return terminalTexts.hangs(timeNs - (row.waitsSinceNs ?? timeNs));
  }
  if (standing === 'alive') return terminalTexts.alive;
  return standing === 'left' ? terminalTexts.left : '';
}

/** Tabs of the machine's terminals and of those that only the window has opened. */
export function tabsOf(
  rows: readonly TerminalRow[],
  opened: readonly string[],
  timeNs: number,
): Tab[] {
  const names = rows.map(({ name }) => name);
  const fresh = [...new Set([...(rows.length === 0 ? [firstTerminal] : []), ...opened])]
    .filter((name) => !names.includes(name))
    .map((name) => ({ name, line: null, waitsSinceNs: null, inCycle: false, alive: true }));
  const all = [...rows, ...fresh.map((row, at) => ({ ...row, label: `${rows.length + at + 1}` }))];
  const own = all.map((row) => standingOf(row, timeNs));
  const oneHangs = own.some((standing) => standing === 'hangs' || standing === 'cycle');
  const terminals = all.map((row, at): Tab => {
    const standing = own[at] === 'quiet' && oneHangs ? 'alive' : own[at]!;
    const badge = badgeOf(row, standing, timeNs);
    return {
      id: `tty ${row.name}`,
      label: row.label,
      terminal: row.name,
      list: null,
      standing,
      badge,
    };
  });
  const lists = listNames.map((list): Tab => ({
    id: list,
    label: terminalTexts[list],
    terminal: null,
    list,
    standing: 'quiet',
    badge: '',
  }));
  return [...terminals, ...lists];
}
