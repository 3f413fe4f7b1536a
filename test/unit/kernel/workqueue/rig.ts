// For tests of works: a work that tells of itself, and a run of one thread.

import type { Kernel } from '#kernel/kernel.ts';
import { msleep } from '#kernel/time/delay.ts';
import { INIT_WORK } from '#kernel/workqueue.ts';
import type { WorkStruct } from '#kernel/workqueue.ts';
import type { MaySleep } from '#sim/task.ts';
import { second } from '#test/support/machine.ts';
import { thread } from '#test/support/threads.ts';

/** A work that sleeps and writes down when it begins and ends. */
export const sleeper = (k: Kernel, name: string, log: string[], milliseconds = 10): WorkStruct =>
  INIT_WORK(k, name, function* (): MaySleep<void> {
    log.push(`${name}+`);
    yield* msleep(k, milliseconds);
    log.push(`${name}-`);
  });

/** Runs one thread to its end and lets the rest of the machine settle. */
export function run(k: Kernel, body: () => MaySleep<void>): void {
  thread(k, 'user', body);
  k.sim.run(100 * second);
}
