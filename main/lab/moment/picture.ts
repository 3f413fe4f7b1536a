// What is drawn and what is only counted, at one moment: which works are nodes, which resources are
// in play. Of works that wait in a queue only the first few are nodes, and those of a cycle.

import { waitsNow } from '../fold/waiting.ts';
import { cyclesOf } from './cycles.ts';
import type { Cycle } from './cycles.ts';
import { fixedLetters } from './letters.ts';
import type { RunBy, WaitsByActor } from './task-things.ts';
import type { Naming } from './things.ts';

/** Works of one queue that are nodes though they only wait in it. */
const queuedShown = 3;

/** Everything about one moment that the parts below look up. */
export class Picture {
  readonly naming: Naming;
  readonly cycles: readonly Cycle[];
  readonly waits: WaitsByActor;
  readonly runs: RunBy;
  /** Works that are nodes. */
  readonly works: ReadonlySet<number>;
  /** Works that are queued, by queue, in order. */
  readonly queues: ReadonlyMap<number, readonly number[]>;
  /** Names of the tasks that live. */
  readonly living: ReadonlySet<number>;
  private readonly cycleThings: ReadonlySet<string>;

  constructor(naming: Naming) {
    const { fold } = naming;
    this.naming = naming;
    this.cycles = cyclesOf(naming);
    this.cycleThings = new Set(
      this.cycles.filter(({ stands }) => stands).flatMap(({ steps }) => steps.map((s) => s.from)),
    );
    this.living = new Set([...fold.tasks.values()].map(({ name }) => name));
    this.waits = this.waitsByActor();
    this.runs = new Map(
      [...fold.works].flatMap(([work, { task }]) => (task === 0 ? [] : [[task, work] as const])),
    );
    this.queues = this.queued();
    this.works = this.shownWorks();
  }

  inCycle(id: string): boolean {
    return this.cycleThings.has(id);
  }

  private waitsByActor(): WaitsByActor {
    const map = new Map<number, { handle: number; sinceNs: number }[]>();
    const { trace, fold } = this.naming;
    for (const { actor, handle, sinceNs } of waitsNow(trace, fold)) {
      map.set(actor, [...(map.get(actor) ?? []), { handle, sinceNs }]);
    }
    for (const waits of map.values()) waits.sort((a, b) => a.sinceNs - b.sinceNs);
    return map;
  }

  private queued(): ReadonlyMap<number, readonly number[]> {
    const queues = new Map<number, number[]>();
    for (const [work, { queue, armed }] of this.naming.fold.works) {
      if (queue === 0 || armed) continue;
      const works = queues.get(queue) ?? [];
      works.push(work);
      queues.set(queue, works);
    }
    return queues;
  }

  private shownWorks(): ReadonlySet<number> {
    const { naming } = this;
    const shown = new Set<number>(this.runs.values());
    for (const works of this.queues.values()) {
      for (const work of works.slice(0, queuedShown)) shown.add(work);
    }
    if (this.cycleThings.size === 0) return shown;
    for (const { stands, steps } of naming.fold.deadlocks) {
      if (!stands) continue;
      for (const { waiter, holder } of steps) {
        for (const actor of [waiter, holder]) if (naming.isWork(actor)) shown.add(actor);
      }
    }
    return shown;
  }

  /** A work that waits for its turn is drawn on its queue, unless that is in a cycle. */
  isDrawn(handle: number): boolean {
    const { naming } = this;
    if (this.isSpent(handle)) return false;
    return naming.thingKind(handle) !== 'queue' || this.inCycle(naming.resourceId(handle));
  }

  /** A semaphore that was taken for good: its takers have ended, and nobody waits. */
  private isSpent(handle: number): boolean {
    const { fold } = this.naming;
    if (this.naming.kindOf(handle) !== 'semaphore' || fold.waits.has(handle)) return false;
    const holds = fold.holds.get(handle) ?? [];
    return holds.every(({ actor }) => !this.living.has(actor));
  }

  /** Works that are queued and no nodes: their holds are counted, not drawn. */
  isFolded(actor: number): boolean {
    return this.naming.isWork(actor) && !this.works.has(actor) && this.isQueued(actor);
  }

  private isQueued(work: number): boolean {
    return (this.naming.fold.works.get(work)?.queue ?? 0) !== 0;
  }
}

/** Resources that are always in the picture: queues, the locks of the story, netdevs. */
export function lastingResources(naming: Naming): Set<number> {
  const { fold } = naming;
  const named = [...fold.resources.keys()].filter((handle) => {
    const kind = naming.kindOf(handle);
    const isNamed = kind === 'mutex' && fixedLetters(naming.nameOf(handle)) !== undefined;
    return kind === 'workqueue' || isNamed;
  });
  const netdevs = [...fold.references.keys()].filter((handle) =>
    naming.nameOf(handle).startsWith('netdev '),
  );
  return new Set([...named, ...netdevs]);
}

/** Resources that are in the picture, in the order in which they came up. */
export function shownResources(picture: Picture): number[] {
  const { fold } = picture.naming;
  const inPlay = [...fold.holds.keys(), ...fold.waits.keys()].filter((handle) =>
    picture.isDrawn(handle),
  );
  const queues = [...picture.queues.keys()];
  const wanted = new Set([...inPlay, ...lastingResources(picture.naming), ...queues]);
  const order = [...fold.resources.keys()].filter((handle) => wanted.has(handle));
  return [...new Set([...order, ...wanted])];
}
