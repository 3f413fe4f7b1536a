// The hung task detector (kernel/hung_task.c, facts/driver 9.10), by its true rules: khungtaskd
// sleeps, looks at every task in state D, remembers its context switches, and reports one that has
// not run between two looks. A task that polls is never reported: that is why it is blind to the
// writer of the story. After an oops it reports nobody. Times are jiffies, rounded as the timer
// wheel does. Left out: hung_task_panic, hung_task_check_count, backtraces of all CPUs.

import type { MaySleep, Task } from '#sim/task.ts';
import { K } from '#trace/kinds.ts';
import { print_worker_info, traceLines } from './dump-stack.ts';
import type { Kernel } from './kernel.ts';
import { KERN_ERR, KERN_INFO, printk } from './printk.ts';
import { kthread_run, schedule, wake_up_process } from './sched.ts';
import { placeOf } from './stack.ts';
import { print_tainted, test_taint } from './taint.ts';
import { schedule_timeout_interruptible } from './time/delay.ts';

/** What was seen of a task at the first look since it last ran. */
interface Sighting {
  readonly switchCount: number;
  readonly jiffies: number;
}

/** Sysctls of /proc/sys/kernel, with the kernel's defaults. */
export interface HungTaskSysctls {
  hung_task_timeout_secs: number;
  hung_task_check_interval_secs: number;
  hung_task_warnings: number;
}

export class HungTaskDetector {
  readonly sysctls: HungTaskSysctls = {
    hung_task_timeout_secs: 120,
    hung_task_check_interval_secs: 0,
    hung_task_warnings: 10,
  };
  /** When it looked at the tasks, ns. */
  readonly checkTimesNs: number[] = [];
  private readonly k: Kernel;
  private readonly seen = new Map<Task, Sighting>();
  private watchdogTask: Task | null = null;

  constructor(k: Kernel) {
    this.k = k;
  }

  /** Starts khungtaskd. */
  start(): void {
    this.tellTimeout();
    this.watchdogTask = kthread_run(this.k, 'khungtaskd', 'khungtaskd', () => this.watchdog());
  }

  /** A time-out or interval was changed: khungtaskd looks at it now. */
  retime(): void {
    this.tellTimeout();
    if (this.watchdogTask !== null) wake_up_process(this.k, this.watchdogTask);
  }

  private tellTimeout(): void {
    const { trace } = this.k;
    const name = trace.intern('hung_task_timeout_secs');
    trace.emit(K.sysctl, name, this.sysctls.hung_task_timeout_secs);
  }

  private *watchdog(): MaySleep<void> {
    const { k } = this;
    let lastJiffies = k.jiffies;
    for (;;) {
      const timeout = this.sysctls.hung_task_timeout_secs;
      const every = this.sysctls.hung_task_check_interval_secs;
      const interval = every === 0 ? timeout : Math.min(every, timeout);
      const left = lastJiffies - k.jiffies + interval * k.HZ;
      if (timeout > 0 && left <= 0) {
        this.check_hung_uninterruptible_tasks(timeout);
        lastJiffies = k.jiffies;
        continue;
      }
      if (timeout > 0) yield* schedule_timeout_interruptible(k, left);
      else yield* schedule(k, 'S', 'sleep');
    }
  }

  private check_hung_uninterruptible_tasks(timeoutSeconds: number): void {
    this.checkTimesNs.push(this.k.sim.now());
    this.k.trace.emit(K['hung.look'], 0, timeoutSeconds);
    if (test_taint(this.k, 'D')) return;
    for (const task of this.seen.keys()) {
      if (task.runState === 'dead') this.seen.delete(task);
    }
    for (const task of this.k.sim.tasks.values()) {
      if (task.kind !== 'task' || task.runState !== 'blocked' || task.sleepState !== 'D') continue;
      this.check_hung_task(task, timeoutSeconds);
    }
  }

  private check_hung_task(task: Task, timeoutSeconds: number): void {
    const { jiffies, HZ } = this.k;
    const sighting = this.seen.get(task);
    if (sighting?.switchCount !== task.switchCount) {
      this.seen.set(task, { switchCount: task.switchCount, jiffies });
      return;
    }
    if (jiffies - sighting.jiffies < timeoutSeconds * HZ) return;
    this.report(task, Math.floor((jiffies - sighting.jiffies) / HZ));
  }

  private report(task: Task, seconds: number): void {
    const { k, sysctls } = this;
    const text = `task ${task.comm}:${task.pid} blocked for more than ${seconds} seconds.`;
    if (sysctls.hung_task_warnings === 0) return;
    if (sysctls.hung_task_warnings > 0) sysctls.hung_task_warnings--;
    const place = placeOf(task.stack);
    k.report({ kind: 'hung', timeNs: k.sim.now(), task: task.name, text, place });
    printk(k, KERN_ERR, `INFO: ${text}`);
    printk(k, KERN_ERR, `      ${print_tainted(k)} ${k.options.release} #1`);
    printk(
      k,
      KERN_ERR,
      '"echo 0 > /proc/sys/kernel/hung_task_timeout_secs" disables this message.',
    );
    sched_show_task(k, task);
    if (sysctls.hung_task_warnings === 0 && k.is612) {
      const name = 'sysctl kernel.hung_task_warnings';
      printk(k, KERN_INFO, `Future hung task reports are suppressed, see ${name}`);
    }
  }
}

/** sched_show_task(): state line, workqueue line and call trace of a task. */
export function sched_show_task(k: Kernel, task: Task): void {
  const comm = task.comm.slice(0, 15).padEnd(15);
  const pid = String(task.pid).padEnd(5);
  const tgid = k.is612 ? ` tgid:${pid}` : '';
  const flags = task.parentPid === 2 ? '0x00004000' : '0x00000000';
  const state = task.sleepState === 'K' ? 'D' : task.sleepState;
  printk(
    k,
    KERN_INFO,
    `task:${comm} state:${state} stack:0     pid:${pid}${tgid} ` +
      `ppid:${String(task.parentPid).padEnd(6)} flags:${flags}`,
  );
  const worker = print_worker_info(k, task);
  printk(k, KERN_INFO, [...worker, ...traceLines(task.stack)].join('\n'));
}
