// Where in a trace the events of the lists are. One pass over what has been added since the last
// question fills every list, so that a question costs what it shows and not what the run is long.

import { kindTable } from '#trace/kinds.ts';
import type { KindName } from '#trace/kinds.ts';
import type { Trace } from '#trace/trace.ts';
import { pieces } from '../record/piece.ts';
import { SeqList } from './seq-list.ts';

/** Kinds of events by list. */
const kindsOf = {
  log: ['printk'],
  commands: ['fw.command'],
  /** Everything that says how commands end. */
  firmware: ['fw.command', 'fw.done', 'card.refused', 'card.fault', 'card.reset'],
  events: ['card.event'],
  maps: ['card.map', 'driver.state'],
  packets: ['packet.send', 'packet.receive', 'packet.drop'],
  screens: ['tty.text', 'tty.typed'],
} as const satisfies Record<string, readonly KindName[]>;

/** Name of a list of events. */
export type IndexName = keyof typeof kindsOf;

/** The lists that a kind belongs to, by the kind's number. */
const listsOfKind: readonly IndexName[][] = kindTable.map(({ name: kind }) =>
  Object.entries(kindsOf)
    .filter(([, kinds]) => (kinds as readonly KindName[]).includes(kind))
    .map(([name]) => name as IndexName),
);

/** The lists of one trace. */
export class EventIndex {
  readonly trace: Trace;
  private readonly lists = Object.fromEntries(
    Object.keys(kindsOf).map((name) => [name, new SeqList()]),
  ) as Record<IndexName, SeqList>;
  private seen = 0;

  constructor(trace: Trace) {
    this.trace = trace;
  }

  /** A list, up to the last event that there is. */
  of(name: IndexName): SeqList {
    this.refresh();
    return this.lists[name];
  }

  private refresh(): void {
    const { trace, lists } = this;
    if (this.seen === trace.count) return;
    const byKind = listsOfKind.map((names) => names.map((name) => lists[name]));
    for (const { from, count, u8 } of pieces(trace, this.seen, trace.count)) {
      for (let at = 0; at < count; at++) {
        for (const list of byKind[u8[at * 24 + 22]!]!) list.add(from + at);
      }
    }
    this.seen = trace.count;
  }
}
