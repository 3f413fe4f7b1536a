// All words of the board of detectors: names, short
// names, and the rule that each follows.

import type { Detector } from '#contract/waits.ts';

type Name = Detector['name'];

export const texts = {
  title: 'Detectors',
  none: 'They look into the lab’s kernel. Linux itself reports in dmesg.',
  noneShort: 'none: Linux itself reports in dmesg',
  rule: 'Rule',
  printed: 'What the kernel printed last',
  nothingPrinted: {
    graph: 'It is the lab’s own: the kernel prints nothing of it.',
    others: 'The kernel has printed nothing of it.',
  },
  names: {
    graph: 'Wait graph',
    netdevReference: 'netdev warning',
    hungTask: 'Hung task',
    mightSleep: 'might_sleep',
    oops: 'oops',
  } satisfies Record<Name, string>,
  short: {
    graph: 'graph',
    netdevReference: 'netdev',
    hungTask: 'hung',
    mightSleep: 'might_sleep',
    oops: 'oops',
  } satisfies Record<Name, string>,
  rules: {
    graph:
      'Looks at every wait the moment it begins. Waiters that can only be released by each ' +
      'other are a deadlock.',
    netdevReference:
      'While others hold a netdev that is being unregistered, its usage count is printed ' +
      'every 10 s: how many, not whose.',
    hungTask:
      'Tells of a task in state D that was not switched for the whole limit; never of one that ' +
      'wakes to look again.',
    mightSleep: 'A call that may sleep is told of when it is made where sleeping is not allowed.',
    oops: 'Touching freed memory or a removed list link is told of when it happens.',
  } satisfies Record<Name, string>,
  series: (first: number, last: number): string => `usage count ${first} → ${last}`,
} as const;
