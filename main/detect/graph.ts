// One graph for every wait: actors (tasks and work items) wait for resources, resources are held by
// actors. A deadlock is a set of waiters that can only be released by each other; it is found the
// moment the last edge closes it, even while polling timers still run. See design section 7.

import type { GraphTeller } from './telling.ts';

/** Somebody who can wait and hold: a task or a work item. */
export class Actor {
  readonly name: string;
  readonly kind: 'task' | 'work';
  /** What it waits for, outermost first: a task that polls for references may also sleep inside. */
  readonly waits: Resource[] = [];
  /** Waits that end by themselves when their time is over: they never count as stuck. */
  readonly timed: Resource[] = [];
  /** For a work item that is being executed: the task that executes it. */
  executor: Actor | null = null;
  /** The task has ended: what it still holds is never given back. */
  gone = false;
  /** Where it stands in the code, `function@file:line`; empty when that is not known. */
  place: () => string = () => '';
  /** Number of its name in the trace, once that was told. */
  told = 0;

  constructor(name: string, kind: 'task' | 'work') {
    this.name = name;
    this.kind = kind;
  }
}

/** How a waiter gets a resource: when all holders let go, or when any one does. */
export type ReleaseRule = 'all' | 'any';

/** Kinds of resource, as the window draws them. */
export type ResourceKind =
  | 'mutex'
  | 'rwsem'
  | 'semaphore'
  | 'spinlock'
  | 'reference'
  | 'workqueue'
  | 'flush'
  | 'completion'
  | 'notifier'
  | 'activeReference'
  | 'cpu';

/** What nobody but its holder gives back. References and completions pass from hand to hand. */
const ownedKinds: ReadonlySet<ResourceKind> = new Set([
  'mutex',
  'rwsem',
  'spinlock',
  'activeReference',
  'cpu',
]);

/** Kinds whose own events (*.acquired, work.start) tell of a hold when it is taken … */
const beginIsTold: ReadonlySet<ResourceKind> = new Set([
  'mutex',
  'rwsem',
  'semaphore',
  'spinlock',
  'workqueue',
]);
/** … and at the moment when it is given back. */
const endIsTold: ReadonlySet<ResourceKind> = new Set(['spinlock', 'workqueue']);

/** Holds of a flush are told only while somebody waits for it: every timer callback is one. */
const isTold = ({ kind, waiters }: Resource): boolean => kind !== 'flush' || waiters.size > 0;

/** One hold. A released one is used again, so that a lock costs no allocation. */
export class Hold {
  actor: Actor;
  count = 1;
  sinceNs: number;
  /** Why, in words: the event that took a reference, the function that took a lock. */
  why: string;

  constructor(actor: Actor, sinceNs: number, why: string) {
    this.actor = actor;
    this.sinceNs = sinceNs;
    this.why = why;
  }
}

/** Something that actors hold and wait for. */
export class Resource {
  /**
   * Objects that get another name (network devices) change it, so that reports say the present one.
   */
  name: string;
  readonly kind: ResourceKind;
  readonly rule: ReleaseRule;
  /** One for each actor, in the order of the first hold. */
  readonly holds: Hold[] = [];
  /** The hold that was given back last. */
  spare: Hold | null = null;
  readonly waiters = new Set<Actor>();
  /**
   * True when somebody outside the graph (the card, a timer, a person) can also release it; such a
   * wait never counts as stuck.
   */
  readonly external: boolean;
  readonly beginIsTold: boolean;
  readonly endIsTold: boolean;
  /** Its number in the trace, once it was told under the present name. */
  told = 0;

  constructor(name: string, kind: ResourceKind, rule: ReleaseRule = 'all', external = false) {
    this.name = name;
    this.kind = kind;
    this.rule = rule;
    this.external = external;
    this.beginIsTold = beginIsTold.has(kind);
    this.endIsTold = endIsTold.has(kind);
  }

  rename(name: string): void {
    this.name = name;
    this.told = 0;
  }
}

/** One step of a cycle: `waiter` waits for `resource`, which the next step's waiter holds. */
export interface CycleStep {
  readonly waiter: Actor;
  readonly resource: Resource;
  readonly holder: Actor;
  /** As it was when the cycle closed. */
  readonly hold: Readonly<Hold>;
  /** Where the waiter waits, `function@file:line`; empty for a work that is still in its queue. */
  readonly place: string;
}

/** A deadlock, at the moment it closed. */
export interface Deadlock {
  readonly timeNs: number;
  readonly steps: readonly CycleStep[];
}

/** True while every wait and hold of the cycle is still there. */
export const stillStands = ({ steps }: Deadlock): boolean =>
  steps.every(
    ({ waiter, resource, holder }) =>
      resource.waiters.has(waiter) && resource.holds.some((hold) => hold.actor === holder),
  );

/** A wait for something whose holder has died with it: no deadlock, but it never ends either. */
export interface Abandoned {
  readonly timeNs: number;
  readonly step: CycleStep;
}

/** Who must act before a holder lets go: for a work that is executed, its worker. */
const actsFor = ({ actor }: Hold): Actor => actor.executor ?? actor;

