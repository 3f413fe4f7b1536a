// The kernel log as rows: every line that printk() took, with level and time. What `dmesg -c` has
// cleared is here all the same.

import type { EventIndex } from './event-index.ts';
import { hasWords, page } from './list-page.ts';
import type { ListAsk, ListPage } from './list-page.ts';

/** A line of the kernel log. */
export interface LogRow {
  readonly seq: number;
  readonly timeNs: number;
  /** 0 (emergency) to 7 (debug). */
  readonly level: number;
  readonly text: string;
}

/** Which lines. */
export interface LogAsk extends ListAsk {
  /** The least grave level that is shown. */
  readonly level: number;
  /** Words that a line must have; empty for any line. */
  readonly words: string;
}

/** The lines that are asked for. */
export function logPage(index: EventIndex, ask: LogAsk): ListPage<LogRow> {
  const { trace } = index;
  const list = index.of('log');
  const seqs: number[] = [];
  for (let at = list.below(ask.from); at < list.length; at++) {
    const seq = list.at(at);
    const { object, value } = trace.event(seq);
    if (value <= ask.level && hasWords(trace.text(object), ask.words)) seqs.push(seq);
  }
  return page(seqs, ask.cursor, (seq) => {
    const { timeNs, object, value } = trace.event(seq);
    return { seq, timeNs, level: value, text: trace.text(object) };
  });
}
