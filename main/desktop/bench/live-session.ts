// A machine that runs under a person's hands. The engine has this thread in slices of at most
// `sliceMs`, so that messages and windows are served in between; what the slices do depends on the
// transport keys, and what happens inside of them on the inputs only, which are recorded.

import { Recorder } from '#db/recorder.ts';
import { StoreError } from '#db/store-error.ts';
import { parseHand } from '#lab/hands.ts';
import { machineFacts } from '#lab/moment/facts.ts';
import type { MachineFacts } from '#lab/moment/facts.ts';
import type { Input } from '#lab/scenario/scenario.ts';
import type { RunEnd, RunHead, RunRecord } from '#lab/record/run-record.ts';
import { kindsOfGoal } from '#lab/replay/find-event.ts';
import type { StepGoal } from '#lab/replay/find-event.ts';
import { runEndOf } from '#lab/record/run-record.ts';
import type { ScenarioRun } from '#lab/run.ts';
import type { Trace } from '#trace/trace.ts';
import type { RecordState } from '#contract/session.ts';
import type { Choosing } from '#lab/choosing/choosing.ts';
import type { KeptSoFar } from './own-marks.ts';
import { Refused } from './refused.ts';
import { sliceMs } from './slices.ts';

/** Points between two looks at the clock. */
const lookPoints = 500;
/** Time between two slices while virtual time waits for real time, ms. */
const restMs = 4;
/** Time between two looks at the disk of a paused machine, ms. */
const diskMs = 50;
/** Most points that a step may take before it is given up. */
const stepPointsMax = 20_000_000;

/** What a step goes to: an event of one of these kinds, or any point. */
type Goal = { readonly kinds: readonly number[] } | 'point';

/** What the machine is doing. */
type Motion =
  | { readonly kind: 'paused' }
  /** Virtual time is `virtualNs` at the wall time `wallMs`; speed null: as fast as it goes. */
  | {
      readonly kind: 'running';
      readonly speed: number | null;
      readonly wallMs: number;
      readonly virtualNs: number;
    }
  | { readonly kind: 'stepping'; readonly goal: Goal; readonly from: number; points: number };

export interface LiveOptions {
  readonly run: ScenarioRun;
  readonly head: RunHead;
  /** Database, or null: not kept. */
  readonly file: string | null;
  /** Something has changed. */
  readonly onChange: () => void;
  /** A person chooses who runs, or null. */
  readonly choosing?: Choosing | null;
  /** The library has it. */
  readonly onBegin: () => void;
}

/** A live session. */
export class LiveSession {
  readonly run: ScenarioRun;
  readonly head: RunHead;
  readonly choosing: Choosing | null;
  /** Events per second of wall time, lately. */
  eventsPerSecond = 0;
  /** Why it cannot go on, or null. */
  stopped: string | null = null;
  private motion: Motion = { kind: 'paused' };
  private readonly recorder: Recorder | null;
  private readonly whyNotKept: string = 'this session is not kept';
  private readonly onChange: () => void;
  private timer: NodeJS.Timeout | NodeJS.Immediate | null = null;
  private closed = false;
  private rate = { wallMs: performance.now(), events: 0 };

  constructor({ run, head, file, onChange, onBegin, choosing = null }: LiveOptions) {
    this.run = run;
    this.choosing = choosing;
    this.head = head;
    this.onChange = onChange;
    let recorder: Recorder | null = null;
    try {
      if (file !== null) recorder = new Recorder(file, head, new Date().toISOString());
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      this.whyNotKept = error.message;
    }
    this.recorder = recorder;
    recorder?.watch(run.machine);
    if (recorder !== null) recorder.onBegin = onBegin;
    // A machine comes with the events of its building, and a fork with all that it shares: they go
    // to the disk now, and whoever looks is told until they are there.
    recorder?.flush();
    setImmediate(() => {
      this.tellUntilKept();
    });
  }

  get trace(): Trace {
    return this.run.machine.k.trace;
  }

  /** What its machine is made of. */
  get facts(): MachineFacts {
    return machineFacts(this.run.machine.spec);
  }

  get nowNs(): number {
    return this.run.machine.k.sim.now();
  }

  get running(): boolean {
    return this.motion.kind === 'running';
  }

  /** Virtual seconds for each second; null as fast as it goes, also while paused. */
  get speed(): number | null {
    return this.motion.kind === 'running' ? this.motion.speed : this.lastSpeed;
  }
  private lastSpeed: number | null = 1;

  /** Number in the library while it is recorded; null before the disk has begun. */
  get number(): number | null {
    return this.recorder?.number ?? null;
  }

  /** What of it is on the disk; null before the disk has begun, and when it is not kept. */
  get kept(): KeptSoFar | null {
    const { number, recordState } = this;
    if (number === null || recordState.kind !== 'recording') return null;
    return { run: number, events: this.trace.count - recordState.behind };
  }

  /** The run so far, as a recording. To be asked when it has ended. */
  get record(): RunRecord {
    const { machine } = this.run;
    const { trace, sim } = machine.k;
    return { head: this.head, end: this.end, inputs: machine.inputs, choices: sim.choices, trace };
  }
  private end: RunEnd | null = null;

  get recordState(): RecordState {
    if (this.recorder === null) return { kind: 'notKept', why: this.whyNotKept };
    const { behind, failure } = this.recorder.state;
    if (failure !== null) return { kind: 'notKept', why: failure.message };
    return { kind: 'recording', behind };
  }

