// What an export must know of a run before it writes its first line: the tasks by number, which of
// them are frames of interrupts, the CPUs, and the wake-ups after which the task never ran. One
// pass over the events.

import { K } from '#trace/kinds.ts';
import type { Trace } from '#trace/trace.ts';

/** A run at a glance. */
export interface Survey {
  /** Stable names by task number; number 0 is no task and has none. */
  readonly taskNames: readonly (string | undefined)[];
  /** Numbers of contexts that are interrupt or softirq frames. */
  readonly frames: ReadonlySet<number>;
  /** Numbers of the CPUs that were used, ascending. */
  readonly cpus: readonly number[];
  /** Events (task.wake) whose task had not run again when the run ended. */
  readonly idleWakes: ReadonlySet<number>;
  /** Time of the last event, ns. */
  readonly endNs: number;
}

/** Looks at every event once. */
export function surveyOf(trace: Trace): Survey {
  const taskNames: (string | undefined)[] = [];
  const frames = new Set<number>();
  const cpus = new Set<number>([0]);
  const wakes = new Map<number, number>();
  let endNs = 0;
  for (const { seq, timeNs, kind, object, place, task, cpu } of trace.events()) {
    endNs = timeNs;
    cpus.add(cpu);
    if (kind === K['task.create']) taskNames[object] = trace.text(place);
    else if (kind === K['task.wake']) wakes.set(object, seq);
    else if (kind === K['task.switch']) wakes.delete(task);
    else if (kind === K['irq.enter'] || kind === K['softirq.enter']) frames.add(task);
  }
  return {
    taskNames,
    frames,
    cpus: [...cpus].sort((a, b) => a - b),
    idleWakes: new Set(wakes.values()),
    endNs,
  };
}

/** Name of a task by number: `task 7` for one whose birth is not in the trace. */
export const taskNameIn = ({ taskNames }: Survey, task: number): string =>
  taskNames[task] ?? `task ${task}`;
