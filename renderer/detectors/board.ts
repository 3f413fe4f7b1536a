// What the board says over all its lamps, and the
// staircase of a detector that counts.

import type { Detector } from '#contract/waits.ts';
import type { LampLook } from '../ui/glyphs/looks.ts';

/** The wait graph watches: its lamp is that of an armed one. */
export const lampOf = ({ state }: Detector): LampLook => (state === 'watching' ? 'armed' : state);

/**
 * The headline beside a lamp of the strip, which has room for a word or two; of one that is quiet
 * the lamp says it all.
 */
export function shortHeadline({ state, headline }: Detector): string {
  if (state === 'fired' || state === 'inPart') return headline.replace(/^fired (?=\d|for)/, '');
  return state === 'silent' ? headline : '';
}

/** Colour of a headline. */
export const toneOf = ({ state }: Detector): 'cyc' | 'wait' | 'ink' =>
  state === 'fired' ? 'cyc' : state === 'inPart' ? 'wait' : 'ink';

/** `3 fired, 2 silent`, `5 armed`. */
export function summaryOf(detectors: readonly Detector[]): string {
  const count = (...states: readonly Detector['state'][]): number =>
    detectors.filter(({ state }) => states.includes(state)).length;
  const parts = [
    [count('fired', 'inPart'), 'fired'],
    [count('silent'), 'silent'],
    [count('armed', 'watching'), 'armed'],
  ] as const;
  return parts
    .filter(([many]) => many > 0)
    .map(([many, word]) => `${many} ${word}`)
    .join(', ');
}

/** A path of steps through the counts, in a box. Empty for fewer than two. */
export function staircase(series: Detector['series'], width: number, height: number): string {
  const [first] = series;
  const last = series.at(-1);
  if (first === undefined || last === undefined || last.timeNs <= first.timeNs) return '';
  const counts = series.map(({ count }) => count);
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  const span = Math.max(1, most - least);
  const points = series.map(({ timeNs, count }) => ({
    x: (((timeNs - first.timeNs) / (last.timeNs - first.timeNs)) * width).toFixed(1),
    y: (height - 1 - ((count - least) / span) * (height - 2)).toFixed(1),
  }));
  const [start, ...rest] = points;
  return `M${start!.x} ${start!.y}${rest.map(({ x, y }) => `H${x}V${y}`).join('')}`;
}
