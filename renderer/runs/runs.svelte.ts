// The library as the window has it: what was listed, what is selected, what is being looked for.
// The list is asked for again whenever the lab says that it has changed.

import { SvelteMap } from 'svelte/reactivity';
import type { AnswerOf } from '#contract/requests.ts';
import type { Session } from '../state/session.svelte.ts';
import { Files } from './files.ts';
import { fits, rowsOf, runsByNumber } from './library.ts';
import type { Filter, Row, Run } from './library.ts';
import { runsTexts as texts } from './texts.ts';

/** A thumbnail, or null when there is none. */
export type Thumbnail = AnswerOf<'runs.thumbnail'>;

/** Longest name of a file that the lab takes. */
const nameMax = 120;

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
  /** What to begin with stands at the right … */
  hasBegin = $state(true);
  /** … unless a new run or the labels of the current one are being written there. */
  form = $state<'newRun' | 'labels' | null>(null);
  /** What stands at the right, or null. */
  readonly aside = $derived(this.form ?? (this.hasBegin ? 'begin' : null));
  /** A file is held over the window. */
  isOver = $state(false);
  readonly thumbnails = new SvelteMap<number, Thumbnail>();
  /** What came of the last file. */
  said = $state('');
  /** Where a page without file dialogs takes files from. */
  fileField: HTMLInputElement | null = null;
  private readonly session: Session;
  private readonly files: Files;
  /** A run has come from a file: show it. */
  private readonly onTaken: () => void;
  /** Thumbnails that were asked for; nothing is drawn of it. */
  private wanted: readonly number[] = [];

  constructor(session: Session, onTaken: () => void) {
    this.session = session;
    this.files = new Files(session);
    this.onTaken = onTaken;
  }

  readonly rows: readonly Row[] = $derived(rowsOf(this.list?.runs ?? [], this.filter));
  readonly byNumber = $derived(runsByNumber(this.list?.runs ?? []));
  /** The run whose row has the keyboard. */
  readonly currentRun: Run | null = $derived(this.byNumber.get(this.current ?? 0) ?? null);

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

  /** Leaves what stands at the right; under a form there is what to begin with. */
  leaveAside(): void {
    if (this.form === null) this.hasBegin = false;
    else this.form = null;
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

  async tag(run: number, name: string, there: boolean): Promise<void> {
    const tag = name.trim();
    if (tag !== '') await this.session.ask('runs.tag', { run, name: tag, there });
  }

  /** A note of its own, on the whole run. */
  async note(run: number, text: string): Promise<void> {
    const said = text.trim();
    if (said !== '') await this.session.ask('runs.note', { run, text: said, seq: null });
  }

  /** Another text for a note; empty takes it away. */
  async renote(run: number, number: number, text: string): Promise<void> {
    const said = text.trim();
    await this.session.ask('runs.renote', { run, number, text: said === '' ? null : said });
  }

  /** Asks for a file, by the system's dialog where there is one. */
  async choose(): Promise<void> {
    if (!(await this.files.hasDialogs())) {
      this.fileField?.click();
      return;
    }
    const chosen = await this.files.open();
    if (chosen !== null) await this.takeBytes(chosen.name, chosen.bytes);
  }

  /** Files that were chosen or dropped. */
  async takeAll(files: Iterable<File>): Promise<void> {
    for (const file of files) {
      await this.takeBytes(file.name, new Uint8Array(await file.arrayBuffer()));
    }
  }

  private async takeBytes(fileName: string, bytes: Uint8Array): Promise<void> {
    const name = fileName.slice(0, nameMax);
    const payload = bytes.length === 0 ? null : bytes;
    this.onTaken();
    const answer = await this.session.askWithPayload('runs.import', { name }, payload);
    if (answer === null) {
      this.said = this.session.said ?? '';
      return;
    }
    this.said = answer.body.known ? texts.known(name) : texts.taken(name);
    this.search = '';
    this.show({ by: 'all' });
    await this.load();
    this.current = answer.body.run;
  }

  /** Gives a run as a file. */
  async give(run: number): Promise<void> {
    const answer = await this.session.askWithPayload('runs.export', { run, format: 'mlx4run' });
    const payload = answer?.payload ?? null;
    if (answer === null || payload === null) return;
    const { fileName } = answer.body;
    if (await this.files.save(fileName, payload)) this.said = texts.exported(fileName);
  }
}
