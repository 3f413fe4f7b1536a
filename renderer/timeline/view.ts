// The part of a run that is to be seen: a time at the left edge, a scale, and the quiet stretches
// that are folded. Time is cut into pieces: stretches at one scale, and between them gaps of a
// fixed width. Everything here is plain data and pure functions; nothing is animated.

import type { FoldGap } from '#contract/timeline.ts';

/** Width of a folded gap, CSS pixels. */
const gapWidth = 26;

/** Closest look, ns for each pixel: 100 ns (a point of the engine) are 100 pixels. */
const nsPerPixelMin = 1;

/** What is to be seen. */
export interface View {
  /** Time at the left edge, ns. */
  readonly fromNs: number;
  readonly nsPerPixel: number;
  /** CSS pixels. */
  readonly width: number;
  /** Folded stretches, ascending. */
  readonly gaps: readonly FoldGap[];
  /** End of the run, or as far as it is known, ns. */
  readonly endNs: number;
}

/** A stretch of time at one scale, or a folded one. */
export interface ViewPiece {
  readonly kind: 'time' | 'gap';
  readonly fromNs: number;
  readonly toNs: number;
  readonly x: number;
  readonly width: number;
  /** What a gap holds; empty for a stretch of time. */
  readonly said: string;
}

const isIn = (timeNs: number, { fromNs, toNs }: FoldGap): boolean =>
  timeNs >= fromNs && timeNs < toNs;

/** The pieces of a view, from left to right. */
export function piecesOf(view: View): ViewPiece[] {
  const { nsPerPixel, width } = view;
  const pieces: ViewPiece[] = [];
  const inside = view.gaps.find((gap) => isIn(view.fromNs, gap));
  let timeNs = inside?.fromNs ?? view.fromNs;
  let x = 0;
  for (const gap of view.gaps) {
    if (gap.toNs <= timeNs) continue;
    const room = (gap.fromNs - timeNs) / nsPerPixel;
    if (x + room >= width) break;
    if (room > 0) {
      pieces.push({ kind: 'time', fromNs: timeNs, toNs: gap.fromNs, x, width: room, said: '' });
    }
    x += Math.max(0, room);
    const { fromNs, toNs, said } = gap;
    pieces.push({ kind: 'gap', fromNs, toNs, x, width: gapWidth, said });
    x += gapWidth;
    timeNs = toNs;
  }
  const rest = width - x;
  if (rest > 0) {
    const toNs = timeNs + rest * nsPerPixel;
    pieces.push({ kind: 'time', fromNs: timeNs, toNs, x, width: rest, said: '' });
  }
  return pieces;
}

/** Place of a time; outside the view it is negative or beyond the width. */
export function xOf(pieces: readonly ViewPiece[], timeNs: number): number {
  const first = pieces[0];
  if (first === undefined) return 0;
  for (const piece of pieces) {
    if (timeNs >= piece.toNs) continue;
    return piece.x + ((timeNs - piece.fromNs) / (piece.toNs - piece.fromNs)) * piece.width;
  }
  const last = pieces.at(-1)!;
  const part = (timeNs - last.fromNs) / (last.toNs - last.fromNs);
  return last.x + part * last.width;
}

/** Time at a place; in a gap it is spread over the gap's width. */
export function timeAt(pieces: readonly ViewPiece[], x: number): number {
  const piece = pieces.find((one) => x < one.x + one.width) ?? pieces.at(-1);
  if (piece === undefined) return 0;
  return piece.fromNs + ((x - piece.x) / piece.width) * (piece.toNs - piece.fromNs);
}

/** The time that lies some pixels to the right (or, negative, to the left) of another. */
export function travel(view: View, timeNs: number, pixels: number): number {
  const { gaps, nsPerPixel } = view;
  const inside = gaps.find((gap) => isIn(timeNs, gap));
  let at = inside === undefined ? timeNs : pixels < 0 ? inside.fromNs : inside.toNs;
  let left = Math.abs(pixels);
  const ahead = pixels < 0 ? [...gaps].reverse() : gaps;
  for (const gap of ahead) {
    const [near, far] = pixels < 0 ? [gap.toNs, gap.fromNs] : [gap.fromNs, gap.toNs];
    const room = (pixels < 0 ? at - near : near - at) / nsPerPixel;
    if (room < 0) continue;
    if (room >= left) break;
    left -= room + gapWidth;
    at = far;
    if (left <= 0) return at;
  }
  return at + Math.sign(pixels) * left * nsPerPixel;
}

/** The same view, not before the run and not wholly behind it. */
function kept(view: View): View {
  const latest = Math.max(0, travel(view, view.endNs, -view.width / 4));
  return { ...view, fromNs: Math.min(Math.max(0, view.fromNs), latest) };
}

/** Moves the view; positive pixels show what is later. */
export const pan = (view: View, pixels: number): View =>
  kept({ ...view, fromNs: travel(view, view.fromNs, pixels) });

/** Changes the scale around a place; a factor below 1 comes closer. */
export function zoomAt(view: View, x: number, factor: number): View {
  const timeNs = timeAt(piecesOf(view), x);
  const most = (view.endNs * 1.25) / view.width;
  const wanted = Math.max(nsPerPixelMin, view.nsPerPixel * factor);
  const nsPerPixel = Math.min(wanted, Math.max(nsPerPixelMin, most));
  const scaled = { ...view, nsPerPixel };
  return kept({ ...scaled, fromNs: travel(scaled, timeNs, -x) });
}

/** Shows a stretch of time, with a little room around it. */
export function show(view: View, fromNs: number, toNs: number): View {
  const length = Math.max(toNs - fromNs, nsPerPixelMin * view.width * 0.9);
  const nsPerPixel = length / (view.width * 0.9);
  return kept({ ...view, nsPerPixel, fromNs: fromNs - 0.05 * view.width * nsPerPixel });
}

function isInSight(view: View, timeNs: number): boolean {
  const x = xOf(piecesOf(view), timeNs);
  return x >= 0 && x <= view.width;
}

/** Moves the view so that a time is in it, if it is not: then in its middle. */
export function reveal(view: View, timeNs: number): View {
  if (isInSight(view, timeNs)) return view;
  return kept({ ...view, fromNs: travel(view, timeNs, -view.width / 2) });
}

/** Has another width. A time that was in sight stays there; null for none. */
export function widened(view: View, width: number, timeNs: number | null): View {
  const next = { ...view, width };
  return timeNs !== null && isInSight(view, timeNs) ? reveal(next, timeNs) : next;
}

/** Follows the live end: it stands at three quarters of the width. */
export const follow = (view: View): View =>
  kept({ ...view, fromNs: Math.max(0, travel(view, view.endNs, -0.75 * view.width)) });

/** Length of what can be seen, folded time left out, ns: the width that folding asks for. */
export const viewNs = ({ width, nsPerPixel }: View): number => width * nsPerPixel;
