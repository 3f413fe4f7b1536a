// The part of the fold that is about what was said: findings and reports, the series of netdev
// warnings, the looks of the hung task detector, and how each terminal stands.

import type { Applies, FoldedEvent } from './event.ts';
import type { Fold } from './fold.ts';

/** A netdev reference warning. */
export interface FoldedWarning {
  /** The reference. */
  readonly object: number;
  readonly timeNs: number;
  readonly count: number;
}

/** A terminal. */
export interface FoldedTerminal {
  /** Its shell. */
  readonly task: number;
  /** The line that runs, and since when; text 0 for none. */
  readonly line: number;
  readonly sinceNs: number;
  /** The shell has not left. */
  readonly alive: boolean;
}

function change(fold: Fold, { object }: FoldedEvent, part: Partial<FoldedTerminal>): void {
  const before = fold.terminals.get(object) ?? { task: 0, line: 0, sinceNs: 0, alive: true };
  fold.terminals.set(object, { ...before, ...part });
}

function find(fold: Fold): void {
  fold.findings = [...fold.findings, fold.seq];
}

export const toldApplies: Applies = {
  finding: find,
  oops: find,
  report: (fold) => {
    fold.reports = [...fold.reports, fold.seq];
  },
  'ref.warning': (fold, { object, value, timeNs }) => {
    fold.warnings = [...fold.warnings, { object, timeNs, count: value }];
  },
  'hung.look': (fold, { timeNs }) => {
    fold.hungLooksNs = [...fold.hungLooksNs, timeNs];
  },
  'tty.open': (fold, event) => {
    change(fold, event, { task: event.value });
  },
  'tty.run': (fold, event) => {
    change(fold, event, { line: event.value, sinceNs: event.timeNs });
  },
  'tty.done': (fold, event) => {
    change(fold, event, { line: 0, sinceNs: event.timeNs });
  },
  'tty.close': (fold, event) => {
    change(fold, event, { line: 0, sinceNs: event.timeNs, alive: false });
  },
};
