// All words of the graph of the waits, of its list and of
// its shelf.

import type { Edge, Thing } from '#contract/waits.ts';
import type { TaskLook } from '../ui/glyphs/looks.ts';

const counts = ['no', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine'];

const counted = (count: number, one: string): string =>
  `${counts[count] ?? String(count)} ${one}${count === 1 ? '' : 's'}`;

export const texts = {
  title: 'Waits',
  /** Each from the longest to the shortest. */
  columns: [
    ['Tasks'],
    ['Locks'],
    ['References, works, queues', 'References, queues', 'References'],
  ],
  allObjects: 'All objects',
  graph: 'Graph of the waits',
  list: 'The waits in order',
  notDrawn: 'The graph could not be drawn. The list is below.',
  loading: 'building …',
  /** In one line or in two. */
  released: ['Each can only be released', 'by the next.'],
  nobodyWaits: 'nobody outside the cycle waits',
  alsoHolds: 'also holds',
  previousCycle: 'Previous cycle',
  nextCycle: 'Next cycle',
  atRest: 'at rest',
  nothingWaits: 'Nothing waits.',
  kinds: {
    task: 'task',
    lock: 'lock',
    reference: 'reference',
    work: 'work',
    queue: 'queue',
    flush: 'flush',
    completion: 'completion',
    notifier: 'notifier chain',
    cpu: 'CPU',
  } satisfies Record<Thing['kind'], string>,
  relations: {
    holds: 'holds',
    waitsFor: 'waits for',
    runs: 'runs',
    queuedOn: 'is queued on',
  } satisfies Record<Edge['relation'], string>,
  states: {
    running: 'runs',
    canRun: 'can run',
    waits: 'waits',
    sleeps: 'sleeps',
    ended: 'has ended',
    free: 'is free',
    held: 'is held',
    queued: 'is queued',
    executed: 'is run',
  } satisfies Record<Thing['state'], string>,
  legend: {
    title: 'Legend',
    tasks: {
      name: 'a task by its letter',
      runs: 'a task that runs',
      canRun: 'can run',
      waits: 'waits',
      sleeps: 'sleeps or is idle',
      cycle: 'waits in a cycle',
      ended: 'has ended',
    } satisfies Record<TaskLook, string>,
    held: 'a lock that is held',
    free: 'a lock that is free',
    reference: 'a reference and its count',
    work: 'a work item',
    queue: 'a queue, the next at the right',
    signs: {
      flush: 'a flush',
      completion: 'a completion',
      timer: 'a timer',
      notifier: 'a notifier chain',
    },
    lines: {
      holds: 'holds, with a dot at what is held',
      waitsFor: 'waits for',
      runs: 'runs',
      queuedOn: 'is queued on',
      cycle: 'waits, and cannot end',
    },
  },
  more: (count: number, inUse: number): string =>
    `${count} more, ${inUse === 0 ? 'all free' : `${inUse} in use`}`,
  moreHidden: (count: number): string => `${count} more`,
  ofCycles: (at: number, count: number): string => `${at} of ${count}`,
  behind: (count: number): string =>
    count === 1 ? '1 waits behind it' : `${count} wait behind it`,
  waits: (count: number): string => `${counted(count, 'wait')}, no cycle`,
  cycles: (count: number, tasks: number): string =>
    `${counted(count, 'cycle')}, ${counted(tasks, 'task')} in ${count === 1 ? 'it' : 'them'}`,
  /** The second line of a member of a cycle. */
  heldSince: (who: string, time: string): string => `held by ${who} since ${time}`,
  refs: (count: number, needs: number): string => `${count} refs, needs ${needs}`,
  moreQueued: (count: number): string => `+${count} queued`,
  closed: (time: string, event: string): string => `closed at ${time}, event ${event}`,
  cycleOf: (count: number): string => `Cycle of ${count}.`,
  goWait: 'Enter twice: when it began.',
  goTaken: (who: string): string => `Enter twice: when ${who} took it.`,
  select: 'Enter: select.',
} as const;
