// A terminal: a screen, and a shell in a task of its own that takes lines one after the other. A line that
// hangs hangs this terminal only.

import { executeLine } from './shell/execute.ts';
import { emptySource, ScreenSink } from './shell/stream.ts';
import type { ShellState } from './shell/state.ts';
import { user_task } from '#kernel/sched.ts';
import { wait_event_interruptible, wakeAll, WaitQueue } from '#kernel/wait.ts';
import type { MaySleep, Task } from '#sim/task.ts';
import { K } from '#trace/kinds.ts';

/** A line that was typed. */
export interface TypedLine {
  readonly line: string;
  /** Exit status; null while it runs or waits its turn. */
  status: number | null;
}

export class Terminal {
  readonly name: string;
  readonly screen: ScreenSink;
  readonly state: ShellState;
  readonly task: Task;
  /** Somebody to tell when a line is done. */
  readonly lineDone: WaitQueue;
  private readonly queue: TypedLine[] = [];
  private readonly typed: WaitQueue;

  constructor(name: string, state: ShellState) {
    const { k } = state;
    this.name = name;
    this.state = state;
    this.screen = new ScreenSink(k);
    this.typed = new WaitQueue(k, `input of terminal ${name}`);
    this.lineDone = new WaitQueue(k, `line of terminal ${name}`);
    const taskName = name === 'main' ? 'sh' : `sh on ${name}`;
    this.task = user_task(k, taskName, 'sh', 1, () => this.loop());
    state.pid = this.task.pid;
  }

  /** True while a line runs or waits. */
  get busy(): boolean {
    return this.queue.length > 0;
  }

  /** Types a line. It runs when those before it are done. */
  type(line: string): TypedLine {
    const { k } = this.state;
    k.trace.emit(K.input, k.trace.intern(`${this.name}$ ${line}`), 0);
    const typed: TypedLine = { line, status: null };
    this.queue.push(typed);
    wakeAll(this.typed);
    return typed;
  }

  private *loop(): MaySleep<void> {
    for (;;) {
      yield* wait_event_interruptible(this.typed, () => this.queue.length > 0);
      this.state.machine.k.sim.current.signalPending = false;
      const first = this.queue[0];
      if (first === undefined) continue;
      this.screen.put(`$ ${first.line}\n`);
      const streams = { stdin: emptySource, stdout: this.screen, stderr: this.screen };
      first.status = yield* executeLine(this.state, first.line, streams);
      this.queue.shift();
      wakeAll(this.lineDone);
    }
  }
}
