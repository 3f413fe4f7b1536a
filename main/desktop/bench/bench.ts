// The bench: the one session that every window looks at. A new session takes the place of the one
// before, which is ended and kept.

import { bookmarksOf, runWithIdentity } from '#db/list.ts';
import type { Bookmark } from '#db/list.ts';
import { StoreError } from '#db/store-error.ts';
import { Choosing } from '#lab/choosing/choosing.ts';
import type { Fold } from '#lab/fold/fold.ts';
import type { Lists } from '#lab/lists/lists.ts';
import type { Timeline } from '#lab/timeline/timeline.ts';
import { isReal } from '#lab/real-run.ts';
import type { RunHead } from '#lab/record/run-record.ts';
import { seqAtTime } from '#lab/replay/moment.ts';
import type { BodyOf } from '#contract/requests.ts';
import type { SessionMoment, SessionState } from '#contract/session.ts';
import { fillExamples } from '../library/examples.ts';
import { LessonDesk } from '../lessons/lesson-desk.ts';
import { Library } from '../library/library.ts';
import { LiveSession } from './live-session.ts';
import { nextSession, scenarioPlan } from './opening.ts';
import type { LivePlan, ScenarioWanted } from './opening.ts';
import { OwnMarks } from './own-marks.ts';
import { Reading } from './reading.ts';
import { RecordedSession } from './recorded-session.ts';
import { Refused } from './refused.ts';

/** What is on the bench when the lab starts. */
const firstBench: ScenarioWanted = {
  from: 'scenario',
  scenario: null,
  variant: 'naive',
  policy: 'until-blocked',
  seed: null,
};

export interface BenchOptions {
  /** Database of runs, or null: nothing is kept. */
  readonly file: string | null;
  /** Told when the session's state has changed. */
  readonly onChange: () => void;
  /** Told when the library's state has changed. */
  readonly onLibrary: () => void;
}

/** The bench. */
export class Bench {
  session: LiveSession | RecordedSession;
  /** What a person has marked in it. */
  marks: OwnMarks;
  readonly library: Library;
  readonly lessons: LessonDesk;
  private readonly options: BenchOptions;
  private number = 1;
  /** How far another session is on its way to the bench; null when none is. */
  private opening: SessionState['opening'] = null;
  /** What is shown of the session's run. */
  private reading: Reading;

  constructor(options: BenchOptions) {
    this.options = options;
    this.library = new Library(options.file, options.onLibrary);
    this.lessons = new LessonDesk(this.library);
    this.session = this.live(scenarioPlan(firstBench));
    this.reading = new Reading(this.session);
    this.marks = new OwnMarks(this.library);
  }

  /** What is to be done once, at the start: the examples, and a look at every chain. */
  async begin(): Promise<void> {
    if (this.options.file === null) return;
    try {
      await fillExamples(this.library);
      await this.library.check();
    } catch (error) {
      // The bench works without a library; a window that asks for one is told why it has none.
      if (!(error instanceof StoreError) && !(error instanceof Refused)) throw error;
    }
  }

  /**
   * Puts another session on the bench; the one before is ended and kept first.
   * Throws Refused, StoreError, ScenarioError.
   */
  async open(wanted: BodyOf<'session.open'>): Promise<SessionState> {
    if (this.opening !== null) throw new Refused('Another session is on its way to the bench.');
    this.opening = { done: 0, total: 1 };
    try {
      const onProgress = (done: number, total: number): void => {
        this.opening = { done, total };
        this.options.onChange();
      };
      const next = await nextSession(this, wanted, onProgress);
      const isRecorded = next instanceof RecordedSession;
      const reading = isRecorded ? new Reading(next) : null;
      await reading?.toEnd(onProgress);
      await this.end();
      this.put(isRecorded ? next : this.live(next), reading);
    } finally {
      this.opening = null;
      this.options.onChange();
    }
    return this.state;
  }

  /** Ends a live session and puts its recording in its place, if it is kept. */
  async end(): Promise<void> {
    const { session } = this;
    if (!(session instanceof LiveSession)) return;
    const number = await session.close();
    if (number === null) return;
    this.marks.keep({ run: number, events: session.trace.count });
    // Nothing has happened in it: there is nothing to keep.
    if (session.trace.count === 0) this.library.drop(number);
    else this.put(new RecordedSession(number, session.record), this.reading);
  }

  /** Another session; `read` is what has been read of its run already, if it has. */
  private put(session: LiveSession | RecordedSession, read: Reading | null = null): void {
    this.session = session;
    this.reading = read?.trace === session.trace ? read : new Reading(session);
    this.marks = new OwnMarks(this.library, this.bookmarks(session));
    this.timeline.ownMarks = this.marks.all;
    this.number++;
    this.library.changed();
  }

  /** Marks that a run has from before. */
  private bookmarks(session: LiveSession | RecordedSession): Bookmark[] {
    if (session instanceof LiveSession) return [];
    const { number, trace } = session;
    const known = this.library.with((db) => bookmarksOf(db, number));
    return known.filter(({ seq }) => seq <= trace.count);
  }

