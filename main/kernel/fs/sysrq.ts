// What `echo w > /proc/sysrq-trigger` and `t` print (drivers/tty/sysrq.c, kernel/workqueue.c;
// facts/driver
// 9.14). Left out: `d` (locks held: needs lockdep) and the keys that stop the machine.

import type { Kernel } from '../kernel.ts';
import { sched_show_task } from '../hung-task.ts';
import { KERN_INFO, printk } from '../printk.ts';
import type { Workqueue } from '../workqueue/pool.ts';

function showBlocked(k: Kernel): void {
  printk(k, KERN_INFO, 'sysrq: Show Blocked State');
  for (const task of k.sim.tasks.values()) {
    if (task.kind !== 'task' || task.runState !== 'blocked') continue;
    if (task.sleepState === 'D' || task.sleepState === 'K') sched_show_task(k, task);
  }
}

function showWorkqueue(k: Kernel, queue: Workqueue, pwq: number): void {
  if (queue.pending.length === 0 && queue.executing.size === 0) return;
  printk(k, KERN_INFO, `workqueue ${queue.name}: flags=0x${queue.maxActive === 1 ? '6000a' : '0'}`);
  const active = queue.executing.size + Math.min(queue.pending.length, queue.maxActive);
  printk(
    k,
    KERN_INFO,
    `  pwq ${pwq}: cpus=0-${k.options.cpus - 1} flags=0x4 nice=0 ` +
      `active=${Math.min(active, queue.maxActive)}/${queue.maxActive}`,
  );
  const running = [...queue.executing].map(([work, task]) => `${task.pid}:${work.functionSite[0]}`);
  if (running.length > 0) printk(k, KERN_INFO, `    in-flight: ${running.join(' ,')}`);
  const free = queue.maxActive - queue.executing.size;
  const names = queue.pending.map((work) => work.functionSite[0]);
  if (names.length > 0 && free > 0) {
    printk(k, KERN_INFO, `    pending: ${names.slice(0, free).join(', ')}`);
  }
  if (names.length > free) printk(k, KERN_INFO, `    inactive: ${names.slice(free).join(', ')}`);
}

function showState(k: Kernel): void {
  printk(k, KERN_INFO, 'sysrq: Show State');
  for (const task of k.sim.tasks.values()) {
    if (task.kind === 'task' && task.runState === 'blocked') sched_show_task(k, task);
  }
  printk(k, KERN_INFO, 'Showing busy workqueues and worker pools:');
  // Every queue here has a pool of its own; on a real machine unbound queues share one.
  for (const queue of k.workqueues.all) showWorkqueue(k, queue, k.options.cpus * 2);
}

/** Handles the first key of the text; unknown keys print the help line. */
export function handle_sysrq(k: Kernel, text: string): void {
  const key = text[0] ?? '';
  if (key === 'w') showBlocked(k);
  else if (key === 't') showState(k);
  else printk(k, KERN_INFO, 'sysrq: HELP : show-task-states(t) show-blocked-tasks(w)');
}
