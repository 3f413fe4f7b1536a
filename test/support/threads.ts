// Threads for tests of engine and kernel: short names, and a look at who is left when a run is
// over.

import type { Kernel } from '#kernel/kernel.ts';
import { kthread_run } from '#kernel/sched.ts';
import type { MaySleep, Task } from '#sim/task.ts';

/** Starts a kernel thread whose comm is its name. */
export const thread = (k: Kernel, name: string, body: () => MaySleep<void>): Task =>
  kthread_run(k, name, name, body);

/** Names of living tasks that are not idle workers, in the order of their making. */
export const livingTasks = (k: Kernel): string[] =>
  [...k.sim.tasks.values()]
    .filter((task) => task.kind === 'task')
    .filter((task) => task.runState !== 'blocked' || task.sleepState !== 'I')
    .map((task) => task.name);

/** Lines of the kernel log. */
export const logLines = (k: Kernel): string[] => k.log.records.map((record) => record.text);

/** Function names of call sites, innermost first. */
export const functionNames = (sites: readonly string[]): string[] =>
  sites.map((site) => site.split('@')[0]!);
