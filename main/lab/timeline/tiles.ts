// Tiles: a stretch of the timeline, for some lanes, at some number of columns. Each row of a lane
// gives at most two entries for each column: a span that has its column for itself, or is longer
// than one, is given as it is; what shares a column becomes one entry of density. Every span is in
// exactly one entry, so counts and times add up at any zoom. Neighbouring entries that are nearly
// full of one thing (a poll that goes on and on) become one.
//
// The cost depends on the columns, not on the spans: the ends of a column are found by halving, and
// what lies between is a difference of sums (spans.ts).

import { lowerBound, NumberColumn, TimeColumn } from './columns.ts';
import type { Labels } from './labels.ts';
import type { Lanes } from './lanes.ts';
import { slots } from './spans.ts';
import type { Spans } from './spans.ts';
import { spanFlags } from './styles.ts';
import type { TaskTracks } from './tasks.ts';

/** What is asked for. */
export interface TileQuery {
  readonly lanes: readonly number[];
  readonly fromNs: number;
  readonly toNs: number;
  /** Pixels, or whatever is the smallest thing that can be seen. */
  readonly columns: number;
}

/** A tile: columns of equal length for entries, lane by lane, and for arrows. */
export interface Tile {
  readonly fromNs: number;
  readonly toNs: number;
  /** Up to here the run is known; what is open ends here. */
  readonly nowNs: number;
  readonly columns: number;
  readonly lanes: Uint32Array;
  /** Entries of each lane, row by row; in a row they ascend. */
  readonly counts: Uint32Array;
  readonly start: Float64Array;
  readonly end: Float64Array;
  /** Time that all spans of the entry take together, ns. */
  readonly busy: Float64Array;
  /** A style and flags (styles.ts). */
  readonly style: Uint32Array;
  /** Place in `texts`; 0 is none. */
  readonly label: Uint32Array;
  /** Spans in the entry. */
  readonly count: Uint32Array;
  /** Count of a reference, depth of a queue, holder's or resource's lane and 1, speed. */
  readonly value: Uint32Array;
  /** Wake-ups between lanes of the tile: lanes' numbers. */
  readonly arrowTime: Float64Array;
  readonly arrowFrom: Uint32Array;
  readonly arrowTo: Uint32Array;
  /** Wake-ups that are not among them because they are too many. */
  readonly arrowsLeftOut: number;
  readonly texts: readonly string[];
}

/** Most arrows of a tile: more than these are no picture. */
const arrowsMax = 60;
/** An entry of density is full of one thing from this part of its length on. */
const full = 0.8;
/** Most spans that are looked at for the label of a dense entry. */
const labelLooks = 8;

/** Collects the entries of a tile. */
class Entries {
  count = 0;
  readonly start = new TimeColumn();
  readonly end = new TimeColumn();
  readonly busy = new TimeColumn();
  readonly style = new NumberColumn();
  readonly label = new NumberColumn();
  readonly spans = new NumberColumn();
  readonly value = new NumberColumn();
  readonly texts: string[] = [''];
  private readonly textNumbers = new Map<number, number>([[0, 0]]);
  private readonly labels: Labels;
  private readonly nowNs: number;
  private readonly sums = new Float64Array(slots);

  constructor(labels: Labels, nowNs: number) {
    this.labels = labels;
    this.nowNs = nowNs;
  }

  private text(label: number): number {
    const known = this.textNumbers.get(label);
    if (known !== undefined) return known;
    const number = this.texts.push(this.labels.text(label)) - 1;
    this.textNumbers.set(label, number);
    return number;
  }

  /** Entries of one row. */
  addRow(row: Spans, fromNs: number, toNs: number, widthNs: number): void {
    const first = this.count;
    const { start, end } = row;
    for (let at = row.firstFrom(fromNs); at < row.count && start[at]! < toNs;) {
      const column = Math.floor((start[at]! - fromNs) / widthNs);
      const edge = Math.max(fromNs + (column + 1) * widthNs, fromNs);
      let next = lowerBound(start, Math.min(edge, toNs), at + 1, row.count);
      // A long one at the end of its column stands for itself.
      if (next - at > 1 && end[next - 1]! - start[next - 1]! > widthNs) next--;
      if (next - at === 1) this.addSpan(row, at);
      else this.addDense(row, at, next, first, widthNs);
      at = next;
    }
  }

  private addSpan(row: Spans, at: number): void {
    const { nowNs } = this;
    const start = row.start[at]!;
    const isOpen = row.end[at] === Infinity;
    const end = isOpen ? Math.max(nowNs, start) : row.end[at]!;
    const style = row.style(at) | (isOpen ? spanFlags.open : 0);
    this.add(start, end, end - start, style, 1, this.text(row.label[at]!), row.value[at]!);
  }

