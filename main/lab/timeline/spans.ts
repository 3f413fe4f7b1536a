// Spans one after the other, as columns: 29 bytes each, and 2 more for the sums. None begins before
// its predecessor has ended, so both ends ascend and everything is found by halving. Only the last
// one may be open (its end is Infinity).
//
// Every 16 spans the time that each style has taken so far is written down: what any stretch of the
// run came to is then two look-ups and at most 32 spans, however many lie between.

import { ByteColumn, lowerBound, NumberColumn, TimeColumn } from './columns.ts';
import type { SpanStyle } from './styles.ts';

/** Spans between two sums. */
const sumEvery = 16;
/** Styles that a row of spans may have. */
export const slots = 4;

/** What a span is besides its times. */
export interface SpanMarks {
  readonly slot: number;
  readonly label: number;
  readonly value: number;
  /** Event that began it. */
  readonly seq: number;
}

/** A row of spans. */
export class Spans {
  /** Styles by slot. */
  readonly styles: readonly SpanStyle[];
  count = 0;
  private readonly starts = new TimeColumn();
  private readonly ends = new TimeColumn();
  private readonly slotColumn = new ByteColumn();
  private readonly labelColumn = new NumberColumn();
  private readonly valueColumn = new NumberColumn();
  private readonly seqColumn = new NumberColumn();
  /** Time per slot before each block of spans. */
  private readonly sums = new TimeColumn();

  constructor(styles: readonly SpanStyle[]) {
    this.styles = styles;
  }

  get isOpen(): boolean {
    return this.count > 0 && this.ends.values[this.count - 1] === Infinity;
  }

  /** Columns; only the first `count` entries are meant. */
  get start(): Float64Array {
    return this.starts.values;
  }
  get end(): Float64Array {
    return this.ends.values;
  }
  get label(): Uint32Array {
    return this.labelColumn.values;
  }
  get value(): Uint32Array {
    return this.valueColumn.values;
  }
  get seq(): Uint32Array {
    return this.seqColumn.values;
  }

  style(at: number): SpanStyle {
    return this.styles[this.slotColumn.values[at]!]!;
  }

  /** Ends the open span, if there is one. */
  close(timeNs: number): void {
    if (this.isOpen) this.ends.values[this.count - 1] = timeNs;
  }

  /**
   * From now on it is this. Goes on with the last span where nothing differs, even if that one has
   * just been closed.
   */
  change(timeNs: number, slot: number, label: number, value: number, seq: number): void {
    const last = this.count - 1;
    if (last >= 0 && this.ends.values[last]! >= timeNs) {
      const same =
        this.slotColumn.values[last] === slot &&
        this.labelColumn.values[last] === label &&
        this.valueColumn.values[last] === value;
      if (same) {
        this.ends.values[last] = Infinity;
        return;
      }
    }
    this.close(timeNs);
    this.append(timeNs, Infinity, { slot, label, value, seq });
  }

  /** Something without length. */
  point(timeNs: number, slot: number, label: number, value: number, seq: number): void {
    this.append(timeNs, timeNs, { slot, label, value, seq });
  }

  private append(start: number, end: number, { slot, label, value, seq }: SpanMarks): void {
    const at = this.count++;
    if (at % sumEvery === 0) this.addSums(at / sumEvery);
    this.starts.set(at, start);
    this.ends.set(at, end);
    this.slotColumn.set(at, slot);
    this.labelColumn.set(at, label);
    this.valueColumn.set(at, value);
    this.seqColumn.set(at, seq);
  }

  private addSums(block: number): void {
    for (let slot = 0; slot < slots; slot++) {
      const before = block === 0 ? 0 : this.sums.values[(block - 1) * slots + slot]!;
      this.sums.set(block * slots + slot, before);
    }
    if (block === 0) return;
    this.scan((block - 1) * sumEvery, block * sumEvery, 0, this.sums.values, block * slots);
  }

  private scan(from: number, to: number, nowNs: number, into: Float64Array, at: number): void {
    const { start, end } = this;
    for (let i = from; i < to; i++) {
      const last = end[i]!;
      const slot = at + this.slotColumn.values[i]!;
      into[slot] = into[slot]! + (last === Infinity ? nowNs : last) - start[i]!;
    }
  }

  /** Adds up the time of spans `from` to `to` by slot; an open one lasts until `nowNs`. */
  busy(from: number, to: number, nowNs: number, into: Float64Array): void {
    into.fill(0);
    const first = Math.ceil(from / sumEvery);
    const last = Math.min(Math.floor(to / sumEvery), Math.floor((this.count - 1) / sumEvery));
    if (last <= first) return this.scan(from, to, nowNs, into, 0);
    const sums = this.sums.values;
    for (let slot = 0; slot < slots; slot++) {
      into[slot] = sums[last * slots + slot]! - sums[first * slots + slot]!;
    }
    this.scan(from, first * sumEvery, nowNs, into, 0);
    this.scan(last * sumEvery, to, nowNs, into, 0);
  }

  /** First span that ends after `timeNs`, or that begins no earlier. */
  firstFrom(timeNs: number): number {
    const at = lowerBound(this.start, timeNs, 0, this.count);
    return at > 0 && this.end[at - 1]! > timeNs ? at - 1 : at;
  }

  /** First span that begins after a time, or -1. */
  after(timeNs: number): number {
    let at = lowerBound(this.start, timeNs, 0, this.count);
    while (at < this.count && this.start[at]! === timeNs) at++;
    return at < this.count ? at : -1;
  }

  /** Last span that begins before a time, or -1. */
  before(timeNs: number): number {
    return lowerBound(this.start, timeNs, 0, this.count) - 1;
  }

  /** The span at a time, or -1; the last one of those that begin together. */
  at(timeNs: number): number {
    const after = this.after(timeNs);
    const at = (after < 0 ? this.count : after) - 1;
    if (at < 0) return -1;
    return this.end[at]! > timeNs || this.start[at] === timeNs ? at : -1;
  }

  /** Bytes of its buffers. */
  get bytes(): number {
    const columns = [this.starts, this.ends, this.slotColumn, this.labelColumn, this.valueColumn];
    const all = [...columns, this.seqColumn, this.sums];
    return all.reduce((sum, { values }) => sum + values.byteLength, 0);
  }
}
