// The CPUs: who is on which, who keeps one (preemption off, or an interrupt frame), and the
// interrupts and softirqs that wait to borrow one. A hard interrupt is a nested frame on a CPU with
// interrupts on; softirqs run when the CPU leaves it. See design section 6.

import { K } from '#trace/kinds.ts';
import type { Sim } from './sim.ts';
import type { Atomic, Task } from './task.ts';

/** A frame that wants a CPU. */
interface Request {
  readonly kind: 'hardirq' | 'softirq';
  readonly name: string;
  readonly handler: () => Atomic<void>;
}

interface Cpu {
  readonly index: number;
  /** Contexts on this CPU, the interrupted ones below; the last one executes. */
  readonly stack: Task[];
  readonly requests: Request[];
  /** One context for each kind and name of frame, used again and again. */
  readonly frames: Record<Request['kind'], Map<string, Task>>;
}

/** True for a context that keeps its CPU. */
const pins = (task: Task): boolean => task.softirqDepth > 0 || task.atomic;

export class Cpus {
  /** Requests that wait for a CPU, deliverable or not. */
  pending = 0;

  private readonly sim: Sim;
  private readonly list: Cpu[];
  private pinned = 0;

  constructor(count: number, sim: Sim) {
    this.sim = sim;
    this.list = Array.from({ length: count }, (_, index) => ({
      index,
      stack: [],
      requests: [],
      frames: { hardirq: new Map<string, Task>(), softirq: new Map<string, Task>() },
    }));
  }

  get count(): number {
    return this.list.length;
  }

  /** Asks for a frame on a CPU. It starts at a later point, never from inside this call. */
  request(cpu: number, kind: Request['kind'], name: string, handler: () => Atomic<void>): void {
    const { trace } = this.sim;
    if (kind === 'hardirq') trace.emit(K['irq.raise'], trace.intern(name), cpu);
    this.list[cpu % this.list.length]!.requests.push({ kind, name, handler });
    this.pending++;
  }

  /**
   * preempt_disable(), local_bh_disable(), local_irq_save() and their ends go through here. False
   * for an end without a beginning, which changes nothing.
   */
  adjust(field: 'preemptDepth' | 'softirqDepth' | 'irqsOffDepth', by: 1 | -1): boolean {
    const task = this.sim.current;
    if (task[field] + by < 0) return false;
    const before = pins(task);
    task[field] += by;
    const after = pins(task);
    if (after !== before) this.pinned += after ? 1 : -1;
    return true;
  }

  /**
   * Takes everything back that makes a context keep its CPU: it sleeps all the same, or has died.
   */
  unpin(task: Task): void {
    if (task.kind === 'task' && pins(task)) this.pinned--;
    task.preemptDepth = 0;
    task.softirqDepth = 0;
    task.irqsOffDepth = 0;
  }

  /** Contexts of `runnable` that have, or can get, a CPU. */
  eligible(runnable: readonly Task[]): readonly Task[] {
    if (this.pinned < this.list.length) return runnable;
    return runnable.filter(pins);
  }

  /** Puts a context that is about to run on a CPU. */
  place(task: Task): void {
    if (pins(task)) return;
    const wanted = this.list[task.cpu % this.list.length]!;
    const cpu = this.free(wanted) ? wanted : this.list.find((other) => this.free(other));
    if (cpu === undefined) throw new Error(`no CPU for ${task.name}`);
    task.cpu = cpu.index;
    cpu.stack.length = 0;
    cpu.stack.push(task);
  }

  private free(cpu: Cpu): boolean {
    const top = this.occupant(cpu);
    return top === undefined || !pins(top);
  }

  /** Starts the frames that can start now. */
  deliver(): void {
    for (const cpu of this.list) {
      for (;;) {
        const at = cpu.requests.findIndex((request) => this.accepts(cpu, request.kind));
        if (at < 0) break;
        const [request] = cpu.requests.splice(at, 1);
        this.pending--;
        this.start(cpu, request!);
      }
    }
  }

  private accepts(cpu: Cpu, kind: Request['kind']): boolean {
    const top = this.occupant(cpu);
    if (top === undefined) return true;
    if (top.irqsOffDepth > 0 || top.kind === 'hardirq') return false;
    return kind === 'hardirq' || (top.kind === 'task' && top.softirqDepth === 0);
  }

  /** Who would be interrupted: a blocked or dead context has left its CPU. */
  private occupant(cpu: Cpu): Task | undefined {
    const top = cpu.stack.at(-1);
    if (top === undefined || top.cpu !== cpu.index) return undefined;
    return top.runState === 'blocked' || top.runState === 'dead' ? undefined : top;
  }

  private start(cpu: Cpu, request: Request): void {
    const frame = this.frameFor(request, cpu);
    const below = this.occupant(cpu);
    if (below === undefined) cpu.stack.length = 0;
    else this.interrupt(below, frame);
    frame.cpu = cpu.index;
    cpu.stack.push(frame);
    this.pinned += below !== undefined && pins(below) ? 0 : 1;
    this.sim.resume(frame);
  }

  private frameFor(request: Request, cpu: Cpu): Task {
    const frames = cpu.frames[request.kind];
    const known = frames.get(request.name);
    const body: Atomic<void> = this.frame(request);
    if (known === undefined) {
      const made = this.sim.make(`${request.name} on CPU ${cpu.index}`, request.kind, body);
      made.blockedOn = this.sim.trace.intern(request.name);
      frames.set(request.name, made);
      return made;
    }
    known.body = body;
    this.sim.tasks.set(known.number, known);
    return known;
  }

  private interrupt(below: Task, frame: Task): void {
    below.interruptedBy = frame;
    if (below.runState === 'runnable') this.sim.suspend(below, 'interrupted');
  }

  private *frame(request: Request): Atomic<void> {
    const { trace } = this.sim;
    const hard = request.kind === 'hardirq';
    const name = trace.intern(request.name);
    trace.emit(hard ? K['irq.enter'] : K['softirq.enter'], name, trace.cpu);
    yield* request.handler();
    trace.emit(hard ? K['irq.exit'] : K['softirq.exit'], name, trace.cpu);
  }

  /** What an interrupt frame has interrupted, directly or not, the nearest last. */
  interruptedBelow(frame: Task): Task[] {
    const { stack } = this.list[frame.cpu % this.list.length]!;
    const at = stack.indexOf(frame);
    return stack.slice(0, Math.max(0, at)).filter((task) => task.interruptedBy !== null);
  }

  /** A context ended: whatever it interrupted goes on. */
  release(task: Task): void {
    const cpu = this.list[task.cpu % this.list.length]!;
    if (task.kind === 'task') {
      this.unpin(task);
      return;
    }
    // A frame that died of an oops may have left these behind; its context is used again.
    this.unpin(task);
    cpu.stack.pop();
    const below = cpu.stack.at(-1);
    const stillPinned = below !== undefined && pins(below);
    if (!stillPinned) this.pinned--;
    if (below?.interruptedBy !== task) return;
    below.interruptedBy = null;
    if (below.runState === 'interrupted') this.sim.resume(below);
  }
}
