// The words of the waits: what stands in the drawing, and the list that says the same.
// Sentences about the machine come from the lab in phrases.

import { groupedCount, secondsText } from '../ui/numbers.ts';

export const texts = {
  title: 'Waits',
  atRest: 'at rest',
  building: 'building …',
  columns: ['Tasks', 'Locks', 'References, works, queues'],
  waitingColumns: ['Holders', 'What they hold', 'Waiters'],
  allObjects: 'All objects',
  inPlay: 'In play',
  fill: 'Fill the view',
  nothing: 'Nothing here yet. Press Run.',
  each: 'Each can only be released by the next.',
  closed: (timeNs: number, seq: number): string =>
    `closed at ${secondsText(timeNs)}, event ${groupedCount(seq)}`,
  waitCount: (waits: number): string => (waits === 1 ? 'one wait' : `${waits} waits`),
  noCycle: 'no cycle',
  cycles: (cycles: number, tasks: number): string =>
    `${cycles === 1 ? 'one cycle' : `${cycles} cycles`}, ${tasks} tasks in it`,
  ended: 'it was ended since',
  alsoHolds: 'also holds',
  behind: (count: number): string =>
    count === 0 ? 'nobody outside the cycle waits' : `${count} wait behind it`,
  more: (count: number): string => `${count} more`,
  refs: (count: number, needs: number): string => `${groupedCount(count)} refs, needs ${needs}`,
  queued: (count: number): string => `+${groupedCount(count)} queued`,
  list: 'The waits as a list',
  step: (number: number, of: number): string => `${number} of ${of}`,
  since: (timeNs: number): string => `since ${secondsText(timeNs)}`,
  failed: 'The graph could not be drawn. The list is below.',
  which: (at: number, of: number): string => `${at} of ${of}`,
} as const;
