// What happens in a stretch of time, in numbers that a person can place: all events, and of some
// kinds how many. A look at every event of the stretch: a byte each.

import { K, kindTable } from '#trace/kinds.ts';
import type { Trace } from '#trace/trace.ts';
import { pieces } from '../record/piece.ts';
import { seqAtTime } from '../replay/moment.ts';

/** What is counted, by the kinds that tell of it. */
const counted = {
  switches: [K['task.switch']],
  locks: [K['mutex.acquired'], K['rwsem.acquired'], K['sem.acquired']],
  works: [K['work.start']],
  commands: [K['fw.command']],
  packets: [K['packet.send'], K['packet.receive']],
} as const satisfies Readonly<Record<string, readonly number[]>>;

/** Counts of a stretch. */
export interface Census extends Readonly<Record<keyof typeof counted, number>> {
  /** All of them. */
  readonly events: number;
}

/** Counts the events from one time up to another. */
export function census(trace: Trace, fromNs: number, toNs: number): Census {
  const [from, to] = [seqAtTime(trace, fromNs), seqAtTime(trace, toNs)];
  const byKind = new Uint32Array(kindTable.length);
  for (const { count, u8 } of pieces(trace, from, to)) {
    for (let at = 0; at < count; at++) {
      const kind = u8[at * 24 + 22]!;
      byKind[kind] = byKind[kind]! + 1;
    }
  }
  const of = (name: keyof typeof counted): number =>
    counted[name].reduce((sum: number, kind) => sum + byKind[kind]!, 0);
  return {
    events: Math.max(0, to - from),
    switches: of('switches'),
    locks: of('locks'),
    works: of('works'),
    commands: of('commands'),
    packets: of('packets'),
  };
}
