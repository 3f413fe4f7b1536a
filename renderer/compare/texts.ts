// Every English text of the comparison. The sentence and the table of differences come from the
// lab, which knows the runs.

import { groupedCount } from '../ui/numbers.ts';

export const compareTexts = {
  title: 'Compare',
  empty: 'Pick two runs.',
  pick: 'Select two in Runs with Space, then press c.',
  looking: 'looking for the first difference …',
  both: 'Both runs',
  linedUp: (seq: number): string => `lined up where they part, event ${groupedCount(seq)}`,
  atStart: 'lined up at their first event',
  lanes: (shown: number, differing: number, total: number): string =>
    `${shown} of ${groupedCount(differing)} lanes that differ, ${groupedCount(total)} in all`,
  partHere: 'they part here',
  before: 'before, once for both',
  rows: (a: string, b: string): readonly [string, string] => [
    `${a}, upper rows`,
    `${b}, lower rows`,
  ],
  differs: 'What differs',
  matter: (rows: number, following: number): string =>
    `${rows} differences that matter, ${groupedCount(following)} that follow from them`,
  columns: { after: 'after', who: 'who' },
  next: 'Next difference',
  swap: 'Swap',
  and: 'and',
  seed: (seed: number | null): string => (seed === null ? '' : ` seed ${seed}`),
  footer: 'cursor follows in both',
  base: 'time base: each run since they parted',
  kept: (side: string, events: number): string => `${side}: ${groupedCount(events)} events`,
  port: (number: number): string => `port ${number}`,
  led: (port: number, up: boolean): string => `Port ${port} link LED, ${up ? 'steady' : 'off'}.`,
  since: 'since they parted',
  machine: (side: string): string => `${side} at the cursor`,
  state: {
    runs: 'runs',
    sleeps: 'sleeps',
    ended: 'is not there',
    canRun: 'can run',
    waits: (what: string): string => `waits for ${what}`,
    holds: (count: number): string => `holds ${count} ${count === 1 ? 'lock' : 'locks'}`,
    free: 'free',
    heldBy: (task: string): string => `held by ${task}`,
    count: (name: string, count: number): string =>
      `${name}: ${count} ${count === 1 ? 'reference' : 'references'}`,
    gone: (name: string): string => `${name}: not there`,
  },
} as const;
