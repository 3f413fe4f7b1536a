// The bench: the one session that every window looks at. A new session takes the place of the one
// before, which is ended and kept.

import { programHash, programVersion } from '#db/program.ts';
import { identityOf } from '#db/list.ts';
import { loadRun, runRow } from '#db/reader.ts';
import { withRuns } from '#db/open.ts';
import { choosePolicy, makePolicy } from '#lab/policy.ts';
import { ScenarioRun } from '#lab/run.ts';
import { machineFacts } from '#lab/moment/facts.ts';
import { Moments } from '#lab/moment/moment.ts';
import type { Moment } from '#lab/moment/moment.ts';
import type { ForkPoint, RunHead } from '#lab/record/run-record.ts';
import { Lists } from '#lab/lists/lists.ts';
import { Timeline } from '#lab/timeline/timeline.ts';
import type { Fold } from '#lab/fold/fold.ts';
import { seqAtTime } from '#lab/replay/moment.ts';
import type { BodyOf } from '#contract/requests.ts';
import type { SessionState } from '#contract/session.ts';
import { Choosing } from '#lab/choosing/choosing.ts';
import { LiveSession } from './live-session.ts';
import { RecordedSession } from './recorded-session.ts';
import { Refused } from './refused.ts';
import { scenarioSource } from './scenarios.ts';

export interface BenchOptions {
  /** Database of runs, or null: nothing is kept. */
  readonly file: string | null;
  /** Told when the session's state has changed. */
  readonly onChange: () => void;
}

/** The bench. */
export class Bench {
  session: LiveSession | RecordedSession;
  /** What is listed of its run. */
  lists: Lists;
  /** Its lanes. */
  timeline: Timeline;
  private readonly options: BenchOptions;
  private number = 1;
  private moments: Moments;

  constructor(options: BenchOptions) {
    this.options = options;
    this.session = this.live({
      from: 'scenario',
      scenario: null,
      variant: 'naive',
      policy: 'until-blocked',
      seed: null,
    });
    this.moments = momentsOf(this.session);
    this.lists = new Lists(this.session.trace);
    this.timeline = new Timeline(this.session.trace);
  }

  /** Puts another session on the bench. Throws Refused, StoreError, ScenarioError. */
  async open(wanted: BodyOf<'session.open'>): Promise<SessionState> {
    const next = wanted.from === 'run' ? this.recorded(wanted.run) : this.live(wanted);
    if (this.session instanceof LiveSession) await this.session.close();
    this.put(next);
    return this.state;
  }

  private put(next: LiveSession | RecordedSession): void {
    this.session = next;
    this.moments = momentsOf(next);
    this.lists = new Lists(next.trace);
    this.timeline = new Timeline(next.trace);
    this.number++;
    this.options.onChange();
  }

  private recorded(run: number): RecordedSession {
    const { file } = this.options;
    if (file === null) throw new Refused('This lab keeps no runs.');
    return new RecordedSession(
      run,
      withRuns(file, (db) => loadRun(db, run)),
    );
  }

  private live(wanted: BodyOf<'session.open'> & { from: 'scenario' }): LiveSession {
    const { file, text, scenario } = scenarioSource(wanted.scenario);
    const policy = choosePolicy(wanted.policy, wanted.seed ?? undefined);
    const { variant } = wanted;
    const scripted = wanted.scenario !== null;
    const chooser = makePolicy(policy);
    const run = new ScenarioRun(scenario, {
      policy: chooser,
      variant,
      scripted,
      live: true,
    });
    const head = {
      scenarioFile: file,
      scenarioName: scenario.name,
      scenarioText: text,
      variant,
      policy: policy.name,
      seed: policy.seed,
      untilNs: null,
      scripted,
      live: true,
      engineVersion: programVersion(),
      programHash: programHash(),
      parent: null,
    };
    return this.begin(run, head, Choosing.of(run, chooser));
  }

  /** Where a run of the library was left for another one; null when it is not there. */
  private forkPoint(run: number | null, seq: number): ForkPoint | null {
    const { file } = this.options;
    if (run === null || file === null) return null;
    return { run: withRuns(file, (db) => identityOf(runRow(db, run))), seq };
  }

  private begin(run: ScenarioRun, head: RunHead, choosing: Choosing | null): LiveSession {
    return new LiveSession({
      run,
      head,
      choosing,
      file: this.options.file,
      onChange: () => {
        this.options.onChange();
      },
    });
  }

  /** Takes the last pick of the scheduler back: the run branches there, the old one is kept. */
  async takeBack(): Promise<void> {
    const { machine } = this;
    if (machine.choosing === null) throw new Refused('Nobody chooses in this session.');
    const choosing = machine.choosing.takenBack(machine.head);
    if (typeof choosing === 'string') throw new Refused(choosing);
    const { seq } = machine.choosing.picks.at(-1)!;
    const parent = this.forkPoint(await machine.close(), seq);
    this.put(this.begin(choosing.run, { ...machine.head, parent }, choosing));
  }

  /** The live session. Throws Refused when a recording is on the bench. */
  get machine(): LiveSession {
    if (this.session instanceof LiveSession) return this.session;
    throw new Refused('This is a recording. Fork here (f) to do that.');
  }

  get state(): SessionState {
    const { session, number } = this;
    const head = session instanceof LiveSession ? session.head : session.record.head;
    const live = session instanceof LiveSession ? session : null;
    const choosing = live?.choosing ?? null;
    return {
      number,
      scenario: head.scenarioName,
      title: head.scenarioName,
      variant: head.variant,
      policy: head.policy,
      seed: head.seed,
      live: live !== null,
      running: live?.running ?? false,
      speed: live?.speed ?? 1,
      timeNs: session.nowNs,
      events: session.trace.count,
      eventsPerSecond: live?.eventsPerSecond ?? 0,
      stopped: live?.stopped ?? null,
      choosing: choosing === null ? null : { isAsking: choosing.isAsking },
      record: session.recordState,
    };
  }

  /** Events before a moment. */
  seqOf(moment: BodyOf<'moment'>): number {
    const { trace } = this.session;
    if (moment.at === 'event') return Math.min(moment.seq, trace.count);
    return moment.at === 'end' ? trace.count : seqAtTime(trace, moment.timeNs);
  }

  /** The folded state at a moment. */
  foldAt(moment: BodyOf<'moment'>): Fold {
    return this.moments.foldAt(this.seqOf(moment));
  }

  /** Everything as it was at a moment. */
  moment(moment: BodyOf<'moment'>): Moment {
    return this.moments.at(this.seqOf(moment));
  }

  /** Ends what is on it. */
  async close(): Promise<void> {
    if (this.session instanceof LiveSession) await this.session.close();
  }
}

const momentsOf = ({ trace, spec }: LiveSession | RecordedSession): Moments =>
  new Moments(trace, machineFacts(spec));
