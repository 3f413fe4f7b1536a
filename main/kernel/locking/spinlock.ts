// Spinlocks and the ways to keep a CPU (kernel/locking/spinlock.c, include/linux/preempt.h). A
// contended lock parks the context until unlock; it keeps its CPU meanwhile, as a spinning one
// does.

import { Resource } from '#detect/graph.ts';
import { preempt } from '#sim/task.ts';
import type { Atomic, Task } from '#sim/task.ts';
import { K } from '#trace/kinds.ts';
import type { Kernel } from '../kernel.ts';
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
    this.name = name;
    this.object = this.k.trace.intern(name);
    this.resource.name = name;
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

/** Waits, spinning, until the lock is free. */
function* contend(lock: SpinLock): Atomic<void> {
  const { sim, graph } = lock.k;
  const task = sim.current;
  while (lock.owner !== null) {
    lock.spinners.push(task);
    const actor = currentActor(lock.k);
    graph.wait(actor, lock.resource);
    yield* sim.spin(`spinlock ${lock.name}`);
    graph.endWait(actor, lock.resource);
  }
}

function release(lock: SpinLock): void {
  const { sim, graph } = lock.k;
  if (lock.owner !== null) graph.release(lock.resource, actorOf(lock.k, lock.owner));
  lock.owner = null;
  if (lock.spinners.length === 0) return;
  for (const task of lock.spinners.splice(0)) sim.unspin(task);
}

export function* spin_lock(lock: SpinLock): Atomic<void> {
  const { sim, graph } = lock.k;
  sim.cpus.adjust('preemptDepth', 1);
  if (sim.point(K['spin.lock'], lock.object)) yield preempt;
  if (lock.owner !== null) yield* contend(lock);
  lock.owner = sim.current;
  graph.hold(lock.resource, actorOf(lock.k, lock.owner), '');
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
