// The end of a process and its parent's wait for it (kernel/exit.c, kernel/fork.c): exit status,
// and wait4(), in which a shell sleeps while a program runs. A child that nobody waits for leaves
// nothing. Left out: zombies in the process list, process groups and sessions, waiting for any
// child.

import type { MaySleep, Task } from '#sim/task.ts';
import { entry_SYSCALL_64_after_hwframe } from './fs/syscalls.ts';
import type { Kernel } from './kernel.ts';
import { user_task } from './sched.ts';
import { wait_event_interruptible, wakeAll, WaitQueue } from './wait.ts';

/** A process that somebody may wait for. */
export class Child {
  readonly task: Task;
  /** Exit status as a shell counts it (128 + signal for a killed one); null while it lives. */
  status: number | null = null;
  private readonly exited: WaitQueue;

  constructor(
    k: Kernel,
    task: { readonly name: string; readonly comm: string; readonly parentPid: number },
    body: () => MaySleep<number>,
  ) {
    this.exited = new WaitQueue(k, `exit of ${task.name}`);
    this.task = user_task(k, task.name, task.comm, task.parentPid, () => this.runProgram(body));
  }

  private *runProgram(body: () => MaySleep<number>): MaySleep<void> {
    this.status = yield* body();
    wakeAll(this.exited);
  }

  /** do_wait(): 0, or -ERESTARTSYS when a signal came first. */
  *do_wait(): MaySleep<number> {
    return yield* wait_event_interruptible(this.exited, () => this.status !== null);
  }
}

function* kernel_wait4(child: Child): MaySleep<number> {
  return yield* child.do_wait();
}

/** wait4(2) for one child: 0, or -ERESTARTSYS when a signal came first. */
export const sys_wait4 = (child: Child): MaySleep<number> =>
  entry_SYSCALL_64_after_hwframe(() => kernel_wait4(child));
