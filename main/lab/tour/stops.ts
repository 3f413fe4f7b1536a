// The six stops of the tour, found in whatever run is shown: each is the last event of a kind on an
// object that the run's own deadlock names, before the cycle closed; the cycle itself is shown from
// the first moment that has it whole. So the tour needs no numbers of events, and says nothing that
// the recording does not show.

import { K } from '#trace/kinds.ts';
import type { KindName } from '#trace/kinds.ts';
import type { Trace } from '#trace/trace.ts';
import { Seeker } from '../fold/seeker.ts';
import { cyclesOf } from '../moment/cycles.ts';
import { Naming } from '../moment/things.ts';
import { TraceIndex } from '../moment/trace-index.ts';
import type { RunRecord } from '../record/run-record.ts';
import { TaskNames } from '../record/words.ts';

/** What a stop shows. */
export type StopName = 'card' | 'written' | 'lock' | 'reference' | 'cycle' | 'fixed';

/** A moment to stop at. */
export interface TourStop {
  readonly stop: StopName;
  /** Events before it. */
  readonly seq: number;
  readonly timeNs: number;
  /** Names for the note: of the task, lock, reference or work that it speaks of. */
  readonly names: readonly string[];
}

interface Wanted {
  readonly kind: KindName;
  readonly before: number;
  readonly fits: (object: string, task: string) => boolean;
}

/** Number of the last event before `before` that fits, or null. */
function last(trace: Trace, names: TaskNames, { kind, before, fits }: Wanted): number | null {
  for (let seq = before - 1; seq >= 0; seq--) {
    const event = trace.event(seq);
    if (event.kind !== K[kind]) continue;
    if (fits(trace.text(event.object), names.of(event.task))) return seq;
  }
  return null;
}

/** The first moment that has the cycle: its steps are told after the event that closed it. */
function firstWithCycle(trace: Trace, closed: number): number {
  const seeker = new Seeker(trace);
  const index = new TraceIndex(trace);
  index.refresh();
  for (let seq = closed + 1; seq < trace.count; seq++) {
    const cycles = cyclesOf(new Naming(trace, seeker.at(seq), index));
    if (cycles.some(({ stands }) => stands)) return seq;
  }
  return trace.count;
}

/** The stops that this run has; none for a run without a deadlock. */
export function stopsOf({ trace, end }: RunRecord): TourStop[] {
  const deadlock = end?.findings.find(({ kind }) => kind === 'deadlock');
  if (deadlock === undefined) return [];
  const names = new TaskNames(trace);
  names.refresh();
  const find = (
    kind: KindName,
    before: number,
    fits: (object: string, task: string) => boolean,
  ): number | null => last(trace, names, { kind, before, fits });
  const closed = find('deadlock', trace.count, () => true) ?? trace.count;
  const [writer = '', ...rest] = deadlock.objects;
  const reference = rest.find((name) => /^(netdev|device) /.test(name)) ?? '';
  const work = rest.find((name) => /#\d+/.test(name)) ?? '';
  const lock = rest.findLast((name) => name !== work && !name.startsWith('worker of ')) ?? '';
  const held = find('work.queue', closed, (object) => object === work);
  const isTaken = (object: string, task: string): boolean => object === lock && task === writer;
  const taken = find('mutex.acquired', closed, isTaken);
  const written =
    taken === null ? null : find('syscall', taken, (_object, task) => task === writer);
  const stop = (name: StopName, seq: number | null, said: readonly string[]): TourStop[] =>
    seq === null
      ? []
      : [
          {
            stop: name,
            seq,
            timeNs: seq < trace.count ? trace.event(seq).timeNs : trace.nowNs,
            names: said,
          },
        ];
  const after = (seq: number | null): number | null =>
    seq === null ? null : Math.min(seq + 1, trace.count);
  const shown = firstWithCycle(trace, closed);
  return [
    ...stop('card', written, []),
    ...stop('written', after(written), [writer]),
    ...stop('lock', after(taken), [writer, lock]),
    ...stop('reference', after(held), [work, reference]),
    ...stop('cycle', shown, [writer, ...rest]),
    ...stop('fixed', shown, []),
  ];
}
