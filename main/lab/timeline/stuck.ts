// Who cannot go on any more: the members of every cycle that stands, and whoever waits for something
// that one of them holds, and so on. A semaphore is given back by any of its holders, so there all
// of them must be stuck.

import type { Resource } from './graph.ts';

/** A cycle that stands. */
interface Cycle {
  /** Text of its sentence. */
  readonly sentence: number;
  readonly members: Set<number>;
}

/** The actors that cannot go on. */
export class Stuck {
  private cycles: Cycle[] = [];
  private actors = new Set<number>();

  get any(): boolean {
    return this.cycles.length > 0;
  }

  has(actor: number): boolean {
    return this.actors.has(actor);
  }

  /** A cycle has closed; its members are named one by one. */
  opens(sentence: number): void {
    this.cycles.push({ sentence, members: new Set() });
  }

  names(actor: number): void {
    this.cycles.at(-1)?.members.add(actor);
  }

  /** A cycle stands no longer. */
  ends(sentence: number): void {
    this.cycles = this.cycles.filter((cycle) => cycle.sentence !== sentence);
  }

  /** Whoever waits for this waits in vain. */
  holdsUp({ kind, holders }: Resource): boolean {
    const isStuck = (actor: number): boolean => this.actors.has(actor);
    if (kind === 'semaphore') return holders.length > 0 && holders.every(isStuck);
    return holders.some(isStuck);
  }

  /** Finds all of them anew; gives those of whom it is news, either way. */
  spread(waits: ReadonlyMap<number, readonly Resource[]>): number[] {
    const before = this.actors;
    this.actors = new Set(this.cycles.flatMap(({ members }) => [...members]));
    for (let size = -1; size !== this.actors.size;) {
      size = this.actors.size;
      for (const [actor, resources] of waits) {
        if (resources.some((resource) => this.holdsUp(resource))) this.actors.add(actor);
      }
    }
    const after = this.actors;
    return [...new Set([...before, ...after])].filter(
      (actor) => before.has(actor) !== after.has(actor),
    );
  }
}
