// Spans of one lane that may overlap: each takes the first row that is free, and a row is added
// when none is. They end in any order.

import type { LaneEvent } from './event.ts';
import type { LaneTrack } from './lanes.ts';
import type { Spans } from './spans.ts';
import type { SpanStyle } from './styles.ts';

/** A row, and the key of what is in it; 0 for nothing. */
interface SideRow {
  readonly spans: Spans;
  key: number;
}

/** Spans in rows. */
export class SideBySide {
  private readonly lane: LaneTrack;
  private readonly style: SpanStyle;
  private readonly rows: SideRow[] = [];

  constructor(lane: LaneTrack, style: SpanStyle) {
    this.lane = lane;
    this.style = style;
  }

  /** `key` says which one ends later; not 0. */
  begin(key: number, { timeNs, seq }: LaneEvent, label: number, value: number): void {
    const row = this.firstRow((candidate) => candidate.key === 0);
    row.key = key;
    row.spans.change(timeNs, 0, label, value, seq);
  }

  /** One that is over: it takes the first row that was free all the time. */
  past(sinceNs: number, { timeNs }: LaneEvent, label: number, seq: number): void {
    const { spans } = this.firstRow(
      ({ spans: { count, end } }) => count === 0 || end[count - 1]! <= sinceNs,
    );
    spans.change(sinceNs, 0, label, 0, seq);
    spans.close(timeNs);
  }

  /** The first row that is free, or a new one. */
  private firstRow(isFree: (row: SideRow) => boolean): SideRow {
    const found = this.rows.find(isFree);
    if (found !== undefined) return found;
    const row = { spans: this.lane.addRow(this.style), key: 0 };
    this.rows.push(row);
    return row;
  }

  /** Ends the first one with this key. */
  end(key: number, { timeNs }: LaneEvent): void {
    const row = this.rows.find((candidate) => candidate.key === key);
    if (row === undefined) return;
    row.key = 0;
    row.spans.close(timeNs);
  }
}
