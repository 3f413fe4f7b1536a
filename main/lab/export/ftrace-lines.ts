// Lines of the kernel's trace file: the columns (who, CPU, kind of context, time) and the words
// that events share. What an interrupt or a softirq does stands under the name of the task below
// it, what time and hardware do under that of the task on the CPU, as an interrupt.

import { K } from '#trace/kinds.ts';
import type { Trace, TraceEvent } from '#trace/trace.ts';
import { FtraceSched } from './ftrace-sched.ts';
import { taskNameIn } from './survey.ts';
import type { Survey } from './survey.ts';
import { remembered, seconds } from './text.ts';

/** The column of five letters, by kind of context. */
const contexts = { task: '.....', hardirq: 'd.h1.', softirq: '..s1.' } as const;

/** A name as one word: blanks and `=` end a word for every reader. */
const word = (text: string): string => text.replace(/[\s=]+/g, '_');

/** The address that stands for a name. */
export const address = (number: number): string => number.toString(16).padStart(16, '0');

/** Writes lines, following who is on which CPU. */
export class FtraceLines {
  /** What was not handed out yet. */
  text = '';
  readonly sched: FtraceSched;
  /** The text with this number, as one word. */
  readonly word: (text: number) => string;
  private readonly survey: Survey;
  private readonly comm: (task: number) => string;
  private readonly who: (task: number) => string;
  private readonly cpuColumn = remembered((cpu) => `[${String(cpu).padStart(3, '0')}]`);
  /** Frames that are hard interrupts. */
  private readonly hardFrames = new Set<number>();

  constructor(trace: Trace, survey: Survey) {
    this.survey = survey;
    this.word = remembered((text) => word(trace.text(text)));
    this.comm = remembered((task) => word(taskNameIn(survey, task)));
    this.who = remembered((task) => {
      const comm = task === 0 ? '<idle>' : this.comm(task);
      return `${comm.padStart(16)}-${String(task).padEnd(7)}`;
    });
    this.sched = new FtraceSched(survey, (cpu, timeNs, prev, prevState, next) => {
      const before = `${this.ids(prev, cpu, 'prev_')} prev_state=${prevState}`;
      const words = `${before} ==> ${this.ids(next, cpu, 'next_')}`;
      this.put(this.who(prev), cpu, 'd..2.', timeNs, `sched_switch: ${words}`);
    });
  }

  /** Follows an event, before its own line. */
  follow(event: TraceEvent): void {
    if (event.kind === K['irq.enter']) this.hardFrames.add(event.task);
    this.sched.follow(event);
  }

  /** True for contexts that the scheduler knows. */
  isTask = (task: number): boolean => !this.survey.frames.has(task);

  /** `comm=… pid=… prio=…`, each with the prefix that its event wants. */
  ids(task: number, cpu: number, prefix = ''): string {
    const comm = task === 0 ? `swapper/${cpu}` : this.comm(task);
    return `${prefix}comm=${comm} ${prefix}pid=${task} ${prefix}prio=120`;
  }

  /** Writes a line in the context of an event. The lab may speak for a task that has left. */
  write({ task, cpu, timeNs }: TraceEvent, text: string): void {
    const context = task !== 0 && this.isTask(task) ? 'task' : this.frameKind(task);
    this.put(this.who(this.sched.taskOn(cpu)), cpu, contexts[context], timeNs, text);
  }

  private frameKind(task: number): 'hardirq' | 'softirq' {
    return task === 0 || this.hardFrames.has(task) ? 'hardirq' : 'softirq';
  }

  private put(who: string, cpu: number, context: string, timeNs: number, text: string): void {
    const time = seconds(timeNs).padStart(12);
    this.text += `${who} ${this.cpuColumn(cpu)} ${context} ${time}: ${text}\n`;
  }
}
