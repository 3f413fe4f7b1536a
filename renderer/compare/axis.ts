// The axis of a comparison: how far after the parting, in ns or in events, and where that is on the
// picture. Pure; places are px.

import type { AnswerOf } from '#contract/requests.ts';
import type { Scale } from '#contract/compare.ts';
import { rulerText, stepFor, ticksOf } from '../timeline/ticks.ts';
import { groupedCount, sinceText } from '../ui/numbers.ts';

export type { Scale } from '#contract/compare.ts';
export type Compared = AnswerOf<'compare'>;
export type Lane = Compared['lanes'][number];
export type Side = 'a' | 'b';

/** What is in view: since the parting, in ns or in events. */
export interface View {
  readonly from: number;
  readonly to: number;
}

/** Where the parting is in a run, in ns or in events. */
export const baseOf = ({ at }: Compared, side: Side, scale: Scale): number =>
  scale === 'time' ? at[side].timeNs : at[side].seq;

/** The end of the run that goes on longer. */
export function endOf(compared: Compared, scale: Scale): number {
  const { a, b } = compared.runs;
  const [endA, endB] = scale === 'time' ? [a.virtualNs, b.virtualNs] : [a.events, b.events];
  return Math.max(endA - baseOf(compared, 'a', scale), endB - baseOf(compared, 'b', scale));
}

/** Where a machine is in its run. */
export interface Place {
  readonly seq: number;
  readonly timeNs: number;
}

/**
 * The cursor on the other scale. Two runs that part are not at the same event at the same time:
 * the one that does more by then says where both are, so that turning back comes back.
 */
export function turnedAfter(
  compared: Compared,
  places: Readonly<Record<Side, Place>>,
  after: number,
  scale: Scale,
): number {
  const of = (side: Side): number =>
    (scale === 'time' ? places[side].timeNs : places[side].seq) - baseOf(compared, side, scale);
  // Before the parting they are one, and the first is the one that is drawn.
  if (after <= 0) return Math.min(0, of('a'));
  const goesOn = (side: Side): boolean => places[side].seq < compared.runs[side].events;
  const going = (['a', 'b'] as const).filter(goesOn);
  const sides = going.length === 0 ? (['a', 'b'] as const) : going;
  const all = sides.map(of);
  return Math.max(0, scale === 'time' ? Math.min(...all) : Math.max(...all));
}

/** The view that shows what matters: of equal runs the whole of them, which ends at 0. */
export function firstView(compared: Compared, scale: Scale): View {
  if (compared.relation === 'equal') {
    const length = Math.max(shortest[scale], baseOf(compared, 'a', scale));
    return { from: -length, to: length / 30 };
  }
  const span = scale === 'time' ? compared.spanNs : compared.spanEvents;
  return { from: -0.3 * span, to: span };
}

export const placeOf = (after: number, { from, to }: View, width: number): number =>
  ((after - from) / (to - from)) * width;

export const afterAt = (x: number, { from, to }: View, width: number): number =>
  from + (x / width) * (to - from);

/** Shortest and longest view: no closer than ten points of the engine or ten events. */
const shortest: Readonly<Record<Scale, number>> = { time: 1000, events: 10 };
const longest = 4e12;

/** Closer (under 1) or further around a place of the axis. */
export function zoomed({ from, to }: View, by: number, around: number, scale: Scale): View {
  const span = Math.max(shortest[scale], Math.min(longest, (to - from) * by));
  const part = (around - from) / (to - from);
  return { from: around - part * span, to: around + (1 - part) * span };
}

/** Left or right by a part of what is in view. */
export function panned({ from, to }: View, by: number): View {
  const step = (to - from) * by;
  return { from: from + step, to: to + step };
}

/** So that a place is in view, and not at its edge. */
export function showing(view: View, after: number): View {
  const span = view.to - view.from;
  const isIn = after >= view.from + 0.05 * span && after <= view.to - 0.05 * span;
  return isIn ? view : { from: after - span / 2, to: after + span / 2 };
}

/** `+104.8 ms`, `+1 234`: how far after the parting. */
export function afterText(after: number, scale: Scale): string {
  if (scale === 'time') return sinceText(after);
  const count = Math.round(after);
  const sign = count < 0 ? '−' : '+';
  return count === 0 ? '0' : `${sign}${groupedCount(Math.abs(count))}`;
}

/** A step of the ruler. */
export interface Tick {
  readonly after: number;
  readonly text: string;
}

/** Room of a number of events, px. */
const countRoom = 86;

/**
 * Steps that are round and not too close: left of the parting in the first run's own time or
 * events, right of it since then.
 */
export function rulerTicks(view: View, width: number, base: number, scale: Scale): Tick[] {
  const perPixel = (view.to - view.from) / width;
  const isTime = scale === 'time';
  const since = { originNs: 0 };
  const own = { originNs: null };
  const step = isTime
    ? Math.max(
        stepFor(perPixel, since, view.to),
        view.from < 0 ? stepFor(perPixel, own, base + Math.abs(view.from)) : 0,
      )
    : countStep(perPixel * countRoom);
  const text = (after: number): string => {
    if (!isTime) return after < 0 ? groupedCount(base + after) : afterText(after, scale);
    return after < 0 ? rulerText(own, base + after, step) : rulerText(since, after, step);
  };
  const later = ticksOf(Math.max(0, view.from), view.to, step).filter((after) => after > 0);
  // In its own time: round there, not since the parting.
  const before = ticksOf(view.from, Math.min(view.to, 0), step, -base % step);
  return [...before.filter((after) => after < 0), ...later].map((after) => ({
    after,
    text: text(after),
  }));
}

function countStep(least: number): number {
  const power = 10 ** Math.max(0, Math.floor(Math.log10(least)));
  return [1, 2, 5].map((times) => times * power).find((step) => step >= least) ?? 10 * power;
}

/** Places from left to right, each once. */
export const inOrder = (places: readonly number[]): number[] =>
  [...new Set(places)].sort((one, other) => one - other);

/** A name without what its place says already. */
export const shortName = (name: string): string => name.replace(/^(netdev|device) /, '');