/** Holds that a waiter waits for. */
function relevantHolds(resource: Resource, waiter: Actor): readonly Hold[] {
  const { holds } = resource;
  // Somebody else may put a reference of the waiter's; of a lock it waits for itself.
  if (resource.kind !== 'reference' || holds.length < 2) return holds;
  return holds.filter((hold) => hold.actor !== waiter);
}

/** Can this resource still be released, given who is stuck? */
function canCome(resource: Resource, waiter: Actor, stuck: ReadonlySet<Actor>): boolean {
  if (resource.external || waiter.timed.includes(resource)) return true;
  const isStuck = (hold: Hold): boolean =>
    stuck.has(actsFor(hold)) || (hold.actor.gone && ownedKinds.has(resource.kind));
  const holds = relevantHolds(resource, waiter);
  if (resource.rule === 'all') return !holds.some(isStuck);
  return holds.length === 0 || !holds.every(isStuck);
}

/** Members of `candidates` that cannot go on unless another one does. The set is made smaller. */
function keepStuck(candidates: Set<Actor>): Set<Actor> {
  let changed = true;
  while (changed) {
    changed = false;
    for (const actor of candidates) {
      if (!actor.waits.every((resource) => canCome(resource, actor, candidates))) continue;
      candidates.delete(actor);
      changed = true;
    }
  }
  return candidates;
}

/** Everybody that these wait for, themselves included. */
function reach(from: readonly Actor[]): Set<Actor> {
  const found = new Set(from);
  for (const actor of found) {
    for (const resource of actor.waits) {
      for (const hold of resource.holds) found.add(actsFor(hold));
    }
  }
  return found;
}

/** The graph of one machine. */
export class WaitGraph {
  readonly deadlocks: Deadlock[] = [];
  readonly abandoned: Abandoned[] = [];
  /** Told at the moment a cycle closes. */
  onDeadlock: (deadlock: Deadlock) => void = () => undefined;
  /** Told when somebody waits for what a dead task holds. */
  onAbandoned: (abandoned: Abandoned) => void = () => undefined;
  /** Resources that somebody waits for. */
  readonly resources = new Set<Resource>();
  /** Actors that wait. */
  readonly actors = new Set<Actor>();
  /** Writes all this to the trace. */
  teller: GraphTeller | null = null;

  /** Deadlocks of which nothing was released since they were reported. */
  private standing: Deadlock[] = [];
  private readonly now: () => number;
  private readonly known = new Set<string>();

  constructor(now: () => number) {
    this.now = now;
  }

  /** Adds a hold; a second hold by the same actor counts. May close a cycle. */
  hold(resource: Resource, actor: Actor, why: string): void {
    const found = holdOf(resource, actor);
    if (found !== undefined) found.count++;
    else this.addHold(resource, actor, why);
    if (!resource.beginIsTold && isTold(resource)) this.teller?.hold(resource, actor, why);
    if (resource.waiters.size > 0) this.search(resource, [...resource.waiters]);
  }

  /** As hold(), of a lock that was handed over: its taker will tell of it later. */
  handOver(resource: Resource, actor: Actor, why: string): void {
    this.hold(resource, actor, why);
    this.teller?.handOver(resource, actor, why);
  }

  private addHold(resource: Resource, actor: Actor, why: string): void {
    const { spare } = resource;
    if (spare === null) {
      resource.holds.push(new Hold(actor, this.now(), why));
      return;
    }
    resource.spare = null;
    spare.actor = actor;
    spare.count = 1;
    spare.sinceNs = this.now();
    spare.why = why;
    resource.holds.push(spare);
  }

  /** Takes one hold back. False when the actor holds nothing. */
  release(resource: Resource, actor: Actor): boolean {
    const found = holdOf(resource, actor);
    if (found === undefined) return false;
    if (!resource.endIsTold && isTold(resource)) this.teller?.release(resource, actor);
    if (--found.count > 0) return true;
    const { holds } = resource;
    if (holds.at(-1) === found) holds.pop();
    else holds.splice(holds.indexOf(found), 1);
    resource.spare = found;
    if (this.standing.length > 0) this.endDeadlocks();
    // The one who could still have let a waiter through may be the one who leaves.
    const narrows = resource.rule === 'any' || resource.kind === 'reference';
    if (narrows && resource.waiters.size > 0) this.search(resource, [...resource.waiters]);
    return true;
  }

  /**
   * The actor begins to wait; `timed` when the wait ends by itself. May close a cycle.
   */
  wait(actor: Actor, resource: Resource, timed = false): void {
    this.resources.add(resource);
    this.actors.add(actor);
    if (!isTold(resource)) this.teller?.allHolds(resource);
    actor.waits.push(resource);
    if (timed) actor.timed.push(resource);
    resource.waiters.add(actor);
    this.teller?.wait(resource, actor);
    this.search(resource, [actor]);
    this.reportAbandoned(resource, [actor]);
  }

