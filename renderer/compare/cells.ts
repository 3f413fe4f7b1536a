// The comparison as a table for whoever does not see the picture: a row for each lane, under it one
// for each run, and in it the span at the cursor. Pure.

import type { SpanWords } from '#contract/timeline.ts';
import { afterText } from './axis.ts';
import type { Compared, Lane, Scale, Side } from './axis.ts';
import type { FocusRow } from './scene.ts';
import { compareTexts as texts } from './texts.ts';

/** The rows from top to bottom. */
export const rowsOf = (lanes: readonly Lane[]): FocusRow[] =>
  lanes.flatMap((_, lane) => [
    { lane, part: 'lane' as const },
    { lane, part: 'a' as const },
    { lane, part: 'b' as const },
  ]);

export const nameOf = ({ names }: Lane): string =>
  names.a === names.b ? names.a : texts.bothNames(names.a, names.b);

/** How a lane of a run stands at the cursor: its state, since when, until when. */
export interface Cell {
  readonly state: string;
  readonly since: string;
  readonly until: string;
}

/** `waits for intf_mutex, cannot end`. */
const stateOf = ({ state, fate }: SpanWords): string => (fate === '' ? state : `${state}, ${fate}`);

/** The words of the spans at the cursor; `base` is where the parting is in their count. */
export function cellOf(spans: readonly SpanWords[], base: number, scale: Scale): Cell {
  const [first] = spans;
  if (first === undefined) return { state: texts.nothingThere, since: '', until: '' };
  const when = (at: number): string => afterText(at - base, scale);
  return {
    state: spans.map(stateOf).join('; '),
    since: texts.sinceCell(when(first.sinceNs)),
    until: first.untilNs === null ? texts.untilEnd : texts.untilCell(when(first.untilNs)),
  };
}

/** What a run is called in its row. */
export const sideName = (compared: Compared, side: Side): string => compared.runs[side].side;
