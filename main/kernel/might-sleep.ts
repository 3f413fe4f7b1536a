// Sleeping where that is forbidden (kernel/sched/core.c: __might_resched, __schedule_bug;
// facts/driver
// 9.12). Printed once per second at most, whatever the place, as in the kernel; each place is a
// finding of its own once per second. Left out: "Preemption disabled at", held locks, irq events.

import { captureStack } from '#sim/stack.ts';
import type { Task } from '#sim/task.ts';
import { dump_stack, irqs_disabled, preempt_count, print_modules } from './dump-stack.ts';
import type { Kernel } from './kernel.ts';
import { KERN_DEFAULT, KERN_ERR, printk } from './printk.ts';
import { add_taint } from './taint.ts';

/** Frames of the check itself. */
const ownFrames: readonly string[] = [
  'callerSite',
  'might_sleep',
  '__might_resched',
  '__schedule_bug',
];

/** When complaints were printed, in jiffies. */
export class AtomicSleepLog {
  printedAt: number | null = null;
  readonly foundAt = new Map<string, number>();
}

const rcuDepth = (k: Kernel, task: Task): number => k.rcu.readers.get(task) ?? 0;

const isForbidden = (k: Kernel, task: Task): boolean =>
  task.atomic || task.softirqDepth > 0 || (k.rcu.readers.size > 0 && rcuDepth(k, task) > 0);

/**
 * might_sleep(): complains when the context must not sleep. `place` is file and line of the check
 * in Linux; by default the caller's in this emulation.
 */
export function might_sleep(k: Kernel, place?: string): void {
  const task = k.sim.current;
  if (isForbidden(k, task)) __might_resched(k, task, place);
}

const callerSite = (): string =>
  captureStack().find((each) => !ownFrames.includes(each.split('@')[0]!)) ?? '';

function __might_resched(k: Kernel, task: Task, where: string | undefined): void {
  const place = where ?? callerSite().split('@')[1] ?? 'unknown:0';
  const log = k.atomicSleeps;
  if (k.jiffies - (log.foundAt.get(place) ?? -Infinity) >= k.HZ) {
    log.foundAt.set(place, k.jiffies);
    k.report({
      kind: 'atomicSleep',
      timeNs: k.sim.now(),
      task: task.name,
      text: `sleeping function called from invalid context at ${place}`,
      place: callerSite(),
    });
  }
  if (log.printedAt !== null && k.jiffies < log.printedAt + k.HZ) return;
  log.printedAt = k.jiffies;
  const count = preempt_count(task);
  const irqs = irqs_disabled(task) ? 1 : 0;
  const lines = [
    `BUG: sleeping function called from invalid context at ${place}`,
    `in_atomic(): ${count > 0 ? 1 : 0}, irqs_disabled(): ${irqs}, non_block: 0, ` +
      `pid: ${task.pid}, name: ${task.comm}`,
    `preempt_count: ${count.toString(16)}, expected: 0`,
    `RCU nest depth: ${rcuDepth(k, task)}, expected: 0`,
  ];
  printk(k, KERN_ERR, lines.join('\n'));
  dump_stack(k, ownFrames);
  add_taint(k, 'W');
}

/**
 * The scheduler is called with preemption off. It says so and goes on as if it were on, which is
 * what the kernel does; the later unlock then has nothing to take back.
 */
export function __schedule_bug(k: Kernel): void {
  const task = k.sim.current;
  const count = (preempt_count(task) + 1).toString(16).padStart(8, '0');
  const text = `scheduling while atomic: ${task.comm}/${task.pid}/0x${count}`;
  printk(k, KERN_ERR, `BUG: ${text}`);
  printk(k, KERN_DEFAULT, print_modules(k));
  dump_stack(k, ownFrames);
  add_taint(k, 'W');
  const place = callerSite();
  k.report({ kind: 'atomicSleep', timeNs: k.sim.now(), task: task.name, text, place });
  k.sim.cpus.unpin(task);
}