  /** The wait is over, one way or the other. */
  endWait(actor: Actor, resource: Resource): void {
    const at = actor.waits.lastIndexOf(resource);
    if (at >= 0) {
      actor.waits.splice(at, 1);
      this.teller?.endWait(resource, actor);
    }
    const timedAt = actor.timed.lastIndexOf(resource);
    if (timedAt >= 0) actor.timed.splice(timedAt, 1);
    if (actor.waits.includes(resource)) return;
    if (!resource.waiters.delete(actor)) return;
    if (!isTold(resource)) this.teller?.noHolds(resource);
    if (actor.waits.length === 0) this.actors.delete(actor);
    if (resource.waiters.size === 0) this.resources.delete(resource);
    if (this.standing.length > 0) this.endDeadlocks();
  }

  /** Says of which deadlocks something was released just now. */
  private endDeadlocks(): void {
    const ended = this.standing.filter((deadlock) => !stillStands(deadlock));
    if (ended.length === 0) return;
    this.standing = this.standing.filter((deadlock) => !ended.includes(deadlock));
    for (const deadlock of ended) this.teller?.deadlockEnded(deadlock);
  }

  /** The work's execution starts (a task) or ends (null). */
  execute(work: Actor, executor: Actor | null): void {
    work.executor = executor;
  }

  /** The task has ended. What it holds of locks is lost. */
  leave(actor: Actor): void {
    actor.gone = true;
    for (const resource of [...actor.waits]) this.endWait(actor, resource);
    for (const resource of this.resources) this.reportAbandoned(resource, [...resource.waiters]);
  }

  /** Actors that cannot go on unless another stuck actor does. */
  stuck(): Set<Actor> {
    return keepStuck(new Set(this.actors));
  }

  /** Looks for a cycle through `from` that the last edge, of one of these waiters, has closed. */
  private search(from: Resource, waiters: readonly Actor[]): void {
    // A cycle goes through this resource, so one of its holders must be waiting too.
    if (!from.holds.some((hold) => this.actors.has(actsFor(hold)))) return;
    const stuck = keepStuck(reach(waiters));
    if (stuck.size === 0) return;
    const steps = this.cycle(waiters, stuck);
    if (steps === null || !this.isNews(steps)) return;
    const deadlock = { timeNs: this.now(), steps: steps.map(asReported) };
    this.deadlocks.push(deadlock);
    this.standing.push(deadlock);
    this.teller?.deadlock(deadlock);
    this.onDeadlock(deadlock);
  }

  private isNews(steps: readonly Edge[]): boolean {
    const key = steps
      .map((step) => `${step.waiter.name}|${step.resource.name}`)
      .sort()
      .join('\n');
    if (this.known.has(key)) return false;
    this.known.add(key);
    return true;
  }

  private reportAbandoned(resource: Resource, waiters: readonly Actor[]): void {
    if (!ownedKinds.has(resource.kind)) return;
    const hold = resource.holds.find((each) => each.actor.gone);
    if (hold === undefined) return;
    for (const waiter of waiters) {
      const edge = { waiter, resource, hold };
      if (waiter.timed.includes(resource) || !this.isNews([edge])) continue;
      const abandoned = { timeNs: this.now(), step: asReported(edge) };
      this.abandoned.push(abandoned);
      this.onAbandoned(abandoned);
    }
  }

  /** Walks from the waiters along stuck holders until an actor comes again. */
  private cycle(waiters: readonly Actor[], stuck: ReadonlySet<Actor>): Edge[] | null {
    for (const first of waiters) {
      if (!stuck.has(first)) continue;
      const path: Edge[] = [];
      const seen = new Map<Actor, number>();
      let actor: Actor = first;
      for (;;) {
        const again = seen.get(actor);
        if (again !== undefined) return path.slice(again);
        seen.set(actor, path.length);
        const edge = stuckEdge(actor, stuck);
        if (edge === null) break;
        path.push(edge);
        actor = actsFor(edge.hold);
      }
    }
    return null;
  }
}

/** An edge of the graph: the waiter waits until this hold of the resource is given back. */
interface Edge {
  readonly waiter: Actor;
  readonly resource: Resource;
  readonly hold: Hold;
}

/** The edge as it is now, with its place in the code, which is slow to find. */
function asReported({ waiter, resource, hold }: Edge): CycleStep {
  const { actor, sinceNs, why } = hold;
  const kept = new Hold(actor, sinceNs, why);
  return { waiter, resource, holder: actor, hold: kept, place: waiter.place() };
}

/** What a stuck actor waits for, and one of those who will not let go of it. */
function stuckEdge(waiter: Actor, stuck: ReadonlySet<Actor>): Edge | null {
  for (const resource of waiter.waits) {
    if (canCome(resource, waiter, stuck)) continue;
    const holds = relevantHolds(resource, waiter).filter((hold) => stuck.has(actsFor(hold)));
    // A holder that is being executed tells more than one that waits in a queue.
    const best = holds.find((hold) => hold.actor.executor !== null) ?? holds[0];
    if (best !== undefined) return { waiter, resource, hold: best };
  }
  return null;
}

const holdOf = (resource: Resource, actor: Actor): Hold | undefined => {
  for (const hold of resource.holds) if (hold.actor === actor) return hold;
  return undefined;
};
