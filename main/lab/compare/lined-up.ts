// Lanes of two runs side by side, lined up at their parting: those that differ, those of the
// deadlock first. What both have before the parting is there once. Stretches are joined where they
// would be thinner than a picture can show, the further from the parting the more.

import { castOf, isWorker } from '../spans/cast.ts';
import type { Cast } from '../spans/cast.ts';
import { lanesOf, timeIn } from '../spans/spans.ts';
import type { Lane, LaneKind, Span } from '../spans/spans.ts';
import type { RunRecord } from '../record/run-record.ts';
import { bothOf } from './both.ts';
import type { Both } from './both.ts';
import type { Parting } from './cause.ts';

/** A lane of both runs. Times are since they parted, ns. */
export interface LinedLane {
  readonly kind: LaneKind;
  readonly names: Both<string>;
  /** Before the parting, once for both. */
  readonly before: readonly Span[];
  readonly after: Both<readonly Span[]>;
}

/** All of them. */
export interface LinedUp {
  readonly lanes: readonly LinedLane[];
  /** Lanes that the two runs have, together. */
  readonly total: number;
  /** Those of them that differ. */
  readonly differing: number;
}

/** Most lanes that are shown. */
const lanesMax = 8;
/** Stretches that are closer than this part of their distance are one. */
const closeness = 1 / 2500;
const closestNs = 2000;

/** Cuts at the parting, moves it to 0, joins what is too thin to be seen. */
function moved(spans: readonly Span[], atNs: number, from: number, to: number): Span[] {
  const out: Span[] = [];
  for (const span of spans) {
    const fromNs = Math.max(span.fromNs - atNs, from);
    const toNs = Math.min(span.toNs - atNs, to);
    if (toNs <= fromNs) continue;
    const last = out.at(-1);
    const gapNs = Math.max(closestNs, Math.abs(fromNs) * closeness);
    const isSame = last?.state === span.state && last.text === span.text;
    if (last !== undefined && isSame && fromNs - last.toNs < gapNs) {
      out[out.length - 1] = { ...last, toNs: Math.max(last.toNs, toNs) };
    } else out.push({ ...span, fromNs, toNs });
  }
  return out;
}

const keyOf = ({ kind, name }: Lane): string => `${kind} ${name}`;

/** Names of the lanes in the order of how much they tell; pairs of workers and queues are one. */
function wishes(casts: Both<Cast>, parting: Parting): readonly (readonly [string, string])[] {
  const { hold } = parting;
  const pair = (
    kind: LaneKind,
    a: string | null,
    b: string | null,
  ): (readonly [string, string])[] =>
    a === null && b === null ? [] : [[`${kind} ${a ?? b}`, `${kind} ${b ?? a}`]];
  const queue = (worker: string | null): string | null =>
    worker !== null && isWorker(worker) ? worker.slice('worker of '.length) : null;
  const references = hold === null ? [] : [hold.references.a, hold.references.b];
  return [
    ...pair('task', casts.a.writer, casts.b.writer),
    ...pair('task', casts.a.worker, casts.b.worker),
    ...pair('lock', casts.a.lock, casts.a.lock),
    ...references.flatMap((name) => pair('reference', name, name)),
    ...pair('queue', queue(casts.a.worker), queue(casts.b.worker)),
    ['map card0 port map', 'map card0 port map'],
    ['port card0 port 1', 'port card0 port 1'],
    ['port card0 port 2', 'port card0 port 2'],
  ];
}

/** In the other run, the same parts as in the one with the deadlock. */
function castsOf(records: Both<RunRecord>, lanes: Both<Lane[]>, parting: Parting): Both<Cast> {
  const casts = bothOf(records, (record, side) => castOf(record, lanes[side]));
  const { hold } = parting;
  if (hold === null) return casts;
  return bothOf(casts, (cast, side) => {
    if (side === hold.stuck) return cast;
    const runner = lanes[side].find(
      (lane) =>
        lane.kind === 'queue' && lane.spans.some(({ text }) => text.startsWith(hold.works[side])),
    );
    const worker = runner === undefined ? cast.worker : `worker of ${runner.name}`;
    return { writer: hold.writer, worker, lock: hold.lock };
  });
}

const differs = ({ after }: LinedLane): boolean => {
  const [a, b] = [after.a, after.b];
  if (a.length !== b.length) return true;
  return a.some((span, at) => {
    const other = b[at]!;
    return span.state !== other.state || span.text !== other.text || span.fromNs !== other.fromNs;
  });
};

/** Lines them up. */
export function lineUp(records: Both<RunRecord>, parting: Parting): LinedUp {
  const lanes = bothOf(records, ({ trace }) => lanesOf(trace));
  const byKey = bothOf(lanes, (all) => new Map(all.map((lane) => [keyOf(lane), lane])));
  const line = (a: string, b: string): LinedLane | null => {
    const pair = { a: byKey.a.get(a), b: byKey.b.get(b) };
    const known = pair.a ?? pair.b;
    if (known === undefined) return null;
    const at = parting.at;
    const spans = bothOf(at, (_moment, side) => pair[side]?.spans ?? []);
    return {
      kind: known.kind,
      names: { a: pair.a?.name ?? known.name, b: pair.b?.name ?? known.name },
      before: moved(spans.a, at.a.timeNs, -Infinity, 0),
      after: bothOf(spans, (all, side) => moved(all, at[side].timeNs, 0, Infinity)),
    };
  };
  const wanted = wishes(castsOf(records, lanes, parting), parting);
  const keys = [...new Set([...byKey.a.keys(), ...byKey.b.keys()])];
  const all = keys.flatMap((key) => line(key, key) ?? []).filter(differs);
  const named = new Set(wanted.flat());
  const chosen = wanted.flatMap(([a, b]) => line(a, b) ?? []).filter(differs);
  const rest = all
    .filter((lane) => !named.has(`${lane.kind} ${lane.names.a}`))
    .filter(({ kind }) => kind === 'lock' || kind === 'task')
    .sort((one, other) => weight(other) - weight(one));
  return {
    lanes: [...chosen, ...rest].slice(0, lanesMax),
    total: keys.length,
    differing: all.length,
  };
}

/** How long one of them waits or holds that the other does not. */
function weight({ kind, names, after }: LinedLane): number {
  const time = (spans: readonly Span[]): number =>
    timeIn({ kind, name: names.a, spans }, 'wait', 'stuck', 'hold');
  return Math.abs(time(after.a) - time(after.b));
}
