// Contexts of execution and the two kinds of code that run in them, told apart by what they yield.
// Atomic code may be preempted but may not block; MaySleep code may do both. Calling a sleeping
// function from atomic code is therefore a type error. See design section 6.

import { callSites } from './stack.ts';

/** Yielded where the policy switches away; the context stays runnable. */
export interface Preempt {
  readonly yields: 'preempt';
}

/** Yielded by a context that has put itself on a wait queue. */
export interface Block {
  readonly yields: 'block';
}

/** Code that may be preempted, never blocks: spinlocked code, interrupt handlers, timers. */
export type Atomic<T> = Generator<Preempt, T, void>;

/** Code that may block: system calls, kernel threads, works. */
export type MaySleep<T> = Generator<Preempt | Block, T, void>;

export const preempt: Preempt = { yields: 'preempt' };
export const block: Block = { yields: 'block' };

/**
 * What the engine sends into a parked context to learn where it stands: instead of going on, the
 * context leaves its call sites in `answer` and parks again. So a stack costs nothing until
 * somebody looks at it.
 */
export class StackQuestion {
  answer: readonly string[] = [];
}

/** What a context is: a schedulable task, or a frame that has borrowed a CPU. */
export type ContextKind = 'task' | 'softirq' | 'hardirq';

/**
 * `ps` letter of a blocked task: D uninterruptible, K uninterruptible but killable (shown as D), S
 * interruptible, I idle kernel thread.
 */
export type SleepState = 'D' | 'K' | 'S' | 'I';

/** Where a context stands with the engine. */
export type RunState = 'runnable' | 'interrupted' | 'spinning' | 'relaxing' | 'blocked' | 'dead';

/** A context that the engine runs. Fields are written by the engine and by kernel/ only. */
export class Task {
  /** Number in the trace, from 1; 0 is the idle machine. */
  readonly number: number;
  /** Stable across runs: the birth path, for example `worker of mlx4_en@card0`. */
  readonly name: string;
  readonly kind: ContextKind;
  /** What `ps` shows. */
  comm: string;
  /**
   * What /proc adds to a worker's comm: `+mlx4_en` while it executes a work of that queue, then
   * `-`.
   */
  commSuffix = '';
  pid = 0;
  parentPid = 0;
  runState: RunState = 'runnable';
  sleepState: SleepState = 'S';
  /** Why the context waits, for `ps` and reports; empty while it runs. */
  waitingFor = '';
  /** Number of the resource that it waits for, 0 for none; of a frame: of its interrupt. */
  blockedOn = 0;
  /** Parked in block() or spin(): it can be asked for its stack. */
  parked = false;
  /** Where it was left at a point; null while it runs, and under most policies (keepsPlaces). */
  leftAt: Error | null = null;
  cpu = 0;
  /** preempt_disable() nesting; the context keeps its CPU while it is not 0. */
  preemptDepth = 0;
  /** local_bh_disable() nesting. */
  softirqDepth = 0;
  /** local_irq_save() nesting. */
  irqsOffDepth = 0;
  /** Context switches so far; the hung task detector watches this. */
  switchCount = 0;
  /** Set by kill(); tasks that sleep interruptibly see it. */
  signalPending = false;
  /** Numbers of the pending signals; kernel/signal.ts keeps signalPending in step. */
  readonly signals = new Set<number>();
  /** Numbers of the signals that the program has handlers for. */
  readonly signalHandlers = new Set<number>();
  /** Virtual time at which the task last blocked, ns. */
  blockedAtNs = 0;
  /** The frame that has interrupted this context, if any. */
  interruptedBy: Task | null = null;
  body: Generator<Preempt | Block, unknown, void>;

  constructor(
    number: number,
    name: string,
    kind: ContextKind,
    body: Generator<Preempt | Block, unknown, void>,
  ) {
    this.number = number;
    this.name = name;
    this.kind = kind;
    this.comm = name;
    this.body = body;
  }

  /**
   * Call sites of a context that blocks or spins, `function@file:line`, innermost first. Empty for
   * one that runs, or could run and has not yet blocked.
   */
  get stack(): readonly string[] {
    if (!this.parked) return [];
    const question = new StackQuestion();
    askForStack(this.body, question);
    return question.answer;
  }

  /**
   * As `stack`, and of a context that was left at a point, too. For a person's eyes: which policy
   * runs decides whether it is known, so nothing that the machine does may depend on it.
   */
  get standsAt(): readonly string[] {
    if (this.parked) return this.stack;
    return this.leftAt === null ? [] : callSites(this.leftAt);
  }

  /** True where sleeping is forbidden. */
  get atomic(): boolean {
    return this.kind !== 'task' || this.preemptDepth > 0 || this.irqsOffDepth > 0;
  }
}

/** Marks in JavaScript stacks where the stack of the asked context ends (see stack.ts). */
function askForStack(body: Task['body'], question: StackQuestion): void {
  (body as Generator<Preempt | Block, unknown, unknown>).next(question);
}
