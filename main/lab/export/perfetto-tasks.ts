// The tasks of a run as tracks of a trace JSON: when each of them executes, what it waits for, what
// a worker works on; interrupt and softirq frames on the tracks of their CPUs; wake-ups as flows
// from the slice of the waker to the slice in which the woken task executes.
//
// One context executes at a time (main/sim), so a slice "running" ends where another context is
// switched in. Between the end of a wait and the next "running" the task was ready. What a task
// waits for for ever is a slice without end. A frame that dies of an oops ends with the next frame.

import { K } from '#trace/kinds.ts';
import type { Trace, TraceEvent } from '#trace/trace.ts';
import type { Survey } from './survey.ts';
import { remembered } from './text.ts';
import { cpuTrack, machineTrack, taskTrack } from './trace-json.ts';
import type { Track, TraceJson } from './trace-json.ts';

/** What is open on a task's track above its works. */
type Top = 'none' | 'running' | 'waiting';

/** Draws tasks and frames. */
export class TaskTracks {
  private readonly out: TraceJson;
  private readonly survey: Survey;
  private readonly quoted: (text: number) => string;
  /** By task. */
  private readonly tops: Top[] = [];
  /** Works that a task executes, by task. */
  private readonly works: number[] = [];
  /** Numbers of the wake-ups (events) that a task has not answered yet, by task. */
  private readonly pendingWakes: (number | undefined)[] = [];
  /** Frames that are open on a CPU, the innermost last. */
  private readonly frames: number[][] = [];
  /** The task that executes, or 0. */
  private running = 0;

  constructor(out: TraceJson, trace: Trace, survey: Survey) {
    this.out = out;
    this.survey = survey;
    this.quoted = remembered((text) => JSON.stringify(trace.text(text)));
  }

  /** The track on which what happens in an event's context is drawn. */
  trackOf({ task, cpu }: TraceEvent): Track {
    if (task === 0) return machineTrack;
    return this.survey.frames.has(task) ? cpuTrack(cpu) : taskTrack(task);
  }

  private startRunning(task: number, timeNs: number): void {
    this.out.begin(taskTrack(task), timeNs, 'sched', '"running"');
    this.tops[task] = 'running';
  }

  /** Ends what is open above the works of a task. */
  private endTop(task: number, timeNs: number): void {
    if ((this.tops[task] ?? 'none') === 'none') return;
    this.out.end(taskTrack(task), timeNs);
    this.tops[task] = 'none';
  }

  /** task.switch. */
  switched({ task, timeNs }: TraceEvent): void {
    if (this.running !== 0) this.endTop(this.running, timeNs);
    this.running = 0;
    if (this.survey.frames.has(task)) return;
    this.endTop(task, timeNs);
    this.startRunning(task, timeNs);
    this.running = task;
    const wake = this.pendingWakes[task];
    if (wake === undefined) return;
    this.out.flowEnd(taskTrack(task), timeNs, wake);
    this.pendingWakes[task] = undefined;
  }

  /** task.block, task.spin, task.relax: `name` says what for, as JSON. */
  waits({ task, timeNs }: TraceEvent, name: string): void {
    this.running = 0;
    if (this.survey.frames.has(task)) return;
    this.endTop(task, timeNs);
    this.out.begin(taskTrack(task), timeNs, 'wait', name);
    this.tops[task] = 'waiting';
  }

  /** task.wake. The wait of the woken task is over; its flow arrives when it executes. */
  woken(event: TraceEvent): void {
    const { object, seq, timeNs } = event;
    this.endTop(object, timeNs);
    if (this.survey.idleWakes.has(seq)) return;
    const track = this.trackOf(event);
    this.pendingWakes[object] = seq;
    if (this.hasSlice(event)) {
      this.out.flowStart(track, timeNs, seq);
      return;
    }
    this.out.begin(machineTrack, timeNs, 'wake', '"wakes a task"');
    this.out.flowStart(machineTrack, timeNs, seq);
    this.out.end(machineTrack, timeNs);
  }

  private hasSlice({ task, cpu }: TraceEvent): boolean {
    if (this.survey.frames.has(task)) return this.frames[cpu]?.includes(task) === true;
    return task !== 0 && this.tops[task] === 'running';
  }

  /** work.start. */
  startsWork({ task, timeNs, object }: TraceEvent): void {
    this.endTop(task, timeNs);
    this.out.begin(taskTrack(task), timeNs, 'work', this.quoted(object));
    this.works[task] = (this.works[task] ?? 0) + 1;
    this.startRunning(task, timeNs);
  }

  /** work.end. */
  endsWork({ task, timeNs }: TraceEvent): void {
    this.endTop(task, timeNs);
    this.endWorks(task, timeNs, 1);
    this.startRunning(task, timeNs);
  }

  private endWorks(task: number, timeNs: number, most: number): void {
    const open = this.works[task] ?? 0;
    const count = Math.min(open, most);
    for (let n = 0; n < count; n++) this.out.end(taskTrack(task), timeNs);
    this.works[task] = open - count;
  }

  /** task.exit. */
  exits({ task, timeNs }: TraceEvent): void {
    this.endTop(task, timeNs);
    this.endWorks(task, timeNs, Infinity);
    this.running = 0;
  }

  /** irq.enter, softirq.enter. */
  entersFrame({ task, cpu, kind, object, timeNs }: TraceEvent): void {
    this.endFrame(task, cpu, timeNs);
    const category = kind === K['irq.enter'] ? 'irq' : 'softirq';
    this.out.begin(cpuTrack(cpu), timeNs, category, this.quoted(object));
    (this.frames[cpu] ??= []).push(task);
  }

  /** irq.exit, softirq.exit. */
  leavesFrame({ task, cpu, timeNs }: TraceEvent): void {
    this.endFrame(task, cpu, timeNs);
  }

  /** Ends a frame if it is open, and those that died above it. */
  private endFrame(task: number, cpu: number, timeNs: number): void {
    const open = this.frames[cpu];
    if (open?.includes(task) !== true) return;
    while (open.pop() !== task) this.out.end(cpuTrack(cpu), timeNs);
    this.out.end(cpuTrack(cpu), timeNs);
  }

  /** The run is over: who executed does so no longer. Waits, works and frames stay open. */
  finish(timeNs: number): void {
    if (this.running !== 0) this.endTop(this.running, timeNs);
  }
}
