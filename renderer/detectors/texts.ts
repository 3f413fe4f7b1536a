// All words of the board of detectors: names, short names, and the rule that each follows.

import type { Detector } from '#contract/waits.ts';

type Name = Detector['name'];

export const texts = {
  title: 'Detectors',
  rule: 'Rule',
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
    hungTask: 'hung task',
    mightSleep: 'might_sleep',
    oops: 'oops',
  } satisfies Record<Name, string>,
  rules: {
    graph:
      'Every wait is looked at the moment it begins: when a set of waiters can only be released by each other, that is a deadlock.',
    netdevReference:
      'A task that unregisters a netdev prints its usage count every 10 s while others hold it. It tells how many, not whose.',
    hungTask:
      'A task in state D is told of when it has not been switched for the whole limit. A task that wakes to look again is never told of.',
    mightSleep: 'A call that may sleep is told of when it is made where sleeping is not allowed.',
    oops: 'Touching freed memory or a removed list link is told of when it happens.',
  } satisfies Record<Name, string>,
  series: (first: number, last: number): string => `usage count ${first} → ${last}`,
} as const;
