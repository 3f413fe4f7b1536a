// The detectors side by side: which fired, which only in part, which stayed silent and why. The
// wait graph is the lab's own and is the truth; the others are the kernel's, by their true rules,
// and what they cannot see is the lesson. Here the facts come from the live kernel; the rules are
// in board-rules.ts.

import { stillStands } from '#detect/graph.ts';
import type { Deadlock } from '#detect/graph.ts';
import { deadlockSentence } from '#detect/sentence.ts';
import type { Kernel } from '#kernel/kernel.ts';
import { boardOf } from './board-rules.ts';
import type { BoardDeadlock, BoardTask, DetectorReport } from './board-rules.ts';
import { taskOfActor } from './findings.ts';

export { detectorNames, detectorStates } from './board-rules.ts';
export type { DetectorName, DetectorReport, DetectorState } from './board-rules.ts';

const deadlockOf = (k: Kernel, deadlock: Deadlock): BoardDeadlock => ({
  timeNs: deadlock.timeNs,
  sentence: deadlockSentence(deadlock),
  stands: stillStands(deadlock),
  tasks: deadlock.steps.flatMap(({ waiter }) => taskOfActor(k, waiter)?.name ?? []),
});

const tasksOf = (k: Kernel): BoardTask[] =>
  [...k.sim.tasks.values()]
    .filter(({ kind }) => kind === 'task')
    .map(({ name, runState, sleepState, blockedAtNs }) => ({
      name,
      blocked: runState === 'blocked',
      sleep: sleepState,
      blockedAtNs,
    }));

const awaitedNetdevs = (k: Kernel): string[] =>
  [...k.graph.resources]
    .filter(
      ({ kind, name, waiters }) =>
        kind === 'reference' && name.startsWith('netdev ') && waiters.size > 0,
    )
    .map(({ name }) => name);

/** Reports of every detector, as things stand. */
export const detectorBoard = (k: Kernel): DetectorReport[] =>
  boardOf({
    deadlocks: k.graph.deadlocks.map((deadlock) => deadlockOf(k, deadlock)),
    reports: k.findings,
    awaitedNetdevs: awaitedNetdevs(k),
    tasks: tasksOf(k),
    hungTimeoutSeconds: k.hungTask.sysctls.hung_task_timeout_secs,
    hungLooksNs: k.hungTask.checkTimesNs,
  });
