// Rows of a list as the window has them: the first page, and then only what has come since. Rows
// that are asked for twice replace each other. At most 10,000 are kept.

import { Latest } from '../state/latest.ts';
import type { Session } from '../state/session.svelte.ts';
import { merged } from './merge.ts';
import type { Listed, Page } from './merge.ts';

/** A question without the filter. */
export interface Window {
  readonly from: number;
  readonly cursor: number;
}

/** Rows of one list. */
export class ListFeed<R extends Listed> {
  rows = $state.raw<readonly R[]>([]);
  earlier = $state(0);
  later = $state(0);
  /** The first answer has come. */
  loaded = $state(false);
  private readonly session: Session;
  private readonly ask: (window: Window) => Promise<Page<R> | null>;
  /** What the rows are an answer to; another filter or run begins anew. */
  private key = '';
  private from = 0;
  private readonly questions: Latest<string>;

  constructor(session: Session, ask: (window: Window) => Promise<Page<R> | null>) {
    this.session = session;
    this.ask = ask;
    this.questions = new Latest((key) => this.load(key));
  }

  /** Asks for what is new; everything when the filter is another one. */
  refresh(filter: string): void {
    this.questions.put(`${this.session.state?.number ?? 0} ${filter}`);
  }

  private async load(key: string): Promise<void> {
    const { session } = this;
    const cursor = session.moment?.seq ?? 0;
    const events = session.state?.events ?? 0;
    const goesOn = key === this.key && !this.isOutside(cursor);
    if (goesOn && this.loaded && events === this.from) return;
    const from = goesOn ? this.from : 0;
    const page = await this.ask({ from, cursor });
    if (page === null) return;
    [this.key, this.from, this.loaded] = [key, events, true];
    if (from === 0) {
      [this.rows, this.earlier, this.later] = [page.rows, page.earlier, page.later];
      return;
    }
    const { rows, dropped } = merged(this.rows, page.rows);
    this.rows = rows;
    this.earlier += dropped + page.earlier;
  }

  /** The cursor is where rows were left out. */
  private isOutside(cursor: number): boolean {
    const [first, last] = [this.rows[0], this.rows.at(-1)];
    if (first === undefined || last === undefined) return false;
    return (this.earlier > 0 && cursor < first.seq) || (this.later > 0 && cursor > last.seq);
  }
}
