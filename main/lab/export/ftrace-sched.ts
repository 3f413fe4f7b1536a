// Who is on which CPU, as the kernel's scheduler would tell it: sched_switch lines in which the
// task that leaves a CPU is the one that came before. A task keeps its CPU until it blocks, ends or
// is displaced, also while the engine lets a task on another CPU go on; interrupts run on top of
// it. A context that waits, with nothing to follow at once, leaves its CPU to the idle task.
//
// The trace keeps no sleep states: a task that waits for what it asked for is shown in D
// (uninterruptible), any other sleeper in S.

import { K } from '#trace/kinds.ts';
import type { TraceEvent } from '#trace/trace.ts';
import type { Survey } from './survey.ts';

/** Told of a switch: numbers of tasks, 0 for the idle one. */
export type SwitchLine = (
  cpu: number,
  timeNs: number,
  prev: number,
  prevState: string,
  next: number,
) => void;

/** Operations after which a task may sleep uninterruptibly for their object. */
const uninterruptible: ReadonlySet<number> = new Set([
  K['mutex.lock'],
  K['rwsem.read'],
  K['rwsem.write'],
  K['sem.down'],
  K['completion.wait'],
  K['work.flush'],
  K['work.cancel'],
]);

/** Nobody is leaving a CPU. */
const nobody = -1;

/** Follows the CPUs. */
export class FtraceSched {
  private readonly survey: Survey;
  private readonly line: SwitchLine;
  /** Tasks by CPU. */
  private readonly current: number[] = [];
  /** The CPU that a task had last, by task. */
  private readonly lastCpu: (number | undefined)[] = [];
  /** What a task asked for last, by task. */
  private readonly asked: (number | undefined)[] = [];
  private leavingCpu = nobody;
  private leavingNs = 0;
  private leavingState = '';

  constructor(survey: Survey, line: SwitchLine) {
    this.survey = survey;
    this.line = line;
  }

  /** The task that has a CPU, or 0. */
  taskOn(cpu: number): number {
    return this.current[cpu] ?? 0;
  }

  /** The CPU that a task had last, or another one. */
  cpuOf(task: number, otherwise: number): number {
    return this.lastCpu[task] ?? otherwise;
  }

  /** To be told of every event, before its own line is written. */
  follow(event: TraceEvent): void {
    const { kind, task, object } = event;
    const isSwitch = kind === K['task.switch'] && !this.survey.frames.has(task);
    if (this.leavingCpu !== nobody) this.leave(isSwitch ? event : null);
    if (isSwitch) this.arrive(event);
    else if (uninterruptible.has(kind)) this.asked[task] = object;
  }

  /** A task blocks or ends. It is off its CPU when the next event is known. */
  leaves({ cpu, task, timeNs, object, kind }: TraceEvent): void {
    if (this.taskOn(cpu) !== task) return;
    this.leavingCpu = cpu;
    this.leavingNs = timeNs;
    if (kind === K['task.exit']) this.leavingState = 'X';
    else this.leavingState = object !== 0 && this.asked[task] === object ? 'D' : 'S';
  }

  /** The run is over. */
  finish(): void {
    if (this.leavingCpu !== nobody) this.leave(null);
  }

  /** The idle task takes over, unless the next event is a switch on that CPU at that time. */
  private leave(next: TraceEvent | null): void {
    const cpu = this.leavingCpu;
    const follows = next?.cpu === cpu && next.timeNs === this.leavingNs;
    this.leavingCpu = nobody;
    this.change(cpu, this.leavingNs, follows ? next.task : 0, this.leavingState);
  }

  private arrive({ cpu, task, timeNs }: TraceEvent): void {
    const before = this.cpuOf(task, cpu);
    if (before !== cpu && this.taskOn(before) === task) this.change(before, timeNs, 0, 'R+');
    this.change(cpu, timeNs, task, 'R+');
  }

  private change(cpu: number, timeNs: number, next: number, prevState: string): void {
    const prev = this.taskOn(cpu);
    if (prev === next) return;
    this.line(cpu, timeNs, prev, prev === 0 ? 'R' : prevState, next);
    this.current[cpu] = next;
    if (next !== 0) this.lastCpu[next] = cpu;
  }
}
