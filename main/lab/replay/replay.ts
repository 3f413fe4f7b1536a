// A recorded run, run again: from its scenario, its choices and the inputs of whoever drove it,
// each entered before the very point and at the very time where it was. Every event is held against
// the recording as it happens. The first one that is not the same ends the replay, in words:
// nothing is guessed past it.

import { ReplayPolicy } from '#explore/replay.ts';
import type { Policy } from '#sim/policy.ts';
import { Trace } from '#trace/trace.ts';
import { partingWords, replaySides } from '../compare/difference.ts';
import type { Difference } from '../compare/difference.ts';
import { Matcher } from '../compare/match.ts';
import type { LabMachine } from '../machine.ts';
import { runEndOf } from '../record/run-record.ts';
import { assertAgain } from '../real-run.ts';
import type { RunEnd, RunRecord } from '../record/run-record.ts';
import { ScenarioRun } from '../run.ts';
import { loadScenario } from '../scenario/load.ts';
import { endDifference } from './end-difference.ts';
import { InputsAgain } from './inputs-again.ts';

/** Points between two looks at the recording. */
const slicePoints = 50_000;

export interface ReplayOptions {
  /** Another driver than the recorded one: the first thing that it does otherwise is told. */
  readonly variant?: string;
  /** A person is going to take over: the end of a script is not the end. */
  readonly live?: boolean;
  /** Who runs next, instead of the recorded choices. */
  readonly policy?: Policy;
  /** Told of the machine before it starts. */
  readonly onStart?: (machine: LabMachine) => void;
}

/** What a replay came to. */
export interface Replayed {
  /** Events that are the same on both sides. */
  readonly events: number;
  /** Null when every event, and what the run came to, is the same. */
  readonly difference: Difference | null;
  /** What it came to this time; null when the recording was cut, or left. */
  readonly end: RunEnd | null;
}

/** A replay under way. */
export class Replay {
  readonly run: ScenarioRun;
  readonly record: RunRecord;
  /** Where it left the recording. */
  difference: Difference | null = null;
  private readonly match: Matcher;
  /** Events that were compared. */
  private same = 0;
  private readonly inputs: InputsAgain;

  /**
   * Throws ScenarioError when this program does not know the scenario any more, NotAgain for a run
   * of the real driver.
   */
  constructor(record: RunRecord, options: ReplayOptions = {}) {
    const { head } = record;
    assertAgain(record);
    const trace = new Trace();
    this.record = record;
    this.run = new ScenarioRun(loadScenario(head.scenarioFile, head.scenarioText), {
      policy: options.policy ?? new ReplayPolicy(record.choices, (at) => trace.text(at)),
      trace,
      variant: options.variant ?? head.variant,
      scripted: head.scripted,
      live: options.live ?? head.live,
      ...(head.untilNs === null ? {} : { untilNs: head.untilNs }),
      ...(options.onStart === undefined ? {} : { onStart: options.onStart }),
    });
    this.inputs = new InputsAgain(this.run, record.inputs);
    this.match = new Matcher(record.trace, trace);
  }

  /** Events of the recording that happened again. */
  get events(): number {
    return this.same;
  }

  private get trace(): Trace {
    return this.run.machine.k.trace;
  }

  /** Lets it go on for a while. True as long as there is more to do. */
  advance(): boolean {
    if (this.difference !== null || !this.step(slicePoints)) return false;
    this.compare();
    return this.difference === null;
  }

  /**
   * Goes on to the point before which event `seq` happened, or to the next point after it when
   * several events happened in between. False when the recording was left first.
   */
  advanceTo(seq: number, onProgress: (events: number) => void = () => undefined): boolean {
    while (this.approach(seq, slicePoints)) onProgress(this.same);
    return this.isAt(seq);
  }

  /** A piece of that way, at most so many points. True as long as there is more of it. */
  approach(seq: number, pointsMax: number): boolean {
    if (this.difference !== null || this.trace.count >= seq) return false;
    // A point has one event or more: a part of what is left cannot go too far.
    const points = Math.ceil((seq - this.trace.count) / 8);
    if (!this.step(Math.min(points, pointsMax))) return false;
    this.compare();
    return this.difference === null && this.trace.count < seq;
  }

  /** It stands before event `seq`, and nothing was otherwise on the way. */
  isAt(seq: number): boolean {
    return this.difference === null && this.trace.count >= seq;
  }

  /** One piece of the run, up to the next input at most. False when there is none. */
  private step(pointsMax: number): boolean {
    const { run, inputs } = this;
    const { sim } = run.machine.k;
    const points = inputs.pointsToNext;
    if (points <= 0) {
      inputs.give();
      return true;
    }
    if (run.over || this.isCutHere || run.machine.halted) return false;
    if (points === Infinity) return this.stepFree(pointsMax);
    const until = sim.pointCount + points;
    const stop = run.advance(Infinity, Math.min(pointsMax, points));
    return stop !== 'stepLimit' && (stop !== 'quiescent' || sim.pointCount >= until);
  }

  /** No input is left: on to the end that the recording has. */
  private stepFree(pointsMax: number): boolean {
    const { run, record } = this;
    const untilNs = record.head.live && record.end !== null ? record.end.virtualNs : Infinity;
    const stop = run.advance(untilNs, pointsMax);
    return stop === 'paused' || stop === 'stopped' || (!record.head.live && stop === 'until');
  }

  /** The recording has no more events, and no end. */
  private get isCutHere(): boolean {
    return this.record.end === null && this.trace.count >= this.record.trace.count;
  }

  /** Holds the new events against the recorded ones. */
  private compare(): void {
    const both = Math.min(this.record.trace.count, this.trace.count);
    const seq = this.match.first(this.same);
    if (seq !== null && seq < both) this.part(seq);
    this.same = this.difference?.seq ?? both;
  }

  private part(seq: number): void {
    this.difference = { seq, said: partingWords(this.match, seq, replaySides) };
  }

  /** To be called when there is no more to do: judges the checks and compares how it ended. */
  finish(): Replayed {
    const { record } = this;
    const isOpen = this.difference !== null || this.isCutHere;
    const end = isOpen ? null : runEndOf(this.run.result());
    if (this.difference === null) this.compareEnds(end);
    return {
      events: this.same,
      difference: this.difference,
      end: record.end === null ? null : end,
    };
  }

  /** A recording that was cut may stop where it likes; it must not have more than happens here. */
  private compareEnds(end: RunEnd | null): void {
    const { record, trace } = this;
    this.compare();
    const isShort = trace.count < record.trace.count;
    const isLong = record.end !== null && trace.count > record.trace.count;
    if (this.difference === null && (isShort || isLong)) this.part(this.same);
    if (end !== null) this.difference ??= endDifference(record, end);
  }
}

/** Replays a whole run. */
export function replay(record: RunRecord, options: ReplayOptions = {}): Replayed {
  const replaying = new Replay(record, options);
  while (replaying.advance());
  return replaying.finish();
}
