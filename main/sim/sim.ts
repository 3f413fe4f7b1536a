// The engine: contexts, CPUs, one virtual clock. It runs one context at a time and may switch at
// every point. It holds no policy and no kernel rules; interrupts and softirqs are frames that
// borrow a CPU. A point costs a yield only when the policy switches. See design section 6.
//
// Model: a context that may be preempted can move to any free CPU; one with preemption off, or an
// interrupt frame, keeps its CPU. So several contexts are "on CPU" at once and interleave at
// points.

import { K } from '#trace/kinds.ts';
import type { Trace } from '#trace/trace.ts';
import { Cpus } from './cpus.ts';
import { EventHeap } from './event-heap.ts';
import { Choices } from './choices.ts';
import type { Choice, Policy } from './policy.ts';
import { captureStack, placeHere } from './stack.ts';
import { block, preempt, StackQuestion, Task } from './task.ts';
import type { Atomic, Block, MaySleep, Preempt, SleepState } from './task.ts';

export interface SimOptions {
  readonly trace: Trace;
  readonly policy: Policy;
  /** CPUs of the machine, 1 to 64. */
  readonly cpus: number;
  /** Most points before the run ends with stepLimit. */
  readonly pointsMax: number;
}

/** Why run() came back. */
export type RunStop = 'until' | 'quiescent' | 'stopped' | 'stepLimit' | 'paused' | 'undecided';

/** A choice that the policy has not made yet. */
interface Question {
  readonly eligible: readonly Task[];
  readonly current: Task | null;
  readonly kind: number;
  readonly object: number;
}

/** Virtual cost of one point, ns. */
const pointCostNs = 100;
/** A busy loop looks again after this much time at the latest, while others run. */
const relaxMaxNs = 10_000;

/** Told about contexts that die of an exception (an oops). */
export type CrashHandler = (task: Task, error: unknown) => void;

/** The machine's engine. now() and after() have the shape that hardware models expect. */
export class Sim {
  readonly trace: Trace;
  readonly cpus: Cpus;
  /** Every task that lives, by number. */
  readonly tasks = new Map<number, Task>();
  /** Called when a task body throws. */
  onCrash: CrashHandler = (_task, error) => {
    throw error;
  };
  /** Called when a context has ended, one way or the other. */
  onExit: (task: Task) => void = () => undefined;

  private readonly heap = new EventHeap();
  private readonly runnable: Task[] = [];
  private readonly relaxing: Task[] = [];
  private readonly pointsMax: number;
  private policyNow: Policy;
  private points = 0;
  private fuel = 0;
  private untilNs = 0;
  private stopAsked = false;
  private running: Task | null = null;
  private next: Task | null = null;
  private question: Question | null = null;
  /**
   * The event by which it left: task.block, task.spin, task.exit, irq.exit …; 0 before the first.
   */
  private leftBy = 0;
  private relaxAlarm = false;
  private readonly names = new Set<string>();
  private nextNumber = 1;
  private readonly asked: Choices;

  constructor(options: SimOptions) {
    this.trace = options.trace;
    this.policyNow = options.policy;
    this.pointsMax = options.pointsMax;
    this.cpus = new Cpus(options.cpus, this);
    this.asked = new Choices(options.trace);
  }

  /** The context that runs. Throws outside run(). */
  get current(): Task {
    if (this.running === null) throw new Error('no context is running');
    return this.running;
  }

  /** The context that runs, or null between contexts. */
  get currentOrNull(): Task | null {
    return this.running;
  }

  get policy(): Policy {
    return this.policyNow;
  }

  /** Changes the policy from the next point on. */
  setPolicy(policy: Policy): void {
    this.policyNow = policy;
  }

  /** Switches made so far, for replay. */
  get choices(): readonly Choice[] {
    return this.asked.made;
  }

  /** Points so far. */
  get pointCount(): number {
    return this.points;
  }

  /** Contexts among which the policy has not chosen yet; empty when nothing is asked. */
  get undecided(): readonly Task[] {
    return this.question?.eligible ?? [];
  }

