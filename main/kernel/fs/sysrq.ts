// What `echo w > /proc/sysrq-trigger` and `t` print (drivers/tty/sysrq.c, kernel/workqueue.c;
// facts/driver 9.14). Left out: `d` (locks held: needs lockdep), the keys that stop the machine,
// and a queue's refcnt.

import type { Task } from '#sim/task.ts';
import { sched_show_task } from '../hung-task.ts';
import type { Kernel } from '../kernel.ts';
import { KERN_INFO, printk } from '../printk.ts';
import type { Workqueue } from '../workqueue/pool.ts';

/** Tasks that sleep. What has no process id is the lab's own, and none of the kernel's. */
const blockedTasks = (k: Kernel): Task[] =>
  [...k.sim.tasks.values()].filter(
    ({ kind, pid, runState }) => kind === 'task' && pid > 0 && runState === 'blocked',
  );

function showBlocked(k: Kernel): void {
  printk(k, KERN_INFO, 'sysrq: Show Blocked State');
  for (const task of blockedTasks(k)) {
    if (task.sleepState === 'D' || task.sleepState === 'K') sched_show_task(k, task);
  }
}

function showWorkqueue(k: Kernel, queue: Workqueue, pwq: number): void {
  if (queue.pending.length === 0 && queue.executing.size === 0) return;
  // WQ_UNBOUND, WQ_MEM_RECLAIM, __WQ_ORDERED, __WQ_LEGACY; __WQ_ORDERED_EXPLICIT is gone in 6.12.
  const ordered = k.is612 ? '6000a' : 'e000a';
  const flags = queue.maxActive === 1 ? ordered : queue.unbound ? '2' : '0';
  printk(k, KERN_INFO, `workqueue ${queue.name}: flags=0x${flags}`);
  const active = queue.executing.size + Math.min(queue.pending.length, queue.maxActive);
  printk(
    k,
    KERN_INFO,
    `  pwq ${pwq}: cpus=0-${k.options.cpus - 1} flags=0x4 nice=0 ` +
      `active=${Math.min(active, queue.maxActive)}/${queue.maxActive}`,
  );
  const running = [...queue.executing].map(([work, task]) => `${task.pid}:${work.functionSite[0]}`);
  if (running.length > 0) printk(k, KERN_INFO, `    in-flight: ${running.join(', ')}`);
  const free = queue.maxActive - queue.executing.size;
  const names = queue.pending.map((work) => work.functionSite[0]);
  if (names.length > 0 && free > 0) {
    printk(k, KERN_INFO, `    pending: ${names.slice(0, free).join(', ')}`);
  }
  if (names.length > free) printk(k, KERN_INFO, `    inactive: ${names.slice(free).join(', ')}`);
}

function showState(k: Kernel): void {
  printk(k, KERN_INFO, 'sysrq: Show State');
  for (const task of blockedTasks(k)) sched_show_task(k, task);
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
