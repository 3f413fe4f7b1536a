// One graph for every wait: actors (tasks and work items) wait for resources, resources are held by
// actors. A deadlock is a set of waiters that can only be released by each other; it is found the
// moment the last edge closes it, even while polling timers still run. See design section 7.

/** Somebody who can wait and hold: a task or a work item. */
export class Actor {
  readonly name: string;
  readonly kind: 'task' | 'work';
  /** What it waits for, outermost first: a task that polls for references may also sleep inside. */
  readonly waits: Resource[] = [];
  /** For a work item that is being executed: the task that executes it. */
  executor: Actor | null = null;

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
  | 'activeReference';

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
  /** Objects that get another name (network devices) change it, so that reports say the present one. */
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

  constructor(name: string, kind: ResourceKind, rule: ReleaseRule = 'all', external = false) {
    this.name = name;
    this.kind = kind;
    this.rule = rule;
    this.external = external;
  }
}

/** One step of a cycle: `waiter` waits for `resource`, which the next step's waiter holds. */
export interface CycleStep {
  readonly waiter: Actor;
  readonly resource: Resource;
  readonly holder: Actor;
  /** As it was when the cycle closed. */
  readonly hold: Readonly<Hold>;
}

/** A deadlock, at the moment it closed. */
export interface Deadlock {
  readonly timeNs: number;
  readonly steps: readonly CycleStep[];
}

/** The graph of one machine. */
export class WaitGraph {
  readonly deadlocks: Deadlock[] = [];
  /** Told at the moment a cycle closes. */
  onDeadlock: (deadlock: Deadlock) => void = () => undefined;
  /** Resources that somebody waits for. */
  readonly resources = new Set<Resource>();
  /** Actors that wait. */
  readonly actors = new Set<Actor>();

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
    if (resource.waiters.size > 0) this.search(resource);
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
    if (--found.count > 0) return true;
    const { holds } = resource;
    if (holds.at(-1) === found) holds.pop();
    else holds.splice(holds.indexOf(found), 1);
    resource.spare = found;
    return true;
  }

  /** The actor begins to wait. May close a cycle. */
  wait(actor: Actor, resource: Resource): void {
    this.resources.add(resource);
    this.actors.add(actor);
    actor.waits.push(resource);
    resource.waiters.add(actor);
    this.search(resource);
  }

  /** The wait is over, one way or the other. */
  endWait(actor: Actor, resource: Resource): void {
    const at = actor.waits.lastIndexOf(resource);
    if (at >= 0) actor.waits.splice(at, 1);
    if (actor.waits.includes(resource)) return;
    resource.waiters.delete(actor);
    if (actor.waits.length === 0) this.actors.delete(actor);
    if (resource.waiters.size === 0) this.resources.delete(resource);
  }

  /** The work's execution starts (a task) or ends (null). */
  execute(work: Actor, executor: Actor | null): void {
    work.executor = executor;
  }

  /** Actors that cannot go on unless another stuck actor does. */
  stuck(): Set<Actor> {
    const stuck = new Set<Actor>();
    for (const resource of this.resources) {
      for (const waiter of resource.waiters) stuck.add(waiter);
    }
    let changed = true;
    while (changed) {
      changed = false;
      for (const actor of stuck) {
        if (actor.waits.every((resource) => this.canCome(resource, actor, stuck))) {
          stuck.delete(actor);
          changed = true;
        }
      }
    }
    return stuck;
  }

  /** Can this resource still be released, given who is stuck? */
  private canCome(resource: Resource, waiter: Actor, stuck: ReadonlySet<Actor>): boolean {
    if (resource.external) return true;
    const { holds } = resource;
    // A waiter that is the only holder waits for itself; one hold among others is not what it waits
    // for.
    const counts = ({ actor }: Hold): boolean => actor !== waiter || holds.length === 1;
    const isStuck = ({ actor }: Hold): boolean => stuck.has(actor.executor ?? actor);
    if (resource.rule === 'all') return !holds.some((hold) => counts(hold) && isStuck(hold));
    const others = holds.filter(counts);
    return others.length === 0 || !others.every(isStuck);
  }

  private search(from: Resource): void {
    // A cycle goes through this resource, so one of its holders must be waiting too.
    const waits = ({ actor }: Hold): boolean => this.actors.has(actor.executor ?? actor);
    if (!from.holds.some(waits)) return;
    const stuck = this.stuck();
    if (stuck.size === 0) return;
    const steps = this.cycle(from, stuck);
    if (steps === null) return;
    const key = steps
      .map((step) => `${step.waiter.name}|${step.resource.name}`)
      .sort()
      .join('\n');
    if (this.known.has(key)) return;
    this.known.add(key);
    const deadlock = { timeNs: this.now(), steps };
    this.deadlocks.push(deadlock);
    this.onDeadlock(deadlock);
  }

  /** Walks from the resource's waiters along stuck holders until an actor comes again. */
  private cycle(from: Resource, stuck: ReadonlySet<Actor>): CycleStep[] | null {
    for (const first of from.waiters) {
      if (!stuck.has(first)) continue;
      const path: CycleStep[] = [];
      const seen = new Map<Actor, number>();
      let actor: Actor = first;
      for (;;) {
        const again = seen.get(actor);
        if (again !== undefined) return path.slice(again);
        seen.set(actor, path.length);
        const step = this.stuckStep(actor, stuck);
        if (step === null) break;
        path.push(step);
        actor = step.holder.executor ?? step.holder;
      }
    }
    return null;
  }

  private stuckStep(waiter: Actor, stuck: ReadonlySet<Actor>): CycleStep | null {
    for (const resource of waiter.waits) {
      if (this.canCome(resource, waiter, stuck)) continue;
      // A holder that is being executed tells more than one that waits in a queue.
      const holds = resource.holds.filter((hold) => stuck.has(hold.actor.executor ?? hold.actor));
      const best = holds.find((hold) => hold.actor.executor !== null) ?? holds[0];
      if (best !== undefined) {
        const hold = new Hold(best.actor, best.sinceNs, best.why);
        return { waiter, resource, holder: best.actor, hold };
      }
    }
    return null;
  }
}

const holdOf = (resource: Resource, actor: Actor): Hold | undefined => {
  for (const hold of resource.holds) if (hold.actor === actor) return hold;
  return undefined;
};
