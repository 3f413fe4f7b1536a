// Notifier chains (kernel/notifier.c): blocks by priority, then registration order. A block that
// sets the stop bit ends the walk. Raw and blocking chains may sleep (the caller holds the lock
// that protects them); atomic chains run under RCU, maybe in hard interrupts.

import type { Atomic, MaySleep } from '#sim/task.ts';
import { preempt } from '#sim/task.ts';
import { K } from '#trace/kinds.ts';
import { EEXIST, ENOENT } from './errno.ts';
import type { Kernel } from './kernel.ts';
import { rcu_read_lock, rcu_read_unlock, synchronize_rcu } from './rcu.ts';
import { spin_lock_init, spin_lock_irqsave, spin_unlock_irqrestore } from './locking/spinlock.ts';
import type { SpinLock } from './locking/spinlock.ts';

export const NOTIFY_DONE = 0;
export const NOTIFY_OK = 1;
export const NOTIFY_STOP_MASK = 0x8000;
export const NOTIFY_BAD = NOTIFY_STOP_MASK | 2;
export const NOTIFY_STOP = NOTIFY_STOP_MASK | NOTIFY_OK;

/** The error number in a notifier's answer, 0 or negative. */
export const notifier_to_errno = (answer: number): number => {
  const code = answer & ~NOTIFY_STOP_MASK;
  return code > NOTIFY_OK ? NOTIFY_OK - code : 0;
};

/** The answer that carries an error number. */
export const notifier_from_errno = (error: number): number =>
  error === 0 ? NOTIFY_OK : NOTIFY_STOP_MASK | (NOTIFY_OK - error);

/** A block on a chain whose callbacks may sleep. */
export interface NotifierBlock<D> {
  readonly name: string;
  readonly priority: number;
  notifier_call(event: number, data: D): MaySleep<number>;
}

/** A block on an atomic chain. */
export interface AtomicNotifierBlock<D> {
  readonly name: string;
  readonly priority: number;
  notifier_call(event: number, data: D): Atomic<number>;
}

/** A chain that its user's own lock protects. */
export class RawNotifierHead<D> {
  readonly k: Kernel;
  readonly name: string;
  blocks: readonly NotifierBlock<D>[] = [];

  constructor(k: Kernel, name: string) {
    this.k = k;
    this.name = name;
  }
}

/** A chain whose callbacks run under RCU and must not sleep. */
export class AtomicNotifierHead<D> {
  readonly k: Kernel;
  readonly name: string;
  readonly lock: SpinLock;
  blocks: readonly AtomicNotifierBlock<D>[] = [];

  constructor(k: Kernel, name: string) {
    this.k = k;
    this.name = name;
    this.lock = spin_lock_init(k, `${name}.lock`);
  }
}

function insert<B extends { readonly priority: number }>(blocks: readonly B[], block: B): B[] {
  const at = blocks.findIndex((other) => other.priority < block.priority);
  return at < 0 ? [...blocks, block] : blocks.toSpliced(at, 0, block);
}

/**
 * The block after this one. A walk reads it before it calls, so who goes later is called still; and
 * a block that has gone still points to the one after it.
 */
const following = <B>(blocks: readonly B[], block: B): B | undefined => {
  const at = blocks.indexOf(block);
  return at < 0 ? undefined : blocks[at + 1];
};

export function raw_notifier_chain_register<D>(
  head: RawNotifierHead<D>,
  block: NotifierBlock<D>,
): number {
  if (head.blocks.includes(block)) return -EEXIST;
  head.blocks = insert(head.blocks, block);
  return 0;
}

export function raw_notifier_chain_unregister<D>(
  head: RawNotifierHead<D>,
  block: NotifierBlock<D>,
): number {
  if (!head.blocks.includes(block)) return -ENOENT;
  head.blocks = head.blocks.filter((other) => other !== block);
  return 0;
}

/** Calls the blocks in order; `describe` gives the event in words for the trace. */
export function* raw_notifier_call_chain<D>(
  head: RawNotifierHead<D>,
  event: number,
  data: D,
  describe: string,
): MaySleep<number> {
  const { k } = head;
  let answer = NOTIFY_DONE;
  let list = head.blocks;
  let block = list[0];
  while (block !== undefined) {
    list = head.blocks.includes(block) ? head.blocks : list;
    const next = following(list, block);
    if (k.sim.point(K['notifier.call'], k.trace.intern(block.name), k.trace.intern(describe))) {
      yield preempt;
    }
    answer = yield* block.notifier_call(event, data);
    if ((answer & NOTIFY_STOP_MASK) !== 0) break;
    block = next;
  }
  return answer;
}

export function* atomic_notifier_chain_register<D>(
  head: AtomicNotifierHead<D>,
  block: AtomicNotifierBlock<D>,
): Atomic<number> {
  yield* spin_lock_irqsave(head.lock);
  const known = head.blocks.includes(block);
  if (!known) head.blocks = insert(head.blocks, block);
  yield* spin_unlock_irqrestore(head.lock);
  return known ? -EEXIST : 0;
}

/** Removes the block and waits until no callback of it runs any more. */
export function* atomic_notifier_chain_unregister<D>(
  head: AtomicNotifierHead<D>,
  block: AtomicNotifierBlock<D>,
): MaySleep<number> {
  yield* spin_lock_irqsave(head.lock);
  const known = head.blocks.includes(block);
  head.blocks = head.blocks.filter((other) => other !== block);
  yield* spin_unlock_irqrestore(head.lock);
  yield* synchronize_rcu(head.k);
  return known ? 0 : -ENOENT;
}

/** Calls the blocks in order, under RCU. */
export function* atomic_notifier_call_chain<D>(
  head: AtomicNotifierHead<D>,
  event: number,
  data: D,
): Atomic<number> {
  const { k } = head;
  yield* rcu_read_lock(k);
  let answer = NOTIFY_DONE;
  let list = head.blocks;
  let block = list[0];
  while (block !== undefined) {
    list = head.blocks.includes(block) ? head.blocks : list;
    const next = following(list, block);
    if (k.sim.point(K['notifier.call'], k.trace.intern(block.name), event)) yield preempt;
    answer = yield* block.notifier_call(event, data);
    if ((answer & NOTIFY_STOP_MASK) !== 0) break;
    block = next;
  }
  yield* rcu_read_unlock(k);
  return answer;
}
