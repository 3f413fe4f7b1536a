// Pids 1 and 2 (init/main.c: rest_init): init, which the lab's user space hangs from, and kthreadd,
// the parent of all kernel threads. kthreadd only sleeps: kthread_run() makes its children itself.

import type { MaySleep } from '#sim/task.ts';
import type { Kernel } from './kernel.ts';
import { schedule } from './sched.ts';

function* kthreadd(k: Kernel): MaySleep<void> {
  for (;;) yield* schedule(k, 'S', 'kthreadd');
}

/** Starts init with `body` as its program, and kthreadd. */
export function rest_init(k: Kernel, body: () => MaySleep<void>): void {
  const init = k.sim.spawn('init', body());
  init.comm = 'init';
  init.pid = 1;
  const threads = k.sim.spawn('kthreadd', kthreadd(k));
  threads.comm = 'kthreadd';
  threads.pid = 2;
}
