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

  /** Ends the first one with this key. */
  end(key: number, { timeNs }: LaneEvent): void {
    const row = this.rows.find((candidate) => candidate.key === key);
    if (row === undefined) return;
    row.key = 0;
    row.spans.close(timeNs);
  }
}
