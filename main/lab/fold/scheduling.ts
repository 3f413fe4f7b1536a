// The part of the fold that is about running: tasks with what they sleep on, works with their
// queues and workers, and what is loaded and bound.

import type { Applies, FoldedEvent } from './event.ts';
import type { Fold } from './fold.ts';
import { dropHold, putHold } from './graph.ts';

/** How a task stands. */
export type TaskState = 'runnable' | 'blocked' | 'spinning' | 'relaxing';

/** A task; numbers are those of the trace. */
export interface FoldedTask {
  readonly name: number;
  readonly state: TaskState;
  /** Object that it waits for, and the text beside it. */
  readonly object: number;
  readonly text: number;
  /** Text of the letter of its sleep: S, D, K or I. */
  readonly sleep: number;
  readonly sinceNs: number;
  /** The one that ran when it was made, and when. */
  readonly parent: number;
  readonly bornNs: number;
}

/** A work: where it is queued and which task runs it; 0 for neither. */
export interface FoldedWork {
  readonly queue: number;
  readonly task: number;
  /** The queue that it was taken from, while it runs; else 0. */
  readonly from: number;
  /** Only its timer runs: it is not on the queue yet. */
  readonly armed: boolean;
  /** When it was queued or began. */
  readonly sinceNs: number;
}

/** How a task stands from now on. */
function stand(
  fold: Fold,
  task: number,
  state: TaskState,
  rest: Partial<Pick<FoldedTask, 'object' | 'text' | 'sleep' | 'sinceNs'>> = {},
): void {
  const { object = 0, text = 0, sleep = 0, sinceNs = 0 } = rest;
  const name = fold.names.get(task) ?? 0;
  const { parent, bornNs } = fold.tasks.get(task) ?? { parent: 0, bornNs: 0 };
  fold.tasks.set(task, { name, state, object, text, sleep, sinceNs, parent, bornNs });
}

function work(fold: Fold, { object, timeNs }: FoldedEvent, change: Partial<FoldedWork>): void {
  const { works } = fold;
  const after = {
    ...(works.get(object) ?? { queue: 0, task: 0, from: 0 }),
    armed: false,
    sinceNs: timeNs,
    ...change,
  };
  if (after.queue === 0 && after.task === 0) works.delete(object);
  else works.set(object, after);
}

export const schedulingApplies: Applies = {
  'task.create': (fold, { object, place, value, timeNs }) => {
    fold.names.set(object, place);
    const rest = { object: 0, text: 0, sleep: 0, sinceNs: timeNs, bornNs: timeNs };
    fold.tasks.set(object, { name: place, state: 'runnable', parent: value, ...rest });
  },
  'task.exit': ({ tasks }, { object }) => tasks.delete(object),
  'irq.exit': ({ tasks }, { task }) => tasks.delete(task),
  'softirq.exit': ({ tasks }, { task }) => tasks.delete(task),
  'task.switch': (fold, { object, timeNs }) => {
    fold.running = object;
    const isRunnable = fold.tasks.get(object)?.state === 'runnable';
    if (!isRunnable) stand(fold, object, 'runnable', { sinceNs: timeNs });
  },
  'task.block': (fold, { task, object, value, place, timeNs }) => {
    stand(fold, task, 'blocked', { object, text: value, sleep: place, sinceNs: timeNs });
  },
  'task.wake': (fold, { object, timeNs }) => {
    stand(fold, object, 'runnable', { sinceNs: timeNs });
  },
  'task.spin': (fold, { task, object, timeNs }) => {
    stand(fold, task, 'spinning', { object, sinceNs: timeNs });
  },
  'task.relax': (fold, { task, timeNs }) => {
    stand(fold, task, 'relaxing', { sinceNs: timeNs });
  },
  'work.queue': (fold, event) => {
    work(fold, event, { queue: event.value });
  },
  'timer.arm': (fold, event) => {
    // A delayed work is armed with the queue that it goes to.
    if (event.value !== 0) work(fold, event, { queue: event.value, armed: true });
  },
  'work.start': (fold, event) => {
    work(fold, event, { queue: 0, task: event.task, from: event.value });
    putHold(fold, 'workqueue', event.value, event.object, event.timeNs);
  },
  'work.end': (fold, event) => {
    work(fold, event, { task: 0, from: 0 });
    dropHold(fold, event.value, event.object);
  },
  'work.cancel': (fold, event) => {
    work(fold, event, { queue: 0 });
  },
  'module.load': ({ modules }, { object }) => modules.add(object),
  'module.unload': ({ modules }, { object }) => modules.delete(object),
  'device.bind': ({ drivers }, { object, value }) => drivers.set(object, value),
  'device.unbind': ({ drivers }, { object }) => drivers.delete(object),
};
