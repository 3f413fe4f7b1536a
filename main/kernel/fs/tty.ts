// A terminal line (drivers/tty/n_tty.c): lines come from outside the machine and wait until a
// program reads them. Only what `ps` shows of a shell at its prompt is modelled: it sleeps in
// n_tty_read(). Left out: line editing, echo, job control, hang-up.

import type { MaySleep } from '#sim/task.ts';
import type { Kernel } from '../kernel.ts';
import { schedule } from '../sched.ts';
import { WaitQueue, wakeAll } from '../wait.ts';
import { entry_SYSCALL_64_after_hwframe } from './syscalls.ts';

export class Tty<Line> {
  private readonly k: Kernel;
  private readonly queue: Line[] = [];
  private readonly input: WaitQueue;

  constructor(k: Kernel, name: string) {
    this.k = k;
    this.input = new WaitQueue(k, `input of ${name}`);
  }

  /** Lines that nobody has read yet. */
  get waiting(): number {
    return this.queue.length;
  }

  /** Somebody types a line. May be called from outside any context. */
  type(line: Line): void {
    this.queue.push(line);
    wakeAll(this.input);
  }

  /** read(2): the next line, or undefined when a signal came first. */
  read(): MaySleep<Line | undefined> {
    return entry_SYSCALL_64_after_hwframe(() => this.n_tty_read());
  }

  private *n_tty_read(): MaySleep<Line | undefined> {
    while (this.queue.length === 0) {
      if (this.k.sim.current.signalPending) return undefined;
      yield* this.wait_woken();
    }
    return this.queue.shift();
  }

  private *wait_woken(): MaySleep<void> {
    this.input.sleepers.push(this.k.sim.current);
    yield* schedule(this.k, 'S', this.input.name);
  }
}
