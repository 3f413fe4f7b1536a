// What is done with whole runs from anywhere: one is put on the bench, begun, forked, compared with
// another or exported, and the view that shows it is gone to.

import type { BodyOf } from '#contract/requests.ts';
import type { Comparing } from '../compare/comparing.svelte.ts';
import { storyOf } from '../runs/library.ts';
import type { Runs } from '../runs/runs.svelte.ts';
import type { Frame } from '../state/frame.svelte.ts';
import type { Session } from '../state/session.svelte.ts';
import type { Tour } from '../tour/tour.svelte.ts';
import { texts } from './texts.ts';

type Wanted = BodyOf<'session.open'>;

/** A machine without a script. */
const liveBench: Wanted = {
  from: 'scenario',
  scenario: null,
  variant: 'naive',
  policy: 'until-blocked',
  seed: null,
};

/** The story with the trainee as the scheduler. */
const storyToChoose: Wanted = {
  ...liveBench,
  scenario: 'bond-deadlock',
  policy: 'you-choose',
};

/** What has to do with runs in one window. */
export interface RunParts {
  readonly session: Session;
  readonly frame: Frame;
  readonly runs: Runs;
  readonly comparing: Comparing;
  readonly tour: Tour;
}

/** The acts on runs of one window. */
export class RunActs {
  private readonly session: Session;
  private readonly frame: Frame;
  private readonly runs: Runs;
  private readonly comparing: Comparing;
  private readonly tour: Tour;

  constructor({ session, frame, runs, comparing, tour }: RunParts) {
    this.session = session;
    this.frame = frame;
    this.runs = runs;
    this.comparing = comparing;
    this.tour = tour;
  }

  /** Puts another run on the bench and shows it. */
  async open(wanted: Wanted): Promise<void> {
    if ((await this.session.open(wanted)) === null) return;
    this.runs.form = null;
    this.frame.view = 'session';
  }

  openBench(): Promise<void> {
    return this.open(liveBench);
  }

  /** Acts on the run whose row has the keyboard. */
  onCurrent(act: (run: number) => void): void {
    const { current, renaming } = this.runs;
    if (current !== null && renaming === null) act(current);
  }

  /** Opens the current run; where no row has the keyboard, Enter begins with what is offered. */
  openCurrent(): void {
    const { runs } = this;
    const isAtRow = (document.activeElement?.closest('[role=row]') ?? null) !== null;
    const story = storyOf(runs.list?.runs ?? []);
    if (!isAtRow && runs.aside === 'begin' && story !== null) void this.startTour(story);
    else this.onCurrent((run) => void this.open({ from: 'run', run }));
  }

  /** The tour, and the other ways in. */
  begin(): void {
    this.frame.view = 'runs';
    this.runs.form = null;
    this.runs.hasBegin = true;
  }

  /** Asks what the new run shall be. */
  askNew(): void {
    this.frame.view = 'runs';
    this.runs.form = 'newRun';
  }

  async startTour(run: number): Promise<void> {
    if (await this.tour.start(run)) this.frame.view = 'session';
  }

  /** The story with the trainee as the scheduler. */
  async choose(): Promise<void> {
    if ((await this.session.open(storyToChoose)) === null) return;
    this.frame.view = 'session';
    await this.session.ask('session.run', { speed: null });
  }

  /** A new run from the cursor, which goes on under the trainee's hands. */
  async fork(): Promise<void> {
    const seq = this.session.moment?.seq ?? 0;
    await this.session.open({ from: 'fork', run: null, seq });
  }

  /** The same choices on another driver; then both are compared. */
  async forkAs(variant: string): Promise<void> {
    const seq = this.session.moment?.seq ?? 0;
    const state = await this.session.open({ from: 'fork', run: null, seq, variant });
    const parent = state?.parent?.run ?? null;
    if (state?.record.kind === 'replay' && parent !== null) this.compare(parent, state.record.run);
  }

  compare(a: number, b: number): void {
    this.frame.view = 'compare';
    void this.comparing.load(a, b);
  }

  compareSelected(): void {
    const [a, b] = this.runs.selected;
    if (a !== undefined && b !== undefined) this.compare(a, b);
  }

  /** The story and its fixed run, which is its first fork. */
  async compareStory(): Promise<void> {
    const list = await this.session.ask('runs.list', { tag: 'example' });
    const fixed = list?.runs.find(({ variant }) => variant === 'v6.6');
    const story = fixed?.parent?.run ?? null;
    if (fixed !== undefined && story !== null) this.compare(story, fixed.run);
  }

  /** The run that is shown: in the library the current one, else the recording on the bench. */
  exportShown(): void {
    const { session, frame, runs } = this;
    const record = session.state?.record;
    const run =
      frame.view === 'runs' ? runs.current : record?.kind === 'replay' ? record.run : null;
    if (run !== null) void runs.give(run);
    else session.said = texts.exportWhenKept;
  }
}
