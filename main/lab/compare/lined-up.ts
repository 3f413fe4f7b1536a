// Lanes of two runs side by side, lined up at their parting: first those that tell most of what
// differs, those of the deadlock before the others, then all that differ, then those that are the
// same. Lanes are named by their numbers in the two timelines, of which a window asks for tiles.

import { TraceIndex } from '../moment/trace-index.ts';
import type { RunRecord } from '../record/run-record.ts';
import { castOf, isSleepingLock, isWorker } from '../timeline/cast.ts';
import type { Cast } from '../timeline/cast.ts';
import type { LaneKind, LaneTrack } from '../timeline/lanes.ts';
import { timeIn } from '../timeline/stretches.ts';
import type { Stretch } from '../timeline/stretches.ts';
import { spanStyle } from '../timeline/styles.ts';
import type { Timeline } from '../timeline/timeline.ts';
import { bothOf } from './both.ts';
import type { Both } from './both.ts';
import type { Moment, Parting } from './cause.ts';
import { isSameFrom } from './same-lane.ts';

/** A run with its lanes. */
export interface RunWithLanes {
  readonly record: RunRecord;
  readonly timeline: Timeline;
}

/** A lane of both runs. */
export interface LinedLane {
  readonly kind: LaneKind;
  readonly names: Both<string>;
  /** Its number in the timeline of each run; null where a run has none like it. */
  readonly ids: Both<number | null>;
  /** Of a task, as in every other view; of what has none, empty. */
  readonly letter: string;
  /** It is not the same in both after the parting. */
  readonly differs: boolean;
}

/** A lane with what it has after the parting, in time since then. */
export interface ToldLane extends LinedLane {
  readonly after: Both<readonly Stretch[]>;
}

/** All of them. */
export interface LinedUp {
  readonly lanes: readonly LinedLane[];
  /** The first ones, which tell most of what differs. */
  readonly telling: readonly ToldLane[];
  /** Lanes that differ. */
  readonly differing: number;
}

/** Most lanes that are shown at first. */
const tellingMax = 8;

/** Lanes of one run by what they are of: a second one of a name is another one. */
function keyed({ timeline }: RunWithLanes): Map<string, LaneTrack> {
  const found = new Map<string, LaneTrack>();
  for (const lane of timeline.tracks.all) {
    const plain = `${plainKind(lane)} ${lane.name}`;
    let key = plain;
    for (let number = 2; found.has(key); number++) key = `${plain} (${number})`;
    found.set(key, lane);
  }
  return found;
}

/** One word for all locks, and one for all counted objects. */
function plainKind(lane: Pick<LaneTrack, 'kind'>): string {
  if (isSleepingLock(lane)) return 'lock';
  return lane.kind === 'activeReference' ? 'reference' : lane.kind;
}

/** Keys of lanes in the order of how much they tell; pairs of workers and queues are one. */
function wishes(casts: Both<Cast>, { hold }: Parting): readonly (readonly [string, string])[] {
  const pair = (kind: string, a: string | null, b: string | null) =>
    a === null && b === null ? [] : [[`${kind} ${a ?? b}`, `${kind} ${b ?? a}`] as const];
  const queue = (worker: string | null): string | null =>
    worker !== null && isWorker(worker) ? worker.slice('worker of '.length) : null;
  const references = hold === null ? [] : [hold.references.a, hold.references.b];
  return [
    ...pair('task', casts.a.writer, casts.b.writer),
    ...pair('task', casts.a.worker, casts.b.worker),
    ...pair('lock', casts.a.lock, casts.a.lock),
    ...references.flatMap((name) => pair('reference', name, name)),
    ...pair('queue', queue(casts.a.worker), queue(casts.b.worker)),
  ];
}

/** In the other run, the same parts as in the one with the deadlock. */
function castsOf(runs: Both<RunWithLanes>, { hold }: Parting): Both<Cast> {
  const casts = bothOf(runs, ({ record, timeline }) => castOf(record, timeline));
  if (hold === null) return casts;
  return bothOf(casts, (cast, side) => {
    if (side === hold.stuck) return cast;
    const { timeline } = runs[side];
    const runner = timeline.tracks.all.find(
      ({ kind, id }) =>
        kind === 'queue' && timeline.stretches(id).some(({ text }) => text === hold.works[side]),
    );
    const worker = runner === undefined ? cast.worker : `worker of ${runner.name}`;
    return { writer: hold.writer, worker, lock: hold.lock };
  });
}

