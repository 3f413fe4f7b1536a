// The lanes of a comparison as shapes: which part of each stretch is in view, where it stands, what
// fits on it. Pure; times are ns since the runs parted, places are px.

import type { AnswerOf } from '#contract/requests.ts';

export type Compared = AnswerOf<'compare'>;
export type Lane = Compared['lanes'][number];
export type Span = Lane['before'][number];

/** What is in view. */
export interface View {
  readonly fromNs: number;
  readonly toNs: number;
}

/** A piece of a lane. */
export interface Shape {
  readonly x: number;
  readonly width: number;
  readonly state: Span['state'];
  /** What fits on it; empty for nothing. */
  readonly text: string;
}

/** Px of a character of the labels. */
const characterPx = 7.3;
const thinnestPx = 1.6;

/** The view that shows what matters. */
export const firstView = ({ spanNs }: Pick<Compared, 'spanNs'>): View => ({
  fromNs: -0.3 * spanNs,
  toNs: spanNs,
});

/** Where a time is, px from the left. */
export const placeOf = (timeNs: number, { fromNs, toNs }: View, width: number): number =>
  ((timeNs - fromNs) / (toNs - fromNs)) * width;

/** What time a place is. */
export const timeAt = (x: number, { fromNs, toNs }: View, width: number): number =>
  fromNs + (x / width) * (toNs - fromNs);

/** Closer (under 1) or further around a time. */
export function zoomed({ fromNs, toNs }: View, by: number, aroundNs: number): View {
  const span = Math.max(1000, Math.min(2e12, (toNs - fromNs) * by));
  const part = (aroundNs - fromNs) / (toNs - fromNs);
  return { fromNs: aroundNs - part * span, toNs: aroundNs + (1 - part) * span };
}

/** Left or right by a part of what is in view. */
export function panned({ fromNs, toNs }: View, by: number): View {
  const step = (toNs - fromNs) * by;
  return { fromNs: fromNs + step, toNs: toNs + step };
}

/** So that a time is in view, and not at its edge. */
export function showing(view: View, timeNs: number): View {
  const span = view.toNs - view.fromNs;
  const isIn = timeNs >= view.fromNs + 0.05 * span && timeNs <= view.toNs - 0.05 * span;
  return isIn ? view : { fromNs: timeNs - span / 2, toNs: timeNs + span / 2 };
}

/** A name without what its place says already. */
export const shortName = (name: string): string => name.replace(/^(netdev|device) /, '');

/** A word for what a stretch waits for: the firmware has many names. */
function labelOf({ state, text }: Span): string {
  if (state === 'wait' && /^cmd\.context|fw|poll/.test(text)) return 'fw';
  return shortName(text);
}

/** The stretches that are in view, those of a count left out. */
export function shapesOf(spans: readonly Span[], view: View, width: number): Shape[] {
  const shapes: Shape[] = [];
  for (const span of spans) {
    if (span.toNs <= view.fromNs || span.fromNs >= view.toNs || span.state === 'count') continue;
    const x = Math.max(0, placeOf(span.fromNs, view, width));
    const end = Math.min(width, placeOf(span.toNs, view, width));
    const last = shapes.at(-1);
    const isSame = last?.state === span.state && last.text === '' && x < last.x + last.width + 0.5;
    if (last !== undefined && isSame && end - x < thinnestPx) {
      shapes[shapes.length - 1] = { ...last, width: Math.max(last.width, end - last.x) };
      continue;
    }
    const label = labelOf(span);
    const fits = Math.floor((end - x - 10) / characterPx);
    const text = fits >= label.length ? label : fits > 5 ? `${label.slice(0, fits - 1)}…` : '';
    shapes.push({ x, width: Math.max(end - x, thinnestPx), state: span.state, text });
  }
  return shapes;
}

/** A staircase of a count, as an SVG path within a height, and the numbers at its ends. */
export interface Stairs {
  readonly path: string;
  readonly labels: readonly { readonly x: number; readonly y: number; readonly text: string }[];
}

export function stairsOf(
  spans: readonly Span[],
  view: View,
  width: number,
  height: number,
): Stairs {
  const counts = spans.filter(
    ({ state, fromNs, toNs }) => state === 'count' && toNs > view.fromNs && fromNs < view.toNs,
  );
  const most = Math.max(1, ...counts.map(({ text }) => Number(text)));
  const y = (text: string): number => height - 3 - (Number(text) / most) * (height - 7);
  const parts: string[] = [];
  counts.forEach(({ fromNs, toNs, text }, at) => {
    const x = Math.max(0, placeOf(fromNs, view, width));
    parts.push(`${at === 0 ? 'M' : 'L'}${x.toFixed(1)} ${y(text).toFixed(1)}`);
    parts.push(`H${Math.min(width, placeOf(toNs, view, width)).toFixed(1)}`);
  });
  const first = counts[0];
  const last = counts.at(-1);
  if (first === undefined || last === undefined) return { path: '', labels: [] };
  const start = Math.max(0, placeOf(first.fromNs, view, width));
  const end = Math.min(width, placeOf(last.toNs, view, width));
  return {
    path: parts.join(''),
    labels: [
      { x: start + 6, y: y(first.text), text: first.text },
      ...(last === first
        ? []
        : [{ x: Math.max(end - 26, start + 40), y: y(last.text), text: last.text }]),
    ],
  };
}

/** Steps of the ruler that are round and not too close. */
export function ticksOf({ fromNs, toNs }: View, width: number): number[] {
  const least = ((toNs - fromNs) / width) * 86;
  const power = 10 ** Math.floor(Math.log10(least));
  const step = [1, 2, 5, 10].map((each) => each * power).find((each) => each >= least) ?? least;
  const ticks: number[] = [];
  for (let at = Math.ceil(fromNs / step) * step; at <= toNs; at += step) ticks.push(at);
  return ticks;
}
