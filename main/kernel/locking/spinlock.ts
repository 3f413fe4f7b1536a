// Spinlocks and the ways to keep a CPU (kernel/locking/qspinlock.c, include/linux/preempt.h). A
// contended lock parks the context until it is handed over, first come, first served; it keeps its
// CPU meanwhile, as a spinning one does. So an interrupt that spins on what it has interrupted is a
// deadlock.

import { Resource } from '#detect/graph.ts';
import { preempt } from '#sim/task.ts';
import type { Atomic, Task } from '#sim/task.ts';
import { K } from '#trace/kinds.ts';
import { dump_stack } from '../dump-stack.ts';
import type { Kernel } from '../kernel.ts';
import { KERN_EMERG, printk } from '../printk.ts';
import { actorOf, currentActor } from '../sched.ts';

export class SpinLock {
  readonly k: Kernel;
  name: string;
  object: number;
  readonly resource: Resource;
  owner: Task | null = null;
  readonly spinners: Task[] = [];

  constructor(k: Kernel, name: string) {
    this.k = k;
    this.name = name;
    this.object = k.trace.intern(name);
    this.resource = new Resource(name, 'spinlock');
  }

  /** The object that it protects got another name. */
  rename(name: string): void {
    const { trace } = this.k;
    const before = this.object;
    this.name = name;
    this.object = trace.intern(name);
    this.resource.rename(name);
    if (before !== this.object) trace.emit(K['ref.rename'], before, this.object);
  }
}

export const spin_lock_init = (k: Kernel, name: string): SpinLock => new SpinLock(k, name);

export function* preempt_disable(k: Kernel): Atomic<void> {
  k.sim.cpus.adjust('preemptDepth', 1);
}

export function* preempt_enable(k: Kernel): Atomic<void> {
  k.sim.cpus.adjust('preemptDepth', -1);
}

export function* local_bh_disable(k: Kernel): Atomic<void> {
  k.sim.cpus.adjust('softirqDepth', 1);
}

export function* local_bh_enable(k: Kernel): Atomic<void> {
  k.sim.cpus.adjust('softirqDepth', -1);
}

export function* local_irq_save(k: Kernel): Atomic<void> {
  k.sim.cpus.adjust('irqsOffDepth', 1);
}

export function* local_irq_restore(k: Kernel): Atomic<void> {
  k.sim.cpus.adjust('irqsOffDepth', -1);
}

function take(lock: SpinLock, task: Task): void {
  lock.owner = task;
  lock.k.graph.hold(lock.resource, actorOf(lock.k, task), '');
}

/** While an interrupt spins, whatever it has interrupted waits for it. Gives the end of that. */
function keepCpu(k: Kernel, task: Task): () => void {
  const { graph } = k;
  const below = k.sim.cpus.interruptedBelow(task).map((each) => actorOf(k, each));
  if (below.length === 0) return () => undefined;
  const cpu = new Resource(`CPU ${task.cpu}`, 'cpu');
  const actor = actorOf(k, task);
  graph.hold(cpu, actor, 'interrupt');
  for (const each of below) graph.wait(each, cpu);
  return () => {
    for (const each of below) graph.endWait(each, cpu);
    graph.release(cpu, actor);
  };
}

/** Waits, spinning, until the lock is handed over. Ends the wait in the graph at that moment. */
function* contend(lock: SpinLock): Atomic<void> {
  const { k } = lock;
  const task = k.sim.current;
  lock.spinners.push(task);
  k.graph.wait(currentActor(k), lock.resource);
  const giveCpuBack = keepCpu(k, task);
  while (lock.owner !== task) yield* k.sim.spin(`spinlock ${lock.name}`, lock.object);
  giveCpuBack();
}

/** CONFIG_DEBUG_SPINLOCK: an unlock by somebody else, or of a free lock, is said. */
function debug_spin_unlock(lock: SpinLock): void {
  const { k } = lock;
  const { cpu, comm, pid } = k.sim.current;
  const what = lock.owner === null ? 'already unlocked' : 'wrong owner';
  printk(k, KERN_EMERG, `BUG: spinlock ${what} on CPU#${cpu}, ${comm}/${pid}`);
  dump_stack(k, ['debug_spin_unlock', 'release']);
}

/** Queued spinlocks are fair: the one that has spun longest has the lock now. */
function release(lock: SpinLock): void {
  const { k } = lock;
  const { graph, sim } = k;
  if (lock.owner !== sim.current) debug_spin_unlock(lock);
  if (lock.owner !== null) graph.release(lock.resource, actorOf(k, lock.owner));
  lock.owner = null;
  const next = lock.spinners.shift();
  if (next === undefined) return;
  graph.endWait(actorOf(k, next), lock.resource);
  lock.owner = next;
  graph.handOver(lock.resource, actorOf(k, next), '');
  sim.unspin(next);
}

export function* spin_lock(lock: SpinLock): Atomic<void> {
  const { sim } = lock.k;
  sim.cpus.adjust('preemptDepth', 1);
  if (sim.point(K['spin.lock'], lock.object)) yield preempt;
  if (lock.owner === null) take(lock, sim.current);
  else yield* contend(lock);
  lock.k.trace.emit(K['spin.acquired'], lock.object, 0);
}

export function* spin_unlock(lock: SpinLock): Atomic<void> {
  release(lock);
  lock.k.sim.cpus.adjust('preemptDepth', -1);
  if (lock.k.sim.point(K['spin.unlock'], lock.object)) yield preempt;
}

export function* spin_lock_bh(lock: SpinLock): Atomic<void> {
  lock.k.sim.cpus.adjust('softirqDepth', 1);
  yield* spin_lock(lock);
}

export function* spin_unlock_bh(lock: SpinLock): Atomic<void> {
  release(lock);
  lock.k.sim.cpus.adjust('preemptDepth', -1);
  lock.k.sim.cpus.adjust('softirqDepth', -1);
  if (lock.k.sim.point(K['spin.unlock'], lock.object)) yield preempt;
}

export function* spin_lock_irq(lock: SpinLock): Atomic<void> {
  lock.k.sim.cpus.adjust('irqsOffDepth', 1);
  yield* spin_lock(lock);
}

export function* spin_unlock_irq(lock: SpinLock): Atomic<void> {
  release(lock);
  lock.k.sim.cpus.adjust('preemptDepth', -1);
  lock.k.sim.cpus.adjust('irqsOffDepth', -1);
  if (lock.k.sim.point(K['spin.unlock'], lock.object)) yield preempt;
}

/** As spin_lock_irq(); the saved state is a nesting count, so no flags word is needed. */
export const spin_lock_irqsave = spin_lock_irq;
export const spin_unlock_irqrestore = spin_unlock_irq;