  /** Lets it run. */
  start(speed: number | null): void {
    this.refuseWhenStopped();
    this.lastSpeed = speed;
    this.motion = { kind: 'running', speed, wallMs: performance.now(), virtualNs: this.nowNs };
    this.plan(0);
    this.onChange();
  }

  pause(): void {
    this.motion = { kind: 'paused' };
    this.eventsPerSecond = 0;
    this.recorder?.flush();
    this.tellUntilKept();
  }

  /** While nothing happens, what still changes is how far the disk is. */
  private tellUntilKept(): void {
    this.onChange();
    const { recordState, closed, motion } = this;
    const isBehind = recordState.kind === 'recording' && recordState.behind > 0;
    if (!isBehind || closed || motion.kind !== 'paused') return;
    setTimeout(() => {
      this.tellUntilKept();
    }, diskMs);
  }

  /** Goes on to where the step leads, and stops there. */
  step(to: StepGoal): void {
    this.refuseWhenStopped();
    const kinds = kindsOfGoal(this.trace, to, this.trace.count);
    const goal = kinds === null ? 'point' : { kinds };
    this.motion = { kind: 'stepping', goal, from: this.trace.count, points: 0 };
    this.plan(0);
  }

  /** A person does something. Throws Refused. */
  enter(input: Input): void {
    this.refuseWhenStopped();
    const problem = this.run.machine.enter(input);
    if (problem !== null) throw new Refused(problem);
    this.recorder?.flush();
    this.tellUntilKept();
  }

  /** A question of the scheduler was answered: on to the next one. */
  goOn(): void {
    if (this.motion.kind === 'paused') this.start(null);
    else this.plan(0);
  }

  /** A line of what hands do. Throws Refused. */
  hand(line: string): void {
    const input = parseHand(line, this.run.machine.spec);
    if (typeof input === 'string') throw new Refused(input);
    this.enter(input);
  }

  private refuseWhenStopped(): void {
    if (this.stopped !== null) throw new Refused(`The machine has stopped: ${this.stopped}.`);
  }

  /** Ends it and waits for the disk: its number in the library, or null when it is not kept. */
  async close(): Promise<number | null> {
    if (this.closed) return null;
    this.closed = true;
    this.motion = { kind: 'paused' };
    const end = runEndOf(this.run.result());
    this.end = end;
    this.stopped = 'it has ended';
    try {
      return (await this.recorder?.finish(end, new Date().toISOString())) ?? null;
    } catch (error) {
      if (error instanceof StoreError) return null;
      throw error;
    }
  }

  private plan(waitMs: number): void {
    if (this.timer !== null || this.closed) return;
    const slice = (): void => {
      this.timer = null;
      this.slice();
    };
    this.timer = waitMs === 0 ? setImmediate(slice) : setTimeout(slice, waitMs);
  }

  /** One slice of the engine's time. */
  private slice(): void {
    const { motion } = this;
    if (motion.kind === 'paused' || this.closed) return;
    const endMs = performance.now() + sliceMs;
    const untilNs = motion.kind === 'running' ? this.targetNs(motion) : Infinity;
    while (performance.now() < endMs && this.motion === motion && this.nowNs < untilNs) {
      if (motion.kind === 'stepping') this.stepOn(motion, endMs);
      else if (!this.advance(untilNs, lookPoints)) break;
    }
    this.recorder?.flush();
    this.measure();
    if (this.motion.kind === 'paused') this.tellUntilKept();
    else this.onChange();
    if (this.motion === motion) this.plan(this.nowNs >= untilNs ? restMs : 0);
  }

  private targetNs({ speed, wallMs, virtualNs }: Motion & { kind: 'running' }): number {
    if (speed === null) return Infinity;
    return virtualNs + (performance.now() - wallMs) * 1e6 * speed;
  }

  private stepOn(motion: Motion & { kind: 'stepping' }, endMs: number): void {
    const { trace } = this;
    while (performance.now() < endMs && this.motion === motion) {
      const before = trace.count;
      if (!this.advance(Infinity, 1)) return;
      if (isReached(trace, before, motion.goal)) return this.pause();
      if (++motion.points > stepPointsMax) return this.pause();
    }
  }

  /** Lets the engine go on; false when it has come to an end that no time mends. */
  private advance(untilNs: number, points: number): boolean {
    const stop = this.run.advance(untilNs, points);
    const { machine } = this.run;
    if (this.choosing?.takeEnd() === true) return this.rest();
    // The person is asked: the answer goes on (goOn).
    if (stop === 'undecided') return this.rest();
    if (stop === 'stepLimit') this.stopped = 'step limit';
    else if (machine.halted) this.stopped = 'it was shut down';
    // Nothing is left to do until somebody does something.
    else if (stop !== 'quiescent') return true;
    return this.rest();
  }

  /** Nothing goes on until somebody does something. */
  private rest(): false {
    this.motion = { kind: 'paused' };
    this.eventsPerSecond = 0;
    return false;
  }

  private measure(): void {
    const wallMs = performance.now();
    const passedMs = wallMs - this.rate.wallMs;
    if (passedMs < 250) return;
    this.eventsPerSecond = ((this.trace.count - this.rate.events) / passedMs) * 1000;
    this.rate = { wallMs, events: this.trace.count };
  }
}

/** True when something that the step goes to has happened since `from`. */
function isReached(trace: Trace, from: number, goal: Goal): boolean {
  if (goal === 'point') return trace.count > from;
  for (let seq = from; seq < trace.count; seq++) {
    if (goal.kinds.includes(trace.event(seq).kind)) return true;
  }
  return false;
}
