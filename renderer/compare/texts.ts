// Every English text of the comparison. The sentence and the table of differences come from the
// lab, which knows the runs.

import { groupedCount } from '../ui/numbers.ts';

export const compareTexts = {
  title: 'Compare',
  empty: 'Pick two runs.',
  pick: 'Select two in Runs with Space, then press c.',
  toRuns: 'Show Runs',
  looking: (seq: number | null): string =>
    seq === null
      ? 'looking for the first difference …'
      : `looking for the first difference … event ${groupedCount(seq)}`,
  bar: 'Both runs',
  play: 'Play',
  pause: 'Pause',
  back: 'Back one event',
  on: 'Event',
  palette: 'Command palette',
  both: 'Both runs',
  linedUp: (seq: number): string => `lined up where they part, event ${groupedCount(seq)}`,
  atStart: 'lined up at their first event',
  sameToEnd: 'the same from their first event to their last',
  lanes: (shown: number, total: number, differing: number): string =>
    shown === total
      ? `all ${groupedCount(total)} lanes, ${groupedCount(differing)} of them differ`
      : `${shown} of ${groupedCount(total)} lanes: ${groupedCount(differing)} differ`,
  partHere: 'they part here',
  start: 'start of each',
  end: 'end of both',
  before: (seq: number): string => `the same in both, ${groupedCount(seq)} events`,
  rows: (a: string, b: string): readonly [string, string] => [
    `${a}, upper rows`,
    `${b}, lower rows`,
  ],
  differs: 'What differs',
  matter: (rows: number, following: number): string =>
    `${rows} differences that matter, ${groupedCount(following)} that follow from them`,
  notHeld: 'another model: not held against each other',
  nothingDiffers: 'nothing',
  columns: { after: 'after', who: 'who' },
  next: 'Next difference',
  swap: 'Swap',
  and: 'and',
  seed: (seed: number | null): string => (seed === null ? '' : ` seed ${seed}`),
  footer: 'cursor follows in both',
  base: (scale: 'time' | 'events', equal: boolean): string =>
    `${scale === 'time' ? 'time' : 'event'} base: each run ` +
    (equal ? 'from its end' : 'since they parted'),
  kept: (side: string, events: number, bytes: number | null): string =>
    `${side}: ${groupedCount(events)} events` +
    (bytes === null ? '' : `, kept ${(bytes / 1e6).toFixed(1)} MB`),
  whole: 'both chains whole',
  port: (number: number): string => `port ${number}`,
  led: (port: number, up: boolean): string => `Port ${port} link LED, ${up ? 'steady' : 'off'}.`,
  since: 'since they parted',
  fromEnd: 'from their end',
  eventsSince: 'events since then',
  event: 'ev.',
  byTime: 'By time',
  byEvents: 'By events',
  eventSpeed: '1× is 1 000 events a second',
  find: 'find',
  findHint: 'Find in both runs: text, obj:intf_mutex, kind:dev_hold, took>1ms; Enter walks',
  hits: ({ a, b }: { readonly a: number; readonly b: number }): string =>
    a + b === 0 ? 'nothing found' : `${groupedCount(a)} and ${groupedCount(b)} found`,
  grid: (a: string, b: string): string => `Lanes of ${a} and ${b}`,
  bothNames: (a: string, b: string): string => `${a}, there ${b}`,
  laneDiffers: 'differs',
  laneSame: 'the same in both',
  nothingThere: 'nothing',
  sinceCell: (when: string): string => `since ${when}`,
  untilCell: (when: string): string => `until ${when}`,
  untilEnd: 'to the end',
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
