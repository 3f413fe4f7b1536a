// The packets of a run as rows: time, port, way, and one line of what is in it. A packet is decoded
// when its row is shown or searched, once.

import { K } from '#trace/kinds.ts';
import type { Trace } from '#trace/trace.ts';
import { describePacket } from './packet-words.ts';
import type { EventIndex } from './event-index.ts';
import { hasWords, page, pageOf } from './list-page.ts';
import type { ListAsk, ListPage } from './list-page.ts';

/** What happened to a packet at a port. */
export type PacketWay = 'sent' | 'received' | 'dropped';

/** A packet at a port. */
export interface PacketRow {
  readonly seq: number;
  readonly timeNs: number;
  readonly port: string;
  readonly way: PacketWay;
  /** `ARP, Request who-has …`; why it was dropped. */
  readonly text: string;
  /** 0 for a dropped one, of which nothing was kept. */
  readonly bytes: number;
}

/** A packet with its bytes. */
export interface PacketDetail extends PacketRow {
  readonly data: readonly number[];
}

/** Which packets. */
export interface PacketAsk extends ListAsk {
  /** Name of a port, or empty for all. */
  readonly port: string;
  readonly words: string;
}

const ways: Readonly<Record<number, PacketWay>> = {
  [K['packet.send']]: 'sent',
  [K['packet.receive']]: 'received',
  [K['packet.drop']]: 'dropped',
};

/** Packets of one trace. */
export class PacketList {
  private readonly index: EventIndex;
  /** Lines of packets by the number of their bytes. */
  private readonly lines = new Map<number, string>();

  constructor(index: EventIndex) {
    this.index = index;
  }

  private get trace(): Trace {
    return this.index.trace;
  }

  /** The packets that are asked for. Without a filter nothing else is looked at. */
  page({ from, cursor, port, words }: PacketAsk): ListPage<PacketRow> {
    const list = this.index.of('packets');
    const first = list.below(from);
    if (port === '' && words === '') {
      const count = list.length - first;
      const { start, end } = pageOf(count, Math.max(0, list.below(cursor) - first));
      const rows: PacketRow[] = [];
      for (let at = start; at < end; at++) rows.push(this.row(list.at(first + at)));
      return { rows, earlier: start, later: count - end };
    }
    const seqs: number[] = [];
    for (let at = first; at < list.length; at++) {
      const seq = list.at(at);
      if (this.matches(seq, port, words)) seqs.push(seq);
    }
    return page(seqs, cursor, (seq) => this.row(seq));
  }

  /** Names of the ports that packets passed, sorted. */
  ports(): string[] {
    const list = this.index.of('packets');
    const objects = new Set<number>();
    for (let at = 0; at < list.length; at++) objects.add(this.trace.event(list.at(at)).object);
    return [...objects].map((object) => this.trace.text(object)).sort();
  }

  /** A packet by its event, or null for an event that is none. */
  detail(seq: number): PacketDetail | null {
    if (seq >= this.trace.count) return null;
    const { kind, value } = this.trace.event(seq);
    const way = ways[kind];
    if (way === undefined) return null;
    const data = way === 'dropped' ? [] : [...this.trace.blobBytes(value)];
    return { ...this.row(seq), data };
  }

  private matches(seq: number, port: string, words: string): boolean {
    const { kind, object, value } = this.trace.event(seq);
    if (port !== '' && this.trace.text(object) !== port) return false;
    return words === '' || hasWords(this.line(kind, value), words);
  }

  private row(seq: number): PacketRow {
    const { kind, object, value, timeNs } = this.trace.event(seq);
    const way = ways[kind]!;
    const bytes = way === 'dropped' ? 0 : this.trace.blobBytes(value).length;
    const port = this.trace.text(object);
    return { seq, timeNs, port, way, text: this.line(kind, value), bytes };
  }

  private line(kind: number, value: number): string {
    if (kind === K['packet.drop']) return this.trace.text(value);
    const known = this.lines.get(value);
    if (known !== undefined) return known;
    const bytes = this.trace.blobBytes(value);
    const line = describePacket(bytes);
    this.lines.set(value, line);
    return line;
  }
}
