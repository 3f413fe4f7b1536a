// A person as the scheduler of a live session: the question that is open, what was picked so far,
// and taking a pick back. Taking back runs the session again up to the question: the same answers
// but the last.

import { PersonPolicy } from '#explore/person.ts';
import { untilBlocked } from '#explore/until-blocked.ts';
import type { Policy } from '#sim/policy.ts';
import { K } from '#trace/kinds.ts';
import { Fold } from '../fold/fold.ts';
import { Naming } from '../moment/things.ts';
import { TraceIndex } from '../moment/trace-index.ts';
import { pieces } from '../record/piece.ts';
import type { RunHead } from '../record/run-record.ts';
import { TaskNames } from '../record/words.ts';
import { Replay } from '../replay/replay.ts';
import type { ScenarioRun } from '../run.ts';
import { questionOf } from './cards.ts';
import type { OpenQuestion } from './cards.ts';
import { Hints } from './hints.ts';
import type { Hint } from './hints.ts';
import { LastEvents } from './last-events.ts';
import type { ScheduleAsk } from './schedule.ts';
import type { Scene } from './stand.ts';

/** One answer of the person. */
export interface PickedTask {
  readonly task: string;
  readonly verb: string;
  readonly object: string;
  /** Events before the question. */
  readonly seq: number;
  readonly timeNs: number;
}

/** How the choosing stands. */
export interface ChoosingState {
  readonly picks: readonly PickedTask[];
  /** Null while nothing is asked. */
  readonly question: OpenQuestion | null;
  /** The plain policy answers meanwhile. */
  readonly letsRun: boolean;
  /** Hints that were asked for so far, and the one for the open question. */
  readonly hints: number;
  readonly hint: Hint | null;
  /** A cycle has closed: how many choices that took; null before. */
  readonly reached: Reached | null;
}

/** How a closed cycle was come to, from the first question on. */
export interface Reached {
  /** Choices of the person. */
  readonly picked: number;
  /** Choices of the plain policy, while it was let run. */
  readonly letRun: number;
}

/** The shortest way that is known, and how many tries there were to find a shorter one. */
export interface ShortestKnown {
  readonly choices: number;
  readonly tries: number;
}

/** A way from a question, as far as it was gone. */
export interface GoneWay {
  readonly ask: ScheduleAsk;
  /** Answers from there on. */
  readonly answers: readonly string[];
}

/** The scheduler's side of one live session. */
export class Choosing {
  readonly run: ScenarioRun;
  readonly picks: PickedTask[];
  readonly hints: Hints;
  private readonly policy: PersonPolicy;
  private readonly index: TraceIndex;
  private readonly names: TaskNames;
  private readonly last: LastEvents;

  /** `picks` and `hints`: those that were made before a pick was taken back. */
  constructor(
    run: ScenarioRun,
    policy: PersonPolicy,
    { picks = [], hints = 0 }: { picks?: readonly PickedTask[]; hints?: number } = {},
  ) {
    this.run = run;
    this.policy = policy;
    this.picks = [...picks];
    this.hints = new Hints(hints);
    const { graph, sim, trace } = run.machine.k;
    this.index = new TraceIndex(trace);
    this.names = new TaskNames(trace);
    this.last = new LastEvents(trace);
    const { onDeadlock } = graph;
    graph.onDeadlock = (deadlock) => {
      onDeadlock(deadlock);
      this.endsHere = true;
      sim.stop();
    };
  }

  /** True once, when the goal has just been reached: the machine rests, to be looked at. */
  takeEnd(): boolean {
    if (!this.endsHere) return false;
    this.endsHere = false;
    this.letRun(false);
    return true;
  }
  private endsHere = false;

  /** The scheduler's side of a session under this policy; null when no person chooses there. */
  static of(run: ScenarioRun, policy: Policy): Choosing | null {
    return policy instanceof PersonPolicy ? new Choosing(run, policy) : null;
  }

  get isAsking(): boolean {
    return !this.policy.isAnswered && this.run.machine.k.sim.undecided.length > 0;
  }

  get state(): ChoosingState {
    const { picks, policy, hints } = this;
    return {
      picks,
      question: this.question(),
      letsRun: policy.substitute !== null,
      hints: hints.count,
      hint: hints.shown,
      reached: this.reached,
    };
  }