  /** Who runs where the policy has not chosen yet; null when somebody must be picked. */
  get undecidedFrom(): Task | null {
    return this.question?.current ?? null;
  }

  /** Contexts that could run now, in the order in which they became runnable. */
  get runnableTasks(): readonly Task[] {
    return this.runnable;
  }

  now(): number {
    return this.trace.nowNs;
  }

  after(delayNs: number, fn: () => void): void {
    this.heap.push(this.trace.nowNs + Math.max(0, Math.round(delayNs)), fn);
  }

  /** Calls `fn` at an absolute time, ns; a time that is past means now. */
  at(timeNs: number, fn: () => void): void {
    this.heap.push(Math.max(timeNs, this.trace.nowNs), fn);
  }

  /** Makes a runnable context. `name` must be stable across runs. */
  spawn(name: string, body: Generator<Preempt | Block, unknown, void>): Task {
    const task = this.make(name, 'task', body);
    this.runnable.push(task);
    return task;
  }

  /** Makes a context that is not yet runnable; cpus.ts starts interrupt frames with this. */
  make(name: string, kind: Task['kind'], body: Generator<Preempt | Block, unknown, void>): Task {
    const task = new Task(this.nextNumber++, this.unusedName(name), kind, body);
    this.tasks.set(task.number, task);
    const { trace } = this;
    trace.emit(K['task.create'], task.number, this.running?.number ?? 0, trace.intern(task.name));
    return task;
  }

  /** Choices name contexts, so of those that live together no two have one name. */
  private unusedName(name: string): string {
    let unused = name;
    for (let n = 2; this.names.has(unused); n++) unused = `${name} #${n}`;
    this.names.add(unused);
    return unused;
  }

  /**
   * A place where the engine may switch. Records the event, charges its cost and asks the policy.
   * True means: yield `preempt` now. Primitives write `if (sim.point(…)) yield preempt;`.
   */
  point(kind: number, object: number, value = 0): boolean {
    const trace = this.trace;
    trace.emit(kind, object, value);
    trace.nowNs += pointCostNs;
    this.points++;
    if (trace.nowNs >= this.heap.nextNs) this.fireDue();
    const leaves = this.cpus.pending > 0 && this.interrupted();
    return this.settle(leaves || (!this.isAlone() && this.ask(kind, object)));
  }

  private isAlone(): boolean {
    return this.runnable.length === 1 && this.runnable[0] === this.running;
  }

  /** Whether the current context must yield: it leaves, or the run pauses here. */
  private settle(leaves: boolean): boolean {
    if (leaves) this.keepPlace();
    if (--this.fuel > 0 && this.trace.nowNs < this.untilNs) return leaves;
    if (!leaves) this.next = this.running;
    return true;
  }

  private keepPlace(): void {
    if (this.policyNow.keepsPlaces === true) this.current.leftAt = placeHere();
  }

  /** Delivers interrupts. One on the CPU of the current context runs next: that is no choice. */
  private interrupted(): boolean {
    this.cpus.deliver();
    let top = this.running;
    while (top?.interruptedBy) top = top.interruptedBy;
    if (top === this.running) return false;
    this.next = top;
    return true;
  }

  /** Blocks the current context until wake(). The caller has put it where a waker will find it. */
  *block(state: SleepState, waitingFor: string, object = 0): MaySleep<void> {
    const task = this.current;
    task.sleepState = state;
    task.waitingFor = waitingFor;
    task.blockedOn = object;
    task.blockedAtNs = this.trace.nowNs;
    const { trace } = this;
    trace.emit(K['task.block'], object, trace.intern(waitingFor), trace.intern(state));
    this.leave(K['task.block'], 'blocked');
    task.parked = true;
    while (answered(yield block));
    task.parked = false;
    task.waitingFor = '';
  }

  /** Makes a blocked context runnable. False when it was not blocked. */
  wake(task: Task): boolean {
    if (task.runState !== 'blocked') return false;
    this.trace.emit(K['task.wake'], task.number, 0);
    this.resume(task);
    return true;
  }