  private addDense(row: Spans, from: number, to: number, rowFirst: number, widthNs: number): void {
    const { nowNs, sums } = this;
    row.busy(from, to, nowNs, sums);
    let slot = -1;
    let busy = 0;
    for (let i = 0; i < slots; i++) {
      busy += sums[i]!;
      if (sums[i]! > (slot < 0 ? 0 : sums[slot]!)) slot = i;
    }
    const last = to - 1;
    const style = slot < 0 ? row.style(last) : row.styles[slot]!;
    const isOpen = row.end[last] === Infinity;
    const start = row.start[from]!;
    const end = isOpen ? nowNs : row.end[last]!;
    const most = slot < 0 ? 0 : sums[slot]!;
    const isFull = most >= full * Math.max(end - start, widthNs / 2);
    const label = isFull ? this.text(labelOf(row, from, last, style)) : 0;
    const flags = spanFlags.density | (isOpen ? spanFlags.open : 0);
    const before = this.count - 1;
    const grows =
      isFull &&
      before >= rowFirst &&
      (this.style.values[before]! & 0xff) === style &&
      this.label.values[before] === label &&
      start - this.end.values[before]! <= widthNs &&
      this.busy.values[before]! >= full * (this.end.values[before]! - this.start.values[before]!);
    if (!grows)
      return this.add(start, end, busy, style | flags, to - from, label, row.value[last]!);
    this.end.values[before] = end;
    this.busy.values[before] = this.busy.values[before]! + busy;
    this.style.values[before] = this.style.values[before]! | flags;
    this.spans.values[before] = this.spans.values[before]! + to - from;
    this.value.values[before] = row.value[last]!;
  }

  private add(
    start: number,
    end: number,
    busy: number,
    style: number,
    spans: number,
    label: number,
    value: number,
  ): void {
    const at = this.count++;
    this.start.set(at, start);
    this.end.set(at, end);
    this.busy.set(at, busy);
    this.style.set(at, style);
    this.spans.set(at, spans);
    this.label.set(at, label);
    this.value.set(at, value);
  }
}

/** The label of the last spans of this style; 0 when there is none near the end. */
function labelOf(row: Spans, from: number, last: number, style: number): number {
  const first = Math.max(from, last - labelLooks);
  for (let at = last; at >= first; at--) if (row.style(at) === style) return row.label[at]!;
  return 0;
}

/** Wake-ups between the lanes of a tile. */
function arrowsOf(
  { wakes }: TaskTracks,
  { lanes, fromNs, toNs }: TileQuery,
): Pick<Tile, 'arrowTime' | 'arrowFrom' | 'arrowTo' | 'arrowsLeftOut'> {
  const shown = new Set(lanes);
  const times = wakes.time.values;
  const first = lowerBound(times, fromNs, 0, wakes.count);
  const end = lowerBound(times, toNs, first, wakes.count);
  const found: number[] = [];
  // Far too many cannot be drawn either way: they are only counted.
  if (end - first <= arrowsMax * 100) {
    for (let at = first; at < end; at++) {
      const [from, to] = [wakes.from.values[at]!, wakes.to.values[at]!];
      if (from !== to && shown.has(from) && shown.has(to)) found.push(at);
    }
  }
  const leftOut = end - first > arrowsMax * 100 ? end - first : found.length;
  const kept = found.length > arrowsMax ? [] : found;
  return {
    arrowTime: Float64Array.from(kept, (at) => times[at]!),
    arrowFrom: Uint32Array.from(kept, (at) => wakes.from.values[at]!),
    arrowTo: Uint32Array.from(kept, (at) => wakes.to.values[at]!),
    arrowsLeftOut: kept.length === found.length && found.length > 0 ? 0 : leftOut - kept.length,
  };
}

/** Makes a tile. Throws RangeError for a stretch without length, or lanes that are none. */
export function makeTile(
  query: TileQuery,
  lanes: Lanes,
  tasks: TaskTracks,
  labels: Labels,
  nowNs: number,
): Tile {
  const { fromNs, toNs, columns } = query;
  if (!(toNs > fromNs) || !(columns >= 1)) throw new RangeError('a tile without room');
  const entries = new Entries(labels, nowNs);
  const widthNs = (toNs - fromNs) / columns;
  const counts = query.lanes.map((id) => {
    const before = entries.count;
    for (const row of lanes.get(id).rows) entries.addRow(row, fromNs, toNs, widthNs);
    return entries.count - before;
  });
  const { count } = entries;
  return {
    fromNs,
    toNs,
    nowNs,
    columns,
    lanes: Uint32Array.from(query.lanes),
    counts: Uint32Array.from(counts),
    start: entries.start.values.slice(0, count),
    end: entries.end.values.slice(0, count),
    busy: entries.busy.values.slice(0, count),
    style: entries.style.values.slice(0, count),
    label: entries.label.values.slice(0, count),
    count: entries.spans.values.slice(0, count),
    value: entries.value.values.slice(0, count),
    texts: entries.texts,
    ...arrowsOf(tasks, query),
  };
}
