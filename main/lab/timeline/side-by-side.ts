// Spans of one lane that may overlap: each takes the first row that is free, and a row is added
// when none is. They end in any order.

import type { LaneEvent } from './event.ts';
import type { LaneTrack } from './lanes.ts';
import type { Spans } from './spans.ts';
import type { SpanStyle } from './styles.ts';

/** Spans in rows. */
export class SideBySide {
  private readonly lane: LaneTrack;
  private readonly style: SpanStyle;
  private readonly rows: { readonly spans: Spans; key: number }[] = [];

  constructor(lane: LaneTrack, style: SpanStyle) {
    this.lane = lane;
    this.style = style;
  }

  /** `key` says which one ends later; not 0. */
  begin(key: number, { timeNs, seq }: LaneEvent, label: number, value: number): void {
    let row = this.rows.find((candidate) => candidate.key === 0);
    if (row === undefined) {
      row = { spans: this.lane.addRow(this.style), key: 0 };
      this.rows.push(row);
    }
    row.key = key;
    row.spans.change(timeNs, 0, label, value, seq);
  }

  /** One that is over: it takes the first row that was free all the time. */
  past(sinceNs: number, { timeNs }: LaneEvent, label: number, seq: number): void {
    const isFree = ({ spans }: { readonly spans: Spans }): boolean =>
      spans.count === 0 || spans.end[spans.count - 1]! <= sinceNs;
    let row = this.rows.find(isFree);
    if (row === undefined) {
      row = { spans: this.lane.addRow(this.style), key: 0 };
      this.rows.push(row);
    }
    row.spans.change(sinceNs, 0, label, 0, seq);
    row.spans.close(timeNs);
  }

  /** Ends the first one with this key. */
  end(key: number, { timeNs }: LaneEvent): void {
    const row = this.rows.find((candidate) => candidate.key === key);
    if (row === undefined) return;
    row.key = 0;
    row.spans.close(timeNs);
  }
}
