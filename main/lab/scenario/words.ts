// The closed sets of words that scenario files use.

/** How a run can end (design section 6). */
export const outcomes = [
  'settled',
  'deadlock',
  'hung',
  'oops',
  'checkFailed',
  'stepLimit',
  'diverged',
  'timeOut',
] as const;

/** How a run ended. */
export type Outcome = (typeof outcomes)[number];

/** Kinds of finding that a check may ask for. */
export const findingKinds = [
  'deadlock',
  'hung',
  'oops',
  'atomicSleep',
  'netdevReference',
  'warning',
] as const;

/** Terminals that a script may use. */
export const terminals = ['main', 'second', 'third'] as const;

/** Named fault switches of card and cables (device/faults.ts, fabric/faults.ts). */
export const faultNames = [
  'slowCommand',
  'holdCommand',
  'failCommand',
  'dropCommand',
  'dropInterrupt',
  'catastrophic',
  'portFlap',
] as const;

/** Name of a fault switch. */
export type FaultName = (typeof faultNames)[number];
