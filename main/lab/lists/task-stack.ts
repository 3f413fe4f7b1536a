// What a live machine knows of a task and the trace does not: its process id, and the functions
// that it sleeps in, as /proc/PID/stack has them.

import { procStackFrames } from '#kernel/stack.ts';
import type { LabMachine } from '../machine.ts';
import type { TaskStack } from './task-list.ts';

/** The task with a number of the trace, or null when it has gone. */
export function procStackOf({ k }: LabMachine, number: number): TaskStack | null {
  const task = k.sim.tasks.get(number);
  if (task === undefined) return null;
  const { pid, runState, stack } = task;
  return { pid, stack: runState === 'blocked' ? procStackFrames(stack) : [] };
}
