// Runs one user task on a kernel until nothing is left to do, and hands its errors to the test.

import { user_task } from '#kernel/sched.ts';
import type { Kernel } from '#kernel/kernel.ts';
import type { MaySleep } from '#sim/task.ts';
import { second } from '#test/support/machine.ts';

/**
 * Runs `body` as a task to its end; fails when it did not get there within `seconds` of virtual
 * time.
 */
export function runTask(k: Kernel, body: () => MaySleep<void>, seconds = 10): void {
  let done = false;
  user_task(k, 'test', 'test', 1, function* task() {
    yield* body();
    done = true;
  });
  k.sim.run(k.sim.now() + seconds * second);
  if (!done) {
    const stuck = [...k.sim.tasks.values()].find((task) => task.name === 'test');
    throw new Error(`the task did not end: ${stuck?.waitingFor ?? 'it died'}`);
  }
}

/** What the kernel logged, without times. */
export const logLines = (k: Kernel): string[] => k.log.records.map(({ text }) => text);