  /** Parks a context that spins on a held spinlock; unspin() brings it back. May be atomic. */
  *spin(waitingFor: string, object = 0): Atomic<void> {
    const task = this.current;
    task.waitingFor = waitingFor;
    task.blockedOn = object;
    this.trace.emit(K['task.spin'], object, 0);
    this.leave(K['task.spin'], 'spinning');
    task.parked = true;
    while (answered(yield preempt));
    task.parked = false;
    task.waitingFor = '';
  }

  unspin(task: Task): void {
    if (task.runState === 'spinning') this.resume(task);
  }

  /**
   * cpu_relax(): a busy loop has nothing to do until something happens. Others run, for 10 us at
   * most; with nobody else the clock goes to the next event, so that busy-waiting ends.
   */
  *relax(): Atomic<void> {
    const task = this.current;
    this.trace.emit(K['task.relax'], 0, 0);
    this.trace.nowNs += pointCostNs;
    this.points++;
    this.fuel--;
    this.relaxing.push(task);
    this.keepPlace();
    this.leave(K['task.relax'], 'relaxing');
    if (this.runnable.length > 0) this.setRelaxAlarm();
    yield preempt;
  }

  private setRelaxAlarm(): void {
    if (this.relaxAlarm) return;
    this.relaxAlarm = true;
    this.after(relaxMaxNs, () => {
      this.relaxAlarm = false;
    });
  }

  /** Charges CPU time to the current context. */
  *spend(costNs: number): Atomic<void> {
    this.trace.nowNs += costNs;
    if (this.point(K.preempt, 0)) yield preempt;
  }

  /**
   * Runs until `untilNs`, or until nothing is left to do, or `pointsMax` points more. It pauses as
   * well when a context has left and the trace has `eventsMax` events: some come without a point.
   */
  run(untilNs: number, pointsMax = Number.MAX_SAFE_INTEGER, eventsMax = Infinity): RunStop {
    this.stopAsked = false;
    this.untilNs = untilNs;
    this.fuel = Math.min(pointsMax, this.pointsMax - this.points);
    for (;;) {
      if (this.stopAsked) return 'stopped';
      if (this.points >= this.pointsMax) return 'stepLimit';
      if (this.fuel <= 0 || this.trace.count >= eventsMax) return 'paused';
      if (this.question !== null && !this.decide(this.question)) return 'undecided';
      if (this.trace.nowNs >= untilNs) return 'until';
      const task = this.next?.runState === 'runnable' ? this.next : this.pick(untilNs);
      if (this.question !== null) return 'undecided';
      if (task === null) return this.heap.nextNs === Infinity ? 'quiescent' : 'until';
      this.next = task;
      if (this.isStopped()) return 'stopped';
      this.next = null;
      this.step(task);
    }
  }

  /** stop() may have been called by an event that pick() let happen. */
  private isStopped(): boolean {
    return this.stopAsked;
  }

  /** Makes run() return before the next step. */
  stop(): void {
    this.stopAsked = true;
    this.fuel = 0;
  }

  /** Takes a context off the run queue. */
  suspend(task: Task, state: Task['runState']): void {
    task.runState = state;
    const at = this.runnable.indexOf(task);
    if (at >= 0) this.runnable.splice(at, 1);
  }

  /** Puts a context at the end of the run queue. */
  resume(task: Task): void {
    if (task.interruptedBy !== null) {
      task.runState = 'interrupted';
      return;
    }
    task.runState = 'runnable';
    this.runnable.push(task);
  }

  /** Lets due events happen. They belong to the machine, not to the context that runs. */
  private fireDue(): void {
    const { trace } = this;
    const woken = this.relaxing.length > 0;
    const { task } = trace;
    trace.task = 0;
    while (this.heap.nextNs <= trace.nowNs) this.heap.pop()();
    trace.task = task;
    if (woken) this.endRelaxing();
  }

  private endRelaxing(): void {
    for (const task of this.relaxing) this.resume(task);
    this.relaxing.length = 0;
  }

  private ask(kind: number, object: number): boolean {
    const chosen = this.choose(kind, object);
    if (chosen === this.running) return false;
    this.next = chosen;
    return true;
  }

