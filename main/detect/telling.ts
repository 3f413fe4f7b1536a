// The wait graph as events: everything that a picture of it needs and that no other event tells.
// Numbers of names are kept with the actors and resources, so that nothing is built on the way. A
// flush has the name of what is flushed, so its handle in the trace is `flush of …`.

import { K } from '#trace/kinds.ts';
import type { Trace } from '#trace/trace.ts';
import type { Actor, Deadlock, Resource, ResourceKind } from './graph.ts';
import { deadlockSentence } from './sentence.ts';

/** Writes what happens in a graph to a trace. */
export class GraphTeller {
  private readonly trace: Trace;
  /** Handles of flushes by what is flushed: each wait is a resource of its own. */
  private readonly flushes = new Map<string, number>();

  constructor(trace: Trace) {
    this.trace = trace;
  }

  hold(resource: Resource, actor: Actor, why: string): void {
    const { trace } = this;
    trace.emit(K['hold.begin'], this.handle(resource), this.nameOf(actor), trace.intern(why));
  }

  /** As hold(); the taker will tell of it itself when it runs. */
  handOver(resource: Resource, actor: Actor, why: string): void {
    const { trace } = this;
    trace.emit(K['hold.handed'], this.handle(resource), this.nameOf(actor), trace.intern(why));
  }

  /** All that is held of something of which no hold was told so far. */
  allHolds(resource: Resource): void {
    for (const { actor, count, why } of resource.holds) {
      for (let i = 0; i < count; i++) this.hold(resource, actor, why);
    }
  }

  /** The end of the telling: whoever still holds it does so untold. */
  noHolds(resource: Resource): void {
    for (const { actor, count } of resource.holds) {
      for (let i = 0; i < count; i++) this.release(resource, actor);
    }
  }

  release(resource: Resource, actor: Actor): void {
    this.trace.emit(K['hold.end'], this.handle(resource), this.nameOf(actor));
  }

  wait(resource: Resource, actor: Actor): void {
    this.trace.emit(K['wait.begin'], this.handle(resource), this.nameOf(actor));
  }

  endWait(resource: Resource, actor: Actor): void {
    this.trace.emit(K['wait.end'], this.handle(resource), this.nameOf(actor));
  }

  deadlock(deadlock: Deadlock): void {
    const { trace } = this;
    const { steps } = deadlock;
    trace.emit(K.deadlock, trace.intern(deadlockSentence(deadlock)), steps.length);
    for (const { waiter, resource, place, holder, hold } of steps) {
      const handle = this.handle(resource);
      trace.emit(K['deadlock.wait'], handle, this.nameOf(waiter), trace.intern(place));
      trace.emit(K['deadlock.hold'], handle, this.nameOf(holder), trace.intern(hold.why));
    }
  }

  deadlockEnded(deadlock: Deadlock): void {
    this.trace.emit(K['deadlock.end'], this.trace.intern(deadlockSentence(deadlock)), 0);
  }

  /** Tells what it is when it comes up under this name for the first time. */
  private handle(resource: Resource): number {
    if (resource.told !== 0) return resource.told;
    const { name, kind } = resource;
    if (kind !== 'flush') resource.told = this.tell(kind, name, name);
    else {
      const known = this.flushes.get(name) ?? this.tell(kind, name, `flush of ${name}`);
      this.flushes.set(name, known);
      resource.told = known;
    }
    return resource.told;
  }

  private tell(kind: ResourceKind, name: string, handleText: string): number {
    const { trace } = this;
    const handle = trace.intern(handleText);
    trace.emit(K.resource, handle, trace.intern(kind), trace.intern(name));
    return handle;
  }

  private nameOf(actor: Actor): number {
    if (actor.told !== 0) return actor.told;
    const name = this.trace.intern(actor.name);
    actor.told = name;
    if (actor.kind === 'work') this.trace.emit(K['work.actor'], name, 0);
    return name;
  }
}
