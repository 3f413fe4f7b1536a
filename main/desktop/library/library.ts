// The library of kept runs as windows use it: lists, names, deletion that can be taken back, files
// that come and go. What takes long is an errand in another thread; what was worked out of a run
// that is over never changes, and is remembered.

import {
  addNote,
  addTag,
  changeNote,
  deleteRun,
  fileBytes,
  nameRun,
  removeTag,
} from '#db/labels.ts';
import { listRuns, summaryOfRun } from '#db/list.ts';
import type { RunSummary } from '#db/list.ts';
import { withRuns } from '#db/open.ts';
import type { Runs } from '#db/open.ts';
import type { BodyOf } from '#contract/requests.ts';
import type { LibraryState, RunsList } from '#contract/runs.ts';
import { Refused } from '../bench/refused.ts';
import { Errands } from '../errands/errands.ts';
import type { ErrandName, ErrandOf, ErrandResult, OnProgress } from '../errands/kinds.ts';
import { Deletions } from './deletions.ts';

/** What a run is called when nobody has named it. */
const titleOf = ({ name, scenario }: RunSummary): string => name ?? scenario;

export class Library {
  /** Database, or null: nothing is kept. */
  private readonly file: string | null;
  private readonly onChange: () => void;
  private readonly errands = new Errands();
  private readonly deletions: Deletions;
  private readonly known = new Map<string, Promise<unknown>>();
  private revision = 1;
  private making: LibraryState['making'] = null;
  private comparing: LibraryState['comparing'] = null;
  private checked: LibraryState['checked'] = null;

  constructor(file: string | null, onChange: () => void) {
    this.file = file;
    this.onChange = onChange;
    this.deletions = new Deletions(
      (run) => {
        this.drop(run);
      },
      () => {
        this.changed();
      },
    );
  }

  /** Does something with the database. Throws Refused and StoreError. */
  with<T>(body: (db: Runs) => T): T {
    return withRuns(this.kept, body);
  }

  /** The file. Throws Refused when nothing is kept. */
  get kept(): string {
    if (this.file === null) throw new Refused('This lab keeps no runs.');
    return this.file;
  }

  /** The file, or null when nothing is kept. */
  get fileOrNull(): string | null {
    return this.file;
  }

  get state(): LibraryState {
    const { revision, making, comparing, checked } = this;
    return { revision, making, comparing, deleted: this.deletions.last, checked };
  }

  /** The list is not what it was. */
  changed(): void {
    this.revision++;
    this.onChange();
  }

  list(filter: BodyOf<'runs.list'>): Omit<RunsList, 'recording'> {
    if (this.file === null) return { runs: [], total: 0, bytes: 0 };
    const isThere = ({ run }: RunSummary): boolean => !this.deletions.has(run);
    const wanted = Object.fromEntries(
      Object.entries(filter).filter(([, value]) => value !== undefined && value !== ''),
    );
    return this.with((db) => ({
      runs: listRuns(db, wanted).filter(isThere),
      total: listRuns(db).filter(isThere).length,
      bytes: fileBytes(db),
    }));
  }

  summary(run: number): RunSummary {
    return this.with((db) => summaryOfRun(db, run));
  }

  rename(run: number, name: string | null): void {
    this.with((db) => {
      nameRun(db, run, name);
    });
    this.changed();
  }

  tag(run: number, name: string, there: boolean): void {
    this.with((db) => {
      if (there) addTag(db, run, name);
      else removeTag(db, run, name);
    });
    this.changed();
  }

  note(run: number, text: string, seq: number | null): void {
    this.with((db) => {
      addNote(db, run, text, seq);
    });
    this.changed();
  }

  /** Another text for a note; null takes it away. */
  renote(run: number, number: number, text: string | null): void {
    this.with((db) => {
      changeNote(db, run, number, text);
    });
    this.changed();
  }

  delete(run: number): void {
    this.deletions.add(run, titleOf(this.summary(run)));
  }

  /** Deletes it for good: nobody will miss it. */
  drop(run: number): void {
    this.with((db) => {
      deleteRun(db, run);
    });
    // Its number may be another run's from now on.
    this.known.clear();
    this.changed();
  }

  undelete(): void {
    if (!this.deletions.undo()) throw new Refused('There is nothing to bring back.');
  }

  /** An errand whose progress every window sees; the list is another one afterwards. */
  async make<N extends ErrandName>(
    said: string,
    name: N,
    body: ErrandOf<N>,
  ): Promise<ErrandResult<N>> {
    const tell: OnProgress = (done, total) => {
      this.making = { said, done, total };
      this.onChange();
    };
    tell(0, 1);
    try {
      return await this.errands.run(name, body, tell);
    } finally {
      this.making = null;
      this.changed();
    }
  }

  /** An errand that changes nothing. */
  ask<N extends ErrandName>(name: N, body: ErrandOf<N>): Promise<ErrandResult<N>> {
    return this.errands.run(name, body);
  }

  /** Two runs; every window sees how far the search for their first difference is. */
  async compare(a: number, b: number): Promise<ErrandResult<'compare'>> {
    const tell = (seq: number | null): void => {
      this.comparing = seq;
      this.onChange();
    };
    try {
      return await this.remembered('compare', { file: this.kept, a, b }, tell);
    } finally {
      if (this.comparing !== null) tell(null);
    }
  }

  /** As ask(), remembered: for what is a function of runs that are over. */
  remembered<N extends ErrandName>(
    name: N,
    body: ErrandOf<N>,
    onProgress?: OnProgress,
  ): Promise<ErrandResult<N>> {
    const key = `${name} ${JSON.stringify(body)}`;
    const found = this.known.get(key) ?? this.errands.run(name, body, onProgress);
    this.known.set(key, found);
    found.catch(() => this.known.delete(key));
    return found as Promise<ErrandResult<N>>;
  }

  /** Checks every chain. */
  async check(): Promise<void> {
    const verdicts = await this.errands.run('verify', { file: this.kept, run: null });
    const damaged = verdicts.filter(({ state }) => state === 'damaged');
    this.checked = {
      runs: verdicts.length,
      damaged: damaged.map(({ run, said }) => `run ${run}: ${said}`),
    };
    this.onChange();
  }

  /** Carries out what was deleted and leaves what is under way. */
  async close(): Promise<void> {
    this.deletions.carryOutAll();
    await this.errands.close();
  }
}
