// The detectors side by side: which fired, which only in part, which stayed silent and why. The
// wait graph is the lab's own and is the truth; the others are the kernel's, by their true rules,
// and what they cannot see is the lesson (facts/driver 7.2, 9.7, 9.10, 9.11).

import { stillStands } from '#detect/graph.ts';
import type { Deadlock } from '#detect/graph.ts';
import { deadlockSentence } from '#detect/sentence.ts';
import type { Kernel } from '#kernel/kernel.ts';
import type { Task } from '#sim/task.ts';
import { stillHangs, taskOfActor } from './findings.ts';
import type { FindingKind } from './findings.ts';

/** Every detector, in the order of the board. */
export const detectorNames = [
  'graph',
  'netdevReference',
  'hungTask',
  'mightSleep',
  'oops',
] as const;
export type DetectorName = (typeof detectorNames)[number];

/** `inPart`: it reported something that is wrong, and missed something that belongs to it. */
export const detectorStates = ['fired', 'inPart', 'silent'] as const;
export type DetectorState = (typeof detectorStates)[number];

/** What a detector says. */
export interface DetectorReport {
  readonly name: DetectorName;
  /** For people. */
  readonly title: string;
  readonly state: DetectorState;
  /** What was seen, or why nothing was. */
  readonly why: string;
}

const titles: Readonly<Record<DetectorName, string>> = {
  graph: 'wait graph',
  netdevReference: 'netdev reference warning',
  hungTask: 'hung task',
  mightSleep: 'might_sleep',
  oops: 'oops',
};

type Said = Pick<DetectorReport, 'state' | 'why'>;

const fired = (why: string): Said => ({ state: 'fired', why });
const silent = (why: string): Said => ({ state: 'silent', why });

const seconds = (ns: number): string => `${(ns / 1e9).toFixed(3)} s`;

const times = (count: number): string => (count === 1 ? 'once' : `${count} times`);

/** Kernel findings of one kind. */
const found = (k: Kernel, kind: FindingKind) => k.findings.filter((one) => one.kind === kind);

/** Reports of every detector, as things stand. */
export function detectorBoard(k: Kernel): DetectorReport[] {
  const said: Readonly<Record<DetectorName, Said>> = {
    graph: graph(k),
    netdevReference: netdevReference(k),
    hungTask: hungTask(k),
    mightSleep: mightSleep(k),
    oops: oops(k),
  };
  return detectorNames.map((name) => ({ name, title: titles[name], ...said[name] }));
}

function graph(k: Kernel): Said {
  const { deadlocks } = k.graph;
  const [first] = deadlocks;
  if (first === undefined) return silent('everybody who waits waits for somebody who can go on');
  const ended = deadlocks.some(stillStands) ? '' : ' (it was ended since)';
  const more = deadlocks.length > 1 ? `, and ${deadlocks.length - 1} more` : '';
  return fired(`at ${seconds(first.timeNs)}: ${deadlockSentence(first)}${ended}${more}`);
}

/** References of netdevs that somebody waits for. */
const awaitedNetdevs = (k: Kernel): string[] =>
  [...k.graph.resources]
    .filter(
      ({ kind, name, waiters }) =>
        kind === 'reference' && name.startsWith('netdev ') && waiters.size > 0,
    )
    .map(({ name }) => name);

function netdevReference(k: Kernel): Said {
  const warnings = found(k, 'netdevReference');
  const [first] = warnings;
  const last = warnings.at(-1);
  if (first !== undefined && last !== undefined) {
    return fired(
      `${times(warnings.length)} since ${seconds(first.timeNs)}; last: "${last.text}". ` +
        'It tells which netdev and how many references, not whose',
    );
  }
  const [awaited] = awaitedNetdevs(k);
  if (awaited === undefined) return silent('nobody waits for the last reference on a netdev');
  return silent(`the wait for ${awaited} has not lasted long enough yet`);
}

/** Tasks of the deadlocks that still stand, each with the time at which its cycle closed. */
function stuckTasks(k: Kernel): Map<Task, number> {
  const stuck = new Map<Task, number>();
  for (const deadlock of k.graph.deadlocks.filter(stillStands)) {
    for (const task of tasksOf(k, deadlock)) {
      if (!stuck.has(task)) stuck.set(task, deadlock.timeNs);
    }
  }
  return stuck;
}

const tasksOf = (k: Kernel, { steps }: Deadlock): Task[] =>
  steps.flatMap(({ waiter }) => taskOfActor(k, waiter) ?? []);

/** Why khungtaskd has not reported a task that is stuck since `sinceNs`. */
function whyNotReported(k: Kernel, task: Task, sinceNs: number): string {
  const { sysctls, checkTimesNs } = k.hungTask;
  if (sysctls.hung_task_timeout_secs === 0) return 'hung_task_timeout_secs is 0';
  if (task.runState === 'blocked' && task.sleepState !== 'D') {
    return `it sleeps in state ${task.sleepState}, and only uninterruptible sleep counts`;
  }
  if (task.runState !== 'blocked' || task.blockedAtNs > sinceNs) {
    const rule = 'only a task that does not run between two checks is reported';
    return `it wakes now and then to look again, and ${rule}`;
  }
  const looks = checkTimesNs.filter((timeNs) => timeNs >= task.blockedAtNs).length;
  const who = looks === 0 ? 'no check has' : 'only one check has';
  return `${who} seen it, and the second one reports`;
}

function hungTask(k: Kernel): Said {
  const reports = found(k, 'hung');
  const reported = new Set(reports.map(({ task }) => task));
  const stuck = stuckTasks(k);
  const missed = [...stuck].filter(([task]) => !reported.has(task.name));
  const reasons = missed.map(
    ([task, sinceNs]) => `${task.name} is not reported: ${whyNotReported(k, task, sinceNs)}`,
  );
  const [first] = reports;
  if (first !== undefined) {
    const lasting = reports.some((report) => stillHangs(k, report)) ? '' : ' (it has run since)';
    const names = [...reported].join(', ');
    const head = `${times(reports.length)} since ${seconds(first.timeNs)}: ${names}${lasting}`;
    const state = missed.length > 0 ? 'inPart' : 'fired';
    return { state, why: [head, ...reasons].join('; ') };
  }
  if (reasons.length > 0) return silent(reasons.join('; '));
  const waiting = [...k.sim.tasks.values()]
    .filter(
      (task) => task.kind === 'task' && task.runState === 'blocked' && task.sleepState === 'D',
    )
    .sort((a, b) => a.blockedAtNs - b.blockedAtNs)[0];
  if (waiting === undefined) return silent('no task is in state D');
  return silent(`${waiting.name}: ${whyNotReported(k, waiting, waiting.blockedAtNs)}`);
}

function mightSleep(k: Kernel): Said {
  const [first, ...more] = found(k, 'atomicSleep');
  if (first === undefined) return silent('nobody slept where sleeping is forbidden');
  return fired(`${times(more.length + 1)}, first at ${seconds(first.timeNs)} in ${first.task}`);
}

function oops(k: Kernel): Said {
  const [first, ...more] = found(k, 'oops');
  if (first === undefined) return silent('nobody touched a freed object or a removed list node');
  return fired(`${times(more.length + 1)}, first at ${seconds(first.timeNs)}: ${first.text}`);
}