  /** Asks the policy when there is a choice, and records a switch. */
  private choose(kind: number, object: number): Task | null {
    const eligible = this.cpus.eligible(this.runnable);
    const current =
      this.running !== null && this.running.runState === 'runnable' ? this.running : null;
    if (eligible.length === 0) return current;
    this.asked.kind = kind;
    this.asked.object = object;
    if (eligible.length === 1) {
      const only = eligible[0]!;
      if (current === null) this.policyNow.forced?.(only, this.asked);
      return only;
    }
    const chosen = this.policyNow.choose(eligible, current, this.asked);
    if (chosen !== null && chosen !== current) this.asked.record(chosen);
    // A copy: the run queue changes when somebody does something meanwhile.
    if (chosen === null) this.question = { eligible: [...eligible], current, kind, object };
    return chosen;
  }

  /** Asks an open question again. Who became runnable meanwhile is not among those to choose. */
  private decide({ eligible, current, kind, object }: Question): boolean {
    this.asked.kind = kind;
    this.asked.object = object;
    const chosen = this.policyNow.choose(eligible, current, this.asked);
    if (chosen === null) return false;
    if (chosen !== current) this.asked.record(chosen);
    this.question = null;
    this.next = chosen;
    return true;
  }

  /**
   * Somebody to run, after moving the clock when nobody can; null at `untilNs` or with no future.
   */
  private pick(untilNs: number): Task | null {
    for (;;) {
      if (this.cpus.pending > 0) this.cpus.deliver();
      const eligible = this.cpus.eligible(this.runnable);
      if (eligible.length > 0) return this.pickAmong();
      this.running = null;
      if (this.heap.nextNs === Infinity) {
        if (this.relaxing.length === 0) return null;
        // Busy loops and no event in sight: only time can end them.
        this.setRelaxAlarm();
      }
      if (this.heap.nextNs > untilNs) {
        this.trace.nowNs = untilNs;
        return null;
      }
      this.trace.task = 0;
      this.trace.nowNs = Math.max(this.trace.nowNs, this.heap.nextNs);
      this.fireDue();
    }
  }

  /** The running context has left: somebody else must go on. */
  private pickAmong(): Task | null {
    const isBare = this.leftBy === K['task.relax'] || this.leftBy === K['task.exit'];
    return this.choose(this.leftBy, isBare ? 0 : (this.asked.last?.blockedOn ?? 0));
  }

  /** Parks the current context; `kind` is the event that says how it left. */
  private leave(kind: number, state: Task['runState']): void {
    this.leftBy = kind;
    this.suspend(this.current, state);
  }

  private step(task: Task): void {
    if (this.running !== task || this.trace.task !== task.number) this.switchTo(task);
    task.leftAt = null;
    try {
      if (resumeBody(task)) this.end(task);
    } catch (error) {
      this.onCrash(task, error);
      this.end(task);
    }
  }

  private switchTo(task: Task): void {
    task.switchCount++;
    this.cpus.place(task);
    this.running = task;
    this.asked.last = task;
    this.trace.task = task.number;
    this.trace.cpu = task.cpu;
    this.trace.emit(K['task.switch'], task.number, task.switchCount);
  }

  private end(task: Task): void {
    this.leave(exitKind(task), 'dead');
    this.tasks.delete(task.number);
    this.cpus.release(task);
    if (task.kind === 'task') {
      this.names.delete(task.name);
      this.trace.emit(K['task.exit'], task.number, 0);
    }
    this.onExit(task);
  }
}

/** The event that ends a context. */
function exitKind(task: Task): number {
  if (task.kind === 'task') return K['task.exit'];
  return task.kind === 'hardirq' ? K['irq.exit'] : K['softirq.exit'];
}

/** Lets a context run until it yields; true when it has ended. Stacks end at this name. */
function resumeBody(task: Task): boolean {
  return task.body.next().done === true;
}

/** What came into a parked context: true for a question about its stack, which is answered. */
function answered(sent: unknown): boolean {
  if (!(sent instanceof StackQuestion)) return false;
  sent.answer = captureStack();
  return true;
}
