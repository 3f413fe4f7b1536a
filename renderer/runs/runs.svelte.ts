// The library as the window has it: what was listed, what is selected, what is being looked for.
// The list is asked for again whenever the lab says that it has changed.

import { SvelteMap } from 'svelte/reactivity';
import type { AnswerOf } from '#contract/requests.ts';
import type { Session } from '../state/session.svelte.ts';
import { importFile } from './import.ts';
import { fits, rowsOf } from './library.ts';
import type { Filter, Row, Run } from './library.ts';
import { runsTexts as texts } from './texts.ts';

/** A thumbnail, or null when there is none. */
export type Thumbnail = AnswerOf<'runs.thumbnail'>;

export class Runs {
  list = $state.raw<AnswerOf<'runs.list'> | null>(null);
  search = $state('');
  filter = $state.raw<Filter>({ by: 'all' });
  /** Numbers of runs, in the order in which they were selected. */
  selected = $state.raw<readonly number[]>([]);
  /** The row that has the keyboard. */
  current = $state<number | null>(null);
  /** Run whose name is being written. */
  renaming = $state<number | null>(null);
  /** Run that is about to be deleted. */
  asking = $state.raw<Run | null>(null);
  readonly thumbnails = new SvelteMap<number, Thumbnail>();
  /** What came of the last file. */
  said = $state('');
  private readonly session: Session;
  /** Thumbnails that were asked for; nothing is drawn of it. */
  private wanted: readonly number[] = [];

  constructor(session: Session) {
    this.session = session;
  }

  readonly rows: readonly Row[] = $derived(rowsOf(this.list?.runs ?? [], this.filter));

  /** Asks for the list as it is now: at this revision of the library, for this search. */
  async load(_revision = 0, search = this.search): Promise<void> {
    const list = await this.session.ask('runs.list', search === '' ? {} : { search });
    if (list === null || search !== this.search) return;
    this.list = list;
    const there = list.runs.map(({ run }) => run);
    this.selected = this.selected.filter((run) => there.includes(run));
    if (this.current === null || !there.includes(this.current))
      this.current = list.runs[0]?.run ?? null;
    for (const run of list.runs) void this.loadThumbnail(run);
  }

  /** One that goes on is made anew each time. */
  private async loadThumbnail({ run, outcome }: Run): Promise<void> {
    if (this.wanted.includes(run)) return;
    this.wanted = [...this.wanted, run];
    const thumbnail = await this.session.ask('runs.thumbnail', { run });
    if (outcome === null) this.wanted = this.wanted.filter((each) => each !== run);
    if (thumbnail === null) return;
    this.thumbnails.set(run, thumbnail);
  }

  show(filter: Filter): void {
    this.filter = filter;
    const first = this.list?.runs.find((run) => fits(run, filter));
    this.current = first?.run ?? null;
  }

  toggle(run: number): void {
    this.selected = this.selected.includes(run)
      ? this.selected.filter((each) => each !== run)
      : [...this.selected, run].slice(-2);
  }

  /** Moves the keyboard by rows. */
  move(by: number): void {
    const at = this.rows.findIndex(({ run }) => run.run === this.current);
    const to = Math.max(0, Math.min(this.rows.length - 1, at + by));
    this.current = this.rows[to]?.run.run ?? null;
  }

  async rename(run: number, name: string): Promise<void> {
    this.renaming = null;
    await this.session.ask('runs.rename', { run, name: name.trim() === '' ? null : name.trim() });
  }

  async delete(): Promise<void> {
    const run = this.asking;
    this.asking = null;
    if (run !== null) await this.session.ask('runs.delete', { run: run.run });
  }

  async undo(): Promise<void> {
    await this.session.ask('runs.undelete', {});
  }

  /** A file has been chosen or dropped. */
  async take(file: File): Promise<void> {
    const taken = await importFile(this.session, file);
    this.said = taken?.said ?? this.session.said ?? '';
    if (taken === null) return;
    this.show({ by: 'all' });
    this.current = taken.run;
    await this.load();
  }

  /** The file of a run, as a download. */
  async give(run: number): Promise<void> {
    const answer = await this.session.askWithPayload('runs.export', { run, format: 'mlx4run' });
    const payload = answer?.payload ?? null;
    if (answer === null || payload === null) return;
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([payload as Uint8Array<ArrayBuffer>]));
    link.download = answer.body.fileName;
    link.click();
    URL.revokeObjectURL(link.href);
    this.said = texts.exported(answer.body.fileName);
  }
}