  /** Marks a moment. */
  mark(seq: number, text: string): void {
    const { session, marks } = this;
    marks.add(Math.min(seq, session.trace.count), text, session.kept);
    this.showMarks();
  }

  /** Takes a mark away. Throws Refused when it is not there. */
  unmark(number: number): void {
    this.marks.remove(number, this.session.kept);
    this.showMarks();
  }

  /** Why marks go with the session, or null. */
  get marksNotKept(): string | null {
    const { recordState } = this.session;
    return recordState.kind === 'notKept' ? recordState.why : this.marks.failure;
  }

  private showMarks(): void {
    this.timeline.ownMarks = this.marks.all;
    this.library.changed();
  }

  private live({ run, head }: LivePlan, choosing = choosingOf(run)): LiveSession {
    return new LiveSession({
      run,
      head,
      choosing,
      file: this.options.file,
      onChange: () => {
        if (this.session instanceof LiveSession) this.marks.keep(this.session.kept);
        this.options.onChange();
      },
      onBegin: () => {
        this.library.changed();
      },
    });
  }

  /** Takes the last pick of the scheduler back: the run branches there, the old one is kept. */
  async takeBack(): Promise<void> {
    const { choosing, head } = this.machine;
    if (choosing === null) throw new Refused('Nobody chooses in this session.');
    const before = choosing.takenBack(head);
    if (typeof before === 'string') throw new Refused(before);
    const { seq } = choosing.picks.at(-1)!;
    await this.end();
    const { session, library } = this;
    const kept = session instanceof RecordedSession ? library.summary(session.number) : null;
    const parent = kept === null ? null : { run: kept.identity, seq };
    this.put(this.live({ run: before.run, head: { ...head, parent } }, before));
    this.options.onChange();
  }

  /** Number of the run that is being recorded, or null. */
  get recording(): number | null {
    return this.session instanceof LiveSession ? this.session.number : null;
  }

  /** The live session. Throws Refused when a recording is on the bench. */
  get machine(): LiveSession {
    if (this.session instanceof LiveSession) return this.session;
    throw new Refused('This is a recording. Fork here (f) to do that.');
  }

  /** A person's side of the scheduler on the bench, or null. */
  get choosing(): Choosing | null {
    return this.session instanceof LiveSession ? this.session.choosing : null;
  }

  /** Something that windows show of the session is another one now. */
  changed(): void {
    this.options.onChange();
  }

  get state(): SessionState {
    const { session, number } = this;
    const head = session instanceof LiveSession ? session.head : session.record.head;
    const live = session instanceof LiveSession ? session : null;
    const { choosing } = this;
    return {
      number,
      wallMs: Date.now(),
      scenario: head.scenarioName,
      title: head.scenarioName,
      variant: head.variant,
      policy: head.policy,
      seed: head.seed,
      live: live !== null,
      real: isReal(head),
      running: live?.running ?? false,
      speed: live === null ? 1 : live.speed,
      timeNs: session.nowNs,
      events: session.trace.count,
      eventsPerSecond: live?.eventsPerSecond ?? 0,
      stopped: live?.stopped ?? null,
      choosing: choosing === null ? null : { isAsking: choosing.isAsking },
      record: session.recordState,
      parent: this.parent(head),
      opening: this.opening,
    };
  }

  private parent({ parent }: RunHead): SessionState['parent'] {
    if (parent === null) return null;
    if (this.parentNumber?.identity !== parent.run) {
      const run = this.library.with((db) => runWithIdentity(db, parent.run));
      this.parentNumber = { identity: parent.run, run };
    }
    return { run: this.parentNumber.run, seq: parent.seq };
  }
  /** Looked up once: the state is told with every frame. */
  private parentNumber: { readonly identity: string; readonly run: number | null } | null = null;

  /** What is listed of its run. */
  get lists(): Lists {
    return this.reading.lists;
  }

  /** Its lanes. */
  get timeline(): Timeline {
    return this.reading.timeline;
  }

  /** Events before a moment. */
  seqOf(moment: BodyOf<'moment'>): number {
    const { trace } = this.session;
    if (moment.at === 'event') return Math.min(moment.seq, trace.count);
    return moment.at === 'end' ? trace.count : seqAtTime(trace, moment.timeNs);
  }

  /** The folded state at a moment. */
  foldAt(moment: BodyOf<'moment'>): Fold {
    return this.reading.moments.foldAt(this.seqOf(moment));
  }

  /** Letters of tasks by name. */
  taskLetters(): ReadonlyMap<string, string> {
    return new Map(this.reading.moments.cast().map(({ name, letter }) => [name, letter]));
  }

  /** Everything as it was at a moment. */
  moment(moment: BodyOf<'moment'>): SessionMoment {
    return { ...this.reading.moments.at(this.seqOf(moment)), session: this.number };
  }

  /** Ends what is on it. */
  async close(): Promise<void> {
    await this.end();
    await this.library.close();
  }
}

const choosingOf = (run: LivePlan['run']): Choosing | null =>
  Choosing.of(run, run.machine.k.sim.policy);
