// Where two runs part in a way that matters. Two kernels log the same thing in other words, and a
// driver may take another lock in passing; what lasts is another matter. When one run ends in a
// deadlock and the other does not, the parting is the moment at which the work of that deadlock
// took its reference, held against the same work in the other run. Else it is the first event that
// is not the same.

import { K, kindTable } from '#trace/kinds.ts';
import type { Trace } from '#trace/trace.ts';
import type { RunRecord } from '../record/run-record.ts';
import { objectText, TaskNames } from '../record/words.ts';
import type { Both, Side } from './both.ts';
import { deedForms, plainName } from './deeds.ts';

/** A moment of a run: before an event. */
export interface Moment {
  readonly seq: number;
  readonly timeNs: number;
}

/** What is behind the parting when it is a work that holds something else. */
export interface HoldCause {
  /** Side with the deadlock. */
  readonly stuck: Side;
  /** The task that queued the work. */
  readonly queuedBy: string;
  readonly works: Both<string>;
  /** What each of them holds a reference on. */
  readonly references: Both<string>;
  readonly writer: string;
  readonly worker: string | null;
  readonly lock: string | null;
}

/** Where they part. */
export interface Parting {
  readonly at: Both<Moment>;
  readonly hold: HoldCause | null;
}

/** What a work is for: `CHANGEUPPER(eth0)` of `mlx4_en_bond_work#25 CHANGEUPPER(eth0)`. */
export const workPurpose = (work: string): string =>
  /#\d+ (.*)$/.exec(work)?.[1] ?? plainName(work);

const momentOf = (trace: Trace, seq: number): Moment => ({
  seq,
  timeNs: seq < trace.count ? trace.event(seq).timeNs : trace.nowNs,
});

/** The reference that was taken right before something was queued. */
function holdBefore(trace: Trace, queued: number): number | null {
  const { task } = trace.event(queued);
  for (let seq = queued - 1; seq >= Math.max(0, queued - 12); seq--) {
    const event = trace.event(seq);
    if (event.kind === K['ref.hold'] && event.task === task) return seq;
  }
  return null;
}

/** All queueings of works for a purpose by a task. */
function queueings(trace: Trace, names: TaskNames, by: string, purpose: string): number[] {
  const found: number[] = [];
  for (let seq = 0; seq < trace.count; seq++) {
    const event = trace.event(seq);
    if (event.kind !== K['work.queue'] || names.of(event.task) !== by) continue;
    const work = trace.text(event.object);
    if (/#\d+ /.test(work) && workPurpose(work) === purpose) found.push(seq);
  }
  return found;
}

const namesOf = (trace: Trace): TaskNames => {
  const names = new TaskNames(trace);
  names.refresh();
  return names;
};

/** The work of a deadlock in both runs; null when the other run has none like it. */
function holdParting(stuck: RunRecord, other: RunRecord, side: Side): Parting | null {
  const deadlock = stuck.end?.findings.find(({ kind }) => kind === 'deadlock');
  const work = deadlock?.objects.find((name) => /#\d+ /.test(name));
  if (deadlock === undefined || work === undefined) return null;
  const names = namesOf(stuck.trace);
  const queued = lastQueueing(stuck.trace, work);
  if (queued === null) return null;
  const by = names.of(stuck.trace.event(queued).task);
  const own = queueings(stuck.trace, names, by, workPurpose(work));
  const theirs = queueings(other.trace, namesOf(other.trace), by, workPurpose(work));
  const match = theirs[own.indexOf(queued)];
  if (match === undefined) return null;
  const [here, there] = [holdBefore(stuck.trace, queued), holdBefore(other.trace, match)];
  if (here === null || there === null) return null;
  const both = <T>(mine: T, its: T): Both<T> =>
    side === 'a' ? { a: mine, b: its } : { a: its, b: mine };
  const held = (trace: Trace, seq: number): string => trace.text(trace.event(seq).object);
  const references = both(held(stuck.trace, here), held(other.trace, there));
  if (references.a === references.b) return null;
  const [writer = '', ...rest] = deadlock.objects;
  return {
    at: both(momentOf(stuck.trace, here), momentOf(other.trace, there)),
    hold: {
      stuck: side,
      queuedBy: by,
      works: both(work, held(other.trace, match)),
      references,
      writer,
      worker: rest.find((name) => name.startsWith('worker of ')) ?? null,
      lock: rest.find((name) => lockLike(name, work)) ?? null,
    },
  };
}

const lockLike = (name: string, work: string): boolean =>
  name !== work && !name.startsWith('worker of ') && !/^(netdev|device) /.test(name);

function lastQueueing(trace: Trace, work: string): number | null {
  for (let seq = trace.count - 1; seq >= 0; seq--) {
    const { kind, object } = trace.event(seq);
    if (kind === K['work.queue'] && trace.text(object) === work) return seq;
  }
  return null;
}

const isStuck = ({ end }: RunRecord): boolean => end?.outcome === 'deadlock';

/** Where they part; `first` is the first event that is not the same, null when all are. */
export function partingOf({ a, b }: Both<RunRecord>, first: number | null): Parting {
  const found =
    isStuck(a) === isStuck(b) ? null : isStuck(a) ? holdParting(a, b, 'a') : holdParting(b, a, 'b');
  // A first difference that comes later is the better one.
  if (found !== null && (first ?? Infinity) <= found.at.a.seq) return found;
  const seq = (trace: Trace): number => Math.min(first ?? trace.count, trace.count);
  return {
    at: { a: momentOf(a.trace, seq(a.trace)), b: momentOf(b.trace, seq(b.trace)) },
    hold: null,
  };
}

/** Events before the parting that both runs have, whatever stands between them. */
export function sharedEvents({ a, b }: Both<RunRecord>, at: Both<Moment>): number {
  const counts = new Map<string, number>();
  for (const key of keys(a.trace, at.a.seq)) counts.set(key, (counts.get(key) ?? 0) + 1);
  let shared = 0;
  for (const key of keys(b.trace, at.b.seq)) {
    const left = counts.get(key) ?? 0;
    if (left === 0) continue;
    counts.set(key, left - 1);
    shared++;
  }
  return shared;
}

/** Task, kind and object, without handed-out numbers. */
function* keys(trace: Trace, to: number): Generator<string, void, void> {
  const names = namesOf(trace);
  for (let seq = 0; seq < to; seq++) {
    const event = trace.event(seq);
    const object =
      deedForms[event.kind]?.isDeed === true ? plainName(objectText(trace, names, event)) : '';
    yield `${names.of(event.task)}|${kindTable[event.kind]?.name ?? ''}|${object}`;
  }
}
