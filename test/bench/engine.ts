// How fast the engine is: points per second with tracing on, what a point costs beside many idle
// tasks, how many softirqs and works pass through it in a second.

import { randomPolicy } from '#explore/random.ts';
import { untilBlocked } from '#explore/until-blocked.ts';
import { Kernel } from '#kernel/kernel.ts';
import { mutex_init, mutex_lock, mutex_unlock } from '#kernel/locking/mutex.ts';
import { user_task } from '#kernel/sched.ts';
import { wait_event, WaitQueue } from '#kernel/wait.ts';
import { alloc_ordered_workqueue, flush_work, INIT_WORK, queue_work } from '#kernel/workqueue.ts';
import type { Policy } from '#sim/policy.ts';
import type { Atomic, MaySleep } from '#sim/task.ts';
import { Trace } from '#trace/trace.ts';

const makeKernel = (policy: Policy): Kernel =>
  new Kernel(
    { cpus: 4, hz: 250, profile: '6.1', release: '6.1.0', pointsMax: 1e9 },
    new Trace(),
    policy,
  );

/** A kernel with two busy tasks that take locks of their own, and `idleTasks` that sleep. */
function busyKernel(idleTasks: number): Kernel {
  const k = makeKernel(randomPolicy(1));
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

/** Runs `points` points after a warm-up and gives how many seconds they took. */
function secondsFor(k: Kernel, points: number): number {
  k.sim.run(1e15, 200_000);
  const start = process.hrtime.bigint();
  k.sim.run(1e15, points);
  return Number(process.hrtime.bigint() - start) / 1e9;
}

/** Points per second of two busy tasks under the random policy, with `idleTasks` asleep. */
export function pointsPerSecond(idleTasks: number, points: number): number {
  return points / secondsFor(busyKernel(idleTasks), points);
}

/**
 * What a point costs beside 1,000 idle tasks, as a multiple of what it costs beside 10. Best
 * against best of rounds in turn: a machine that others use as well may be twice as fast a second
 * later.
 */
export function idleTaskRatio(points: number, rounds: number): number {
  let [few, many] = [0, 0];
  for (let round = 0; round < rounds; round++) {
    few = Math.max(few, pointsPerSecond(10, points));
    many = Math.max(many, pointsPerSecond(1000, points));
  }
  return few / many;
}

/** Softirqs that a task asks for and waits for, one after the other, in a second. */
export function softirqRoundTripsPerSecond(points: number): number {
  const k = makeKernel(untilBlocked());
  const done = new WaitQueue(k, 'done');
  let trips = 0;
  user_task(k, 'asker', 'asker', 1, function* asker(): MaySleep<void> {
    for (;;) {
      const before = trips;
      k.sim.cpus.request(0, 'softirq', 'net', function* net(): Atomic<void> {
        yield* k.sim.spend(100);
        trips++;
        for (const task of done.sleepers.splice(0)) k.sim.wake(task);
      });
      yield* wait_event(done, () => trips > before);
    }
  });
  return rate(k, points, () => trips);
}

/** Works that a task queues and flushes, one after the other, in a second. */
export function workItemsPerSecond(points: number): number {
  const k = makeKernel(untilBlocked());
  const queue = alloc_ordered_workqueue(k, 'queue', 'queue');
  let runs = 0;
  const work = INIT_WORK(k, 'work', function* work(): MaySleep<void> {
    yield* k.sim.spend(100);
    runs++;
  });
  user_task(k, 'user', 'user', 1, function* user(): MaySleep<void> {
    for (;;) {
      yield* queue_work(queue, work);
      yield* flush_work(work);
    }
  });
  return rate(k, points, () => runs);
}

/** How fast a counter grows. */
function rate(k: Kernel, points: number, counter: () => number): number {
  k.sim.run(1e15, 50_000);
  const before = counter();
  const start = process.hrtime.bigint();
  k.sim.run(1e15, points);
  return (counter() - before) / (Number(process.hrtime.bigint() - start) / 1e9);
}

if (import.meta.main) {
  const inMillions = (value: number): string => (value / 1e6).toFixed(2);
  for (const idle of [10, 1000, 10, 1000]) {
    console.log(`${idle} idle: ${inMillions(pointsPerSecond(idle, 3_000_000))} M points/s`);
  }
  console.log(`1000 idle tasks against 10: ${idleTaskRatio(500_000, 8).toFixed(2)} times the cost`);
  console.log(`softirqs: ${inMillions(softirqRoundTripsPerSecond(500_000))} M round trips/s`);
  console.log(`works: ${inMillions(workItemsPerSecond(500_000))} M works/s`);
}
