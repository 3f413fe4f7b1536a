// One graph for every wait: actors (tasks and work items) wait for resources, resources are held by
// actors. A deadlock is a set of waiters that can only be released by each other; it is found the moment
// the last edge closes it, even while polling timers still run. See design section 7.

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

/** One hold. */
export interface Hold {
  readonly actor: Actor;
  count: number;
  readonly sinceNs: number;
  /** Why, in words: the event that took a reference, the function that took a lock. */
  readonly why: string;
}

/** Something that actors hold and wait for. */
export class Resource {
  readonly name: string;
  readonly kind: ResourceKind;
  readonly rule: ReleaseRule;
  /** Holds by actor. */
  readonly holds = new Map<Actor, Hold>();
  readonly waiters = new Set<Actor>();
  /**
   * True when somebody outside the graph (the card, a timer, a person) can also release it; such a wait
   * never counts as stuck.
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
  readonly hold: Hold;
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
    const found = resource.holds.get(actor);
    if (found !== undefined) found.count++;
    else resource.holds.set(actor, { actor, count: 1, sinceNs: this.now(), why });
    if (resource.waiters.size > 0) this.search(resource);
  }

  /** Takes one hold back. False when the actor holds nothing. */
  release(resource: Resource, actor: Actor): boolean {
    const found = resource.holds.get(actor);
    if (found === undefined) return false;
    if (--found.count === 0) resource.holds.delete(actor);
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
    const holders = [...resource.holds.keys()].filter((actor) => actor !== waiter || holdsAlone(resource, waiter));
    if (holders.length === 0) return true;
    const isStuck = (actor: Actor): boolean => stuck.has(actor.executor ?? actor);
    return resource.rule === 'all' ? !holders.some(isStuck) : !holders.every(isStuck);
  }

  private search(from: Resource): void {
    const stuck = this.stuck();
    if (stuck.size === 0) return;
    const steps = this.cycle(from, stuck);
    if (steps === null) return;
    const key = steps.map((step) => `${step.waiter.name}|${step.resource.name}`).sort().join('\n');
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
      const holds = [...resource.holds.values()].filter((hold) =>
        stuck.has(hold.actor.executor ?? hold.actor),
      );
      const best = holds.find((hold) => hold.actor.executor !== null) ?? holds[0];
      if (best !== undefined) return { waiter, resource, holder: best.actor, hold: best };
    }
    return null;
  }
}

/** A waiter that is the only holder waits for itself; one hold among others is not what it waits for. */
function holdsAlone(resource: Resource, waiter: Actor): boolean {
  return resource.holds.size === 1 && resource.holds.has(waiter);
}
