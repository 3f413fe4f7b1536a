// What detectors found in a run, in one shape: when, what, which objects and tasks, at which places
// in the code. The kernel and the wait graph keep their own records; nothing is parsed out of text.

import type { Actor, CycleStep, Deadlock } from '#detect/graph.ts';
import { deadlockSentence } from '#detect/sentence.ts';
import type { Kernel, KernelFinding } from '#kernel/kernel.ts';
import type { Task } from '#sim/task.ts';

/** Every kind of finding. */
export const findingKinds = [
  /** Waiters that only each other can release. */
  'deadlock',
  /** A report of the hung task detector. */
  'hung',
  /** A crash of the kernel. */
  'oops',
  /** might_sleep(): sleeping where that is forbidden. */
  'atomicSleep',
  /** unregister_netdevice: waiting for … */
  'netdevReference',
  /** WARN_ON(). */
  'warning',
  /** A check of the scenario that does not hold. */
  'failedCheck',
] as const;

export type FindingKind = (typeof findingKinds)[number];

/** One finding. */
export interface Finding {
  readonly kind: FindingKind;
  readonly timeNs: number;
  /** One sentence, or the kernel's own line. */
  readonly text: string;
  /** Names of tasks, works, locks, references. */
  readonly objects: readonly string[];
  /** `function@file:line`, where the tasks stand. */
  readonly places: readonly string[];
}

/** A living task by its stable name. */
export const taskNamed = (k: Kernel, name: string): Task | undefined =>
  [...k.sim.tasks.values()].find((task) => task.name === name);

/** The task that an actor of the wait graph is, or is executed by. */
export const taskOfActor = (k: Kernel, actor: Actor): Task | undefined =>
  taskNamed(k, (actor.executor ?? actor).name);

/** No place is an empty list. */
const placesOf = (place: string): string[] => (place === '' ? [] : [place]);

const unique = (texts: readonly string[]): string[] => [...new Set(texts)];

const objectsOfStep = ({ waiter, resource, holder }: CycleStep): string[] => [
  waiter.name,
  resource.name,
  holder.name,
];

function deadlockFinding(deadlock: Deadlock): Finding {
  const { steps, timeNs } = deadlock;
  return {
    kind: 'deadlock',
    timeNs,
    text: deadlockSentence(deadlock),
    objects: unique(steps.flatMap(objectsOfStep)),
    places: unique(steps.flatMap(({ place }) => placesOf(place))),
  };
}

const kernelFinding = ({ kind, timeNs, text, task, place }: KernelFinding): Finding => ({
  kind,
  timeNs,
  text,
  objects: [task],
  places: placesOf(place),
});

/** Everything that was found so far, in the order of time. */
export function findingsOf(k: Kernel): Finding[] {
  const deadlocks = k.graph.deadlocks.map(deadlockFinding);
  const others = k.findings.map(kernelFinding);
  return [...deadlocks, ...others].sort((a, b) => a.timeNs - b.timeNs);
}

/** True for a hung task report whose task has not run since. */
export function stillHangs(k: Kernel, finding: KernelFinding): boolean {
  const task = taskNamed(k, finding.task);
  return task?.runState === 'blocked' && task.blockedAtNs <= finding.timeNs;
}
