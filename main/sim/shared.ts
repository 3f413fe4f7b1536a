// Shared cells: members that Linux leaves unprotected, or that several contexts touch. A read or
// write is a point and a dependency event, so lockless races can happen here as they do there. A
// removed list node is poisoned and freed memory is remembered; touching either is an Oops.

import { K } from '#trace/kinds.ts';
import type { Sim } from './sim.ts';
import { withFullStacks } from './stack.ts';
import { preempt } from './task.ts';
import type { Atomic } from './task.ts';

/** A fault that kills the context and is reported in the kernel's shape. */
export class Oops extends Error {
  /** First line of the report, as the kernel prints it after `BUG: `. */
  readonly headline: string;

  constructor(headline: string) {
    super(headline);
    this.name = 'Oops';
    this.headline = headline;
    withFullStacks(() => {
      Error.captureStackTrace(this, Oops);
    });
  }
}

/** A value that several contexts may touch without a lock. */
export class Shared<T> {
  readonly name: string;
  private readonly sim: Sim;
  private readonly object: number;
  private valueNow: T;

  constructor(sim: Sim, name: string, value: T) {
    this.sim = sim;
    this.name = name;
    this.object = sim.trace.intern(name);
    this.valueNow = value;
  }

  /** Reads; a point. */
  *read(): Atomic<T> {
    if (this.sim.point(K['cell.read'], this.object)) yield preempt;
    return this.valueNow;
  }

  /** Writes; a point. */
  *write(value: T): Atomic<void> {
    if (this.sim.point(K['cell.write'], this.object)) yield preempt;
    this.valueNow = value;
  }

  /** A plain read-modify-write: another context may come between the two halves. */
  *modify(change: (value: T) => T): Atomic<void> {
    const value = yield* this.read();
    yield* this.write(change(value));
  }

  /** The value without a point, for pictures and checks. Never for code under test. */
  get peek(): T {
    return this.valueNow;
  }

  /** Sets the value while nobody else can see the object yet. */
  initialise(value: T): void {
    this.valueNow = value;
  }
}

/** Addresses that Linux writes into a removed node (include/linux/poison.h, x86-64). */
const listPoison1 = 'dead000000000100';
const listPoison2 = 'dead000000000122';

/** A node of a kernel list: `next` and `prev` are touched one at a time, as in memory. */
export class ListHead<T> {
  readonly owner: T | null;
  readonly name: string;
  next: ListHead<T>;
  prev: ListHead<T>;
  /** Set by list_del(). */
  poisoned = false;
  /** Set when the memory that holds the node is freed. */
  freed = false;

  constructor(name: string, owner: T | null = null) {
    this.name = name;
    this.owner = owner;
    this.next = this;
    this.prev = this;
  }
}

function touch(node: ListHead<unknown>): void {
  if (node.freed) throw new Oops(`KASAN: use-after-free in ${node.name}`);
}

/** A list whose links are shared cells. Head and nodes are ListHead objects. */
export class SharedList<T> {
  readonly head: ListHead<T>;
  private readonly sim: Sim;
  private readonly object: number;

  constructor(sim: Sim, name: string) {
    this.sim = sim;
    this.head = new ListHead<T>(name);
    this.object = sim.trace.intern(name);
  }

  /** list_add_tail(). */
  *addTail(node: ListHead<T>): Atomic<void> {
    if (this.sim.point(K['cell.write'], this.object)) yield preempt;
    touch(node);
    const last = this.head.prev;
    node.poisoned = false;
    node.prev = last;
    node.next = this.head;
    last.next = node;
    this.head.prev = node;
  }

  /** list_del() with CONFIG_DEBUG_LIST: deleting a removed node is a BUG. */
  *del(node: ListHead<T>): Atomic<void> {
    if (this.sim.point(K['cell.write'], this.object)) yield preempt;
    touch(node);
    if (node.poisoned) {
      throw new Oops(`list_del corruption, ${node.name}->next is LIST_POISON1 (${listPoison1})`);
    }
    node.prev.next = node.next;
    node.next.prev = node.prev;
    node.poisoned = true;
  }

  /** The node after `node`, or null at the end. Following a poisoned link is a fault. */
  *following(node: ListHead<T>): Atomic<ListHead<T> | null> {
    if (this.sim.point(K['cell.read'], this.object)) yield preempt;
    touch(node);
    if (node.poisoned) {
      throw new Oops(
        `general protection fault, probably for non-canonical address 0x${listPoison1}`,
      );
    }
    return node.next === this.head ? null : node.next;
  }

  /** First node, or null. */
  *first(): Atomic<ListHead<T> | null> {
    return yield* this.following(this.head);
  }

  /** Owners in order, without points: for pictures and checks only. */
  get peek(): T[] {
    const owners: T[] = [];
    for (let node = this.head.next; node !== this.head && !node.poisoned; node = node.next) {
      if (node.owner !== null) owners.push(node.owner);
    }
    return owners;
  }
}

/** The other poison value, for messages. */
export const LIST_POISON2 = listPoison2;
