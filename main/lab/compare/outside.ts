// A comparison in which one run, or both, is of Linux itself. Of its tasks, locks and references
// nothing is seen, and its time is a computer's; what the card was asked, what the log says and
// what the wires carried is there in both, and is what is told.

import type { Both, Step } from './both.ts';
import type { Comparison } from './compare.ts';
import type { DifferenceRow } from './difference-rows.ts';

/** What is said instead of a parting step. */
export const outsideSaid =
  'Linux itself shows nothing of its tasks and locks: what the card was asked, what the log says ' +
  'and what the wires carried is held side by side.';

const nothing = 'not sent';

/** Firmware commands that only one of them has sent, in the order of time. */
export function outsideRows({ commands }: Comparison): DifferenceRow[] {
  const row = ({ timeNs, seq, said, times }: Step, side: keyof Both<string>): DifferenceRow => {
    const often = times === 1 ? said : `${said}, ${times} times`;
    const told = { a: nothing, b: nothing, [side]: often };
    return { afterNs: timeNs, afterEvents: seq, who: 'firmware', said: told };
  };
  return [
    ...commands.only.a.first.map((step) => row(step, 'a')),
    ...commands.only.b.first.map((step) => row(step, 'b')),
  ].sort((one, other) => one.afterNs - other.afterNs);
}
