// Which waits are for a lock: contention_begin and contention_end of a run, from the attempt, the
// wait that followed, and the moment of getting it. A wait that a signal ended has no end here, as
// the trace does not tell it.

import { K } from '#trace/kinds.ts';
import type { Trace, TraceEvent } from '#trace/trace.ts';

/** Attempts to get a lock, with the flags of contention_begin. */
const attempts: ReadonlyMap<number, string> = new Map([
  [K['mutex.lock'], 'MUTEX'],
  [K['rwsem.read'], 'READ'],
  [K['rwsem.write'], 'WRITE'],
  [K['spin.lock'], 'SPIN'],
  [K['sem.down'], ''],
]);

/** Numbers of the locks that somebody tried to get, in the order of the first attempts. */
export function locksOf(trace: Trace): ReadonlySet<number> {
  const locks = new Set<number>();
  for (const { kind, object } of trace.events()) if (attempts.has(kind)) locks.add(object);
  return locks;
}

/** Follows the attempts of every context. */
export class FtraceLocks {
  /** Lock and flags of the last attempt, by task. */
  private readonly asked: (number | undefined)[] = [];
  private readonly flags: string[] = [];
  /** The lock that a task waits for, by task. */
  private readonly contended: (number | undefined)[] = [];

  /** An attempt to get a lock. */
  asks({ kind, task, object }: TraceEvent): void {
    this.asked[task] = object;
    this.flags[task] = attempts.get(kind)!;
    this.contended[task] = undefined;
  }

  /** Flags of the contention that begins with this wait; undefined when none does. */
  begins({ task, object }: TraceEvent): string | undefined {
    if (object === 0 || this.asked[task] !== object) return undefined;
    if (this.contended[task] === object) return undefined;
    this.contended[task] = object;
    return this.flags[task];
  }

  /** True when getting this lock ends a contention. */
  ends({ task, object }: TraceEvent): boolean {
    const ends = this.contended[task] === object;
    if (ends) this.contended[task] = undefined;
    this.asked[task] = undefined;
    return ends;
  }
}