  /** A cycle has closed. */
  get isClosed(): boolean {
    return this.run.machine.k.graph.deadlocks.length > 0;
  }

  /** How the cycle was come to by choices; null before, and without any. */
  get reached(): Reached | null {
    const closed = this.closedAt();
    if (closed === null) return null;
    const picked = this.picks.filter(({ seq }) => seq <= closed).length;
    if (picked === 0) return null;
    return { picked, letRun: this.answersFromFirst().length - picked };
  }

  /** The open question, for a search from it. */
  here(head: RunHead): ScheduleAsk {
    return this.askAt(head, this.run.machine.k.trace.count, this.run.machine.k.sim.now());
  }

  /** The first question that the person answered, and all answers up to the closed cycle. */
  fromFirst(head: RunHead): GoneWay | null {
    const [first] = this.picks;
    if (first === undefined) return null;
    return { ask: this.askAt(head, first.seq, first.timeNs), answers: this.answersFromFirst() };
  }

  private askAt(head: RunHead, seq: number, timeNs: number): ScheduleAsk {
    const { scenarioFile, scenarioText, variant, scripted } = head;
    return {
      head: { scenarioFile, scenarioText, variant, scripted },
      inputs: this.run.machine.inputs,
      answers: this.policy.answeredBefore(seq),
      timeNs,
    };
  }

  /** Number of the event by which a cycle closed; null while none has. */
  private closedAt(): number | null {
    if (!this.isClosed || this.closedSeq !== null) return this.closedSeq;
    const { trace } = this.run.machine.k;
    for (let seq = this.picks[0]?.seq ?? 0; seq < trace.count; seq++) {
      if (trace.event(seq).kind !== K.deadlock) continue;
      this.closedSeq = seq;
      break;
    }
    return this.closedSeq;
  }
  private closedSeq: number | null = null;

  /** Answers from the first pick to the closed cycle, or to now. */
  private answersFromFirst(): string[] {
    const { trace } = this.run.machine.k;
    const closed = this.closedAt();
    const first = this.policy.answeredBefore(this.picks[0]?.seq ?? 0).length;
    return this.policy.answeredBefore(closed ?? trace.count + 1).slice(first);
  }

  private question(): OpenQuestion | null {
    const { sim } = this.run.machine.k;
    if (!this.isAsking) return null;
    return questionOf(this.scene, sim.undecided, sim.undecidedFrom);
  }

  /** The moment, as cards look at it. */
  private get scene(): Scene {
    const { index, names, last } = this;
    const { trace } = this.run.machine.k;
    index.refresh();
    names.refresh();
    last.refresh();
    const fold = new Fold();
    for (const piece of pieces(trace, 0, trace.count)) fold.apply(piece);
    return { naming: new Naming(trace, fold, index), names, last };
  }

  /** Answers. False when that task cannot be picked. */
  pick(task: string): boolean {
    const { sim, trace } = this.run.machine.k;
    const card = this.question()?.cards.find((each) => each.task === task);
    if (card === undefined) return false;
    const { verb, object } = card;
    this.picks.push({ task, verb, object, seq: trace.count, timeNs: sim.now() });
    this.policy.pick(task);
    this.hints.answered(task);
    return true;
  }

  /** Lets the plain policy answer, or not any more. */
  letRun(on: boolean): void {
    this.policy.substitute = on ? untilBlocked() : null;
    this.hints.lost();
  }

  /** The session again, before the last pick; a text says why that cannot be. */
  takenBack(head: RunHead): Choosing | string {
    const { machine } = this.run;
    const { trace, sim } = machine.k;
    const last = this.picks.at(-1);
    if (last === undefined) return 'You have not picked yet.';
    const answered = this.policy.answeredBefore(last.seq);
    const policy = new PersonPolicy(answered);
    const inputs = machine.inputs.filter(({ seq }) => seq < last.seq);
    const replay = new Replay(
      { head, end: null, inputs, choices: sim.choices, trace },
      { policy, live: true },
    );
    if (!replay.advanceTo(last.seq)) {
      return `The choice could not be taken back: ${replay.difference?.said ?? 'the run ends'}`;
    }
    // Nothing is answered any more: this stops at the question, before anything happens.
    replay.run.advance();
    return new Choosing(replay.run, policy, {
      picks: this.picks.slice(0, -1),
      hints: this.hints.count,
    });
  }
}
