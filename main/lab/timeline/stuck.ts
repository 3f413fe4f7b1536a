// Who cannot go on any more: the members of every cycle that stands, and whoever waits for
// something that one of them holds, and so on. A semaphore is given back by any of its holders, so
// there all of them must be stuck.

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

  /** One more, and all whom that one holds up; gives those of whom it is news. */
  add(actor: number, waitedFor: ReadonlySet<Resource>): number[] {
    if (this.actors.has(actor)) return [];
    this.actors.add(actor);
    const news = [actor];
    for (const holder of news) {
      for (const resource of waitedFor) {
        if (!resource.holders.includes(holder) || !this.holdsUp(resource)) continue;
        for (const waiter of resource.waiters) {
          if (this.actors.has(waiter)) continue;
          this.actors.add(waiter);
          news.push(waiter);
        }
      }
    }
    return news;
  }

  /** Finds all of them anew; gives those of whom it is news, either way. */
  findAnew(waitedFor: ReadonlySet<Resource>): number[] {
    const before = this.actors;
    this.actors = new Set();
    for (const { members } of this.cycles) {
      for (const member of members) this.add(member, waitedFor);
    }
    const after = this.actors;
    return [...new Set([...before, ...after])].filter(
      (actor) => before.has(actor) !== after.has(actor),
    );
  }
}
