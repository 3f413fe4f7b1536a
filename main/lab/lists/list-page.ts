// One page of a long list: at most 10,000 rows around the cursor, and how many are not among them.
// A window that follows a live run asks only for what has come since.

/** What is asked of a list. */
export interface ListAsk {
  /** Rows from this event on. */
  readonly from: number;
  /** Where the cursor stands: when there are too many rows, those around it are given. */
  readonly cursor: number;
}

/** Rows that were asked for. */
export interface ListPage<R> {
  readonly rows: readonly R[];
  /** Rows before the first and after the last that are not given. */
  readonly earlier: number;
  readonly later: number;
}

/** Most rows that are given at once. */
export const rowsMax = 10_000;
/** Of those, rows after the cursor. */
const laterMax = 1000;

/** Part of `count` rows; `before` of them are before the cursor. */
export function pageOf(count: number, before: number): { start: number; end: number } {
  const end = Math.min(count, Math.max(rowsMax, before + laterMax));
  return { start: Math.max(0, end - rowsMax), end };
}

/** A page of what is at these positions, each made a row. */
export function page<R>(
  seqs: readonly number[],
  cursor: number,
  row: (seq: number) => R,
): ListPage<R> {
  let before = seqs.findIndex((seq) => seq >= cursor);
  if (before < 0) before = seqs.length;
  const { start, end } = pageOf(seqs.length, before);
  return {
    rows: seqs.slice(start, end).map(row),
    earlier: start,
    later: seqs.length - end,
  };
}

/** True when a text has all of some words in it, whatever their case. */
export function hasWords(text: string, words: string): boolean {
  const lower = text.toLowerCase();
  return words
    .toLowerCase()
    .split(/\s+/)
    .every((word) => lower.includes(word));
}
