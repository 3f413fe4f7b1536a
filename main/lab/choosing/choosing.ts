// A person as the scheduler of a live session: the question that is open, what was picked so far,
// and taking a pick back. Taking back runs the session again up to the question: the same answers
// but the last.

import { PersonPolicy } from '#explore/person.ts';
import { untilBlocked } from '#explore/until-blocked.ts';
import type { Policy } from '#sim/policy.ts';
import { Fold } from '../fold/fold.ts';
import { pieces } from '../record/piece.ts';
import type { RunHead } from '../record/run-record.ts';
import { Replay } from '../replay/replay.ts';
import type { ScenarioRun } from '../run.ts';
import { questionOf } from './cards.ts';
import type { OpenQuestion } from './cards.ts';

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
}

/** The scheduler's side of one live session. */
export class Choosing {
  readonly run: ScenarioRun;
  readonly picks: PickedTask[];
  private readonly policy: PersonPolicy;

  /** `picks`: those that were made before a pick was taken back. */
  constructor(run: ScenarioRun, policy: PersonPolicy, picks: readonly PickedTask[] = []) {
    this.run = run;
    this.policy = policy;
    this.picks = [...picks];
  }

  /** The scheduler's side of a session under this policy; null when no person chooses there. */
  static of(run: ScenarioRun, policy: Policy): Choosing | null {
    return policy instanceof PersonPolicy ? new Choosing(run, policy) : null;
  }

  get isAsking(): boolean {
    return !this.policy.isAnswered && this.run.machine.k.sim.undecided.length > 0;
  }

  get state(): ChoosingState {
    const { picks, policy } = this;
    return { picks, question: this.question(), letsRun: policy.substitute !== null };
  }

  private question(): OpenQuestion | null {
    const { sim, trace } = this.run.machine.k;
    if (!this.isAsking) return null;
    const fold = new Fold();
    for (const piece of pieces(trace, 0, trace.count)) fold.apply(piece);
    return questionOf(trace, fold, sim.undecided, sim.undecidedFrom);
  }

  /** Answers. False when that task cannot be picked. */
  pick(task: string): boolean {
    const { sim, trace } = this.run.machine.k;
    const card = this.question()?.cards.find((each) => each.task === task);
    if (card === undefined) return false;
    const { verb, object } = card;
    this.picks.push({ task, verb, object, seq: trace.count, timeNs: sim.now() });
    this.policy.pick(task);
    return true;
  }

  /** Lets the plain policy answer, or not any more. */
  letRun(on: boolean): void {
    this.policy.substitute = on ? untilBlocked() : null;
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
    return new Choosing(replay.run, policy, this.picks.slice(0, -1));
  }
}
