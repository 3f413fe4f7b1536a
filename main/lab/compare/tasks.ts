// What each task did in one run that it did not do in the other. A task is its stable name; several
// that had one name after each other count as one. Order: when they first part.

import { align, isEqual } from './aligned.ts';
import type { Alignment, Readings } from './aligned.ts';
import { byText } from './both.ts';

/** A task that did not do the same. */
export interface TaskDifference extends Alignment {
  readonly task: string;
}

/** All tasks. */
export interface TaskComparison {
  /** Tasks that did the same in both. */
  readonly equal: number;
  readonly different: readonly TaskDifference[];
}

/** When it first did something that it did not do in the other run, ns. */
const firstNs = ({ only }: Alignment): number =>
  Math.min(only.a.first[0]?.timeNs ?? Infinity, only.b.first[0]?.timeNs ?? Infinity);

/** Compares task by task. */
export function compareTasks(readings: Readings): TaskComparison {
  const { a, b } = readings;
  const names = [...new Set([...a.tasks.keys(), ...b.tasks.keys()])];
  const length = (name: string): number =>
    (a.tasks.get(name)?.length ?? 0) + (b.tasks.get(name)?.length ?? 0);
  // The short ones first: they are the cheap ones, and what is spent on them is little.
  names.sort((one, other) => length(one) - length(other) || byText(one, other));
  const all = names.map((task) => ({
    task,
    ...align(readings, a.tasks.get(task), b.tasks.get(task)),
  }));
  const different = all.filter((task) => !isEqual(task));
  different.sort((one, other) => firstNs(one) - firstNs(other) || byText(one.task, other.task));
  return { equal: all.length - different.length, different };
}