/** What a lane has after a moment, moved so that the moment is 0. */
function after({ timeline }: RunWithLanes, id: number | null, { timeNs }: Moment): Stretch[] {
  const stretches = id === null ? [] : timeline.stretches(id);
  return stretches.flatMap((stretch) => {
    if (stretch.toNs <= timeNs) return [];
    const fromNs = Math.max(0, stretch.fromNs - timeNs);
    return [{ ...stretch, fromNs, toNs: stretch.toNs - timeNs }];
  });
}

/** How long one of them waits or holds that the other does not. */
function weight(told: ToldLane): number {
  const time = (stretches: readonly Stretch[]): number =>
    timeIn(stretches, spanStyle.wait, spanStyle.stuck, spanStyle.hold);
  return Math.abs(time(told.after.a) - time(told.after.b));
}

/** Pairs of lanes: those that are wished for first, then the others by what they are of. */
function pairsOf(
  keys: Both<ReadonlyMap<string, LaneTrack>>,
  wanted: readonly (readonly [string, string])[],
): (Both<LaneTrack | undefined> & { readonly isWished: boolean })[] {
  const left = bothOf(keys, (all) => new Map(all));
  const rest = [...new Set([...keys.a.keys(), ...keys.b.keys()])];
  return [...wanted, ...rest.map((key) => [key, key] as const)].flatMap(([keyA, keyB], at) => {
    const isWished = at < wanted.length;
    const pair = { a: left.a.get(keyA), b: left.b.get(keyB), isWished };
    left.a.delete(keyA);
    left.b.delete(keyB);
    return pair.a === undefined && pair.b === undefined ? [] : [pair];
  });
}

/** The lanes that both have, where one is of Linux itself: none of them tells more than others. */
export function seenInBoth({ lanes }: LinedUp): LinedUp {
  const seen = lanes.filter(({ ids }) => ids.a !== null && ids.b !== null);
  return { lanes: seen, telling: [], differing: seen.filter(({ differs }) => differs).length };
}

/** Lines them up. */
export function lineUp(runs: Both<RunWithLanes>, parting: Parting): LinedUp {
  const { at } = parting;
  const letters = bothOf(runs, ({ record: { trace } }) => {
    const index = new TraceIndex(trace);
    index.refresh();
    return ({ kind, name }: LaneTrack): string =>
      kind === 'task' ? index.letterOfTask(trace.intern(name)) : '';
  });
  const keys = bothOf(runs, keyed);
  const wanted = wishes(castsOf(runs, parting), parting);
  const wished = new Set<LinedLane>();
  const all = pairsOf(keys, wanted).map(({ a, b, isWished }) => {
    const known = (a ?? b)!;
    const lane: LinedLane = {
      kind: known.kind,
      names: { a: a?.name ?? known.name, b: b?.name ?? known.name },
      ids: { a: a?.id ?? null, b: b?.id ?? null },
      letter: (a === undefined ? '' : letters.a(a)) || (b === undefined ? '' : letters.b(b)),
      differs: !isSameFrom(runs, at, { a, b }),
    };
    if (isWished) wished.add(lane);
    return lane;
  });
  const told = (lane: LinedLane): ToldLane => ({
    ...lane,
    after: bothOf(runs, (run, side) => after(run, lane.ids[side], at[side])),
  });
  const differing = all.filter(({ differs }) => differs);
  const first = differing.filter((lane) => wished.has(lane)).map(told);
  const others = differing.filter((lane) => !wished.has(lane)).map(told);
  others.sort((one, other) => rank(one) - rank(other) || weight(other) - weight(one));
  const same = all.filter(({ differs }) => !differs);
  const ordered = [...first, ...others];
  return {
    lanes: [...ordered.map(plain), ...same],
    telling: ordered.slice(0, tellingMax),
    differing: differing.length,
  };
}

/** The bond and ports say most in one line; then tasks and locks; interrupts and spinlocks last. */
const ranks: Readonly<Partial<Record<LaneKind, number>>> = {
  bond: 0,
  port: 1,
  task: 2,
  mutex: 2,
  rwsem: 2,
  semaphore: 2,
  firmware: 4,
  interrupt: 5,
  spinlock: 5,
};

const rank = ({ kind }: LinedLane): number => ranks[kind] ?? 3;

/** Without what only the table of differences needs. */
const plain = ({ kind, names, ids, letter, differs }: ToldLane): LinedLane => ({
  kind,
  names,
  ids,
  letter,
  differs,
});
