// How fast the engine is: points per second with tracing on, and what a point costs beside many
// idle tasks.

import { randomPolicy } from '#explore/random.ts';
import { Kernel } from '#kernel/kernel.ts';
import { mutex_init, mutex_lock, mutex_unlock } from '#kernel/locking/mutex.ts';
import { user_task } from '#kernel/sched.ts';
import { wait_event, WaitQueue } from '#kernel/wait.ts';
import type { MaySleep } from '#sim/task.ts';
import { Trace } from '#trace/trace.ts';

/** A kernel with two busy tasks that take locks of their own, and `idleTasks` that sleep. */
function busyKernel(idleTasks: number): Kernel {
  const k = new Kernel(
    { cpus: 4, hz: 250, profile: '6.1', release: '6.1.0', pointsMax: 1e9 },
    new Trace(),
    randomPolicy(1),
  );
  const never = new WaitQueue(k, 'never');
  for (let i = 0; i < idleTasks; i++) {
    user_task(k, `idle ${i}`, 'idle', 1, () => wait_event(never, () => false));
  }
  for (const name of ['a', 'b']) {
    const lock = mutex_init(k, `lock of ${name}`);
    user_task(k, `busy ${name}`, 'busy', 1, function* busy(): MaySleep<void> {
      for (;;) {
        yield* mutex_lock(lock);
        yield* mutex_unlock(lock);
      }
    });
  }
  return k;
}

/** Points per second of two busy tasks under the random policy, with `idleTasks` asleep. */
export function pointsPerSecond(idleTasks: number, points: number): number {
  const k = busyKernel(idleTasks);
  k.sim.run(1e15, 200_000);
  const start = process.hrtime.bigint();
  k.sim.run(1e15, points);
  return points / (Number(process.hrtime.bigint() - start) / 1e9);
}

if (import.meta.main) {
  for (const idle of [10, 1000, 10, 1000]) {
    console.log(`${idle} idle: ${(pointsPerSecond(idle, 3_000_000) / 1e6).toFixed(2)} M points/s`);
  }
}
