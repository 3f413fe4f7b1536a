// New rows of a list put to the old ones, and where rows are for a scrolling box.

/** A row that belongs to an event. */
export interface Listed {
  readonly seq: number;
}

/** Rows with the numbers of those left out. */
export interface Page<R> {
  readonly rows: readonly R[];
  readonly earlier: number;
  readonly later: number;
}

/** Rows that are kept. */
export const rowsMax = 10_000;

/** Old and new rows in order; a new one takes the place of the old one of its event. */
export function merged<R extends Listed>(
  old: readonly R[],
  added: readonly R[],
): { readonly rows: readonly R[]; readonly dropped: number } {
  const [first] = added;
  if (first === undefined) return { rows: old, dropped: 0 };
  let at = old.length;
  while (at > 0 && old[at - 1]!.seq >= first.seq) at--;
  const bySeq = new Map([...old.slice(at), ...added].map((row) => [row.seq, row]));
  const tail = [...bySeq.values()].sort((a, b) => a.seq - b.seq);
  const rows = [...old.slice(0, at), ...tail];
  const dropped = Math.max(0, rows.length - rowsMax);
  return { rows: dropped === 0 ? rows : rows.slice(dropped), dropped };
}

/** Rows that are to be drawn. */
export function visibleRows(
  count: number,
  rowPx: number,
  scrollPx: number,
  heightPx: number,
): { readonly start: number; readonly end: number } {
  const spare = 4;
  const start = Math.max(0, Math.floor(scrollPx / rowPx) - spare);
  const end = Math.min(count, Math.ceil((scrollPx + heightPx) / rowPx) + spare);
  return { start: Math.min(start, count), end };
}

/** How many rows are before the cursor. */
export function rowsBefore(rows: readonly Listed[], cursor: number): number {
  let [low, high] = [0, rows.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (rows[middle]!.seq < cursor) low = middle + 1;
    else high = middle;
  }
  return low;
}
