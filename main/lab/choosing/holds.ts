// What a task has: locks, and references with their number. A work's references are told of by the
// task that runs it, since it cannot give them back without that one.

import { lockKinds } from '../fold/naming.ts';
import { lockSign, workRunBy } from './stand.ts';
import type { Scene } from './stand.ts';

/** A lock, or some references on one thing. */
export type HeldThing =
  | { readonly kind: 'lock'; readonly name: string; readonly letter: string }
  | {
      readonly kind: 'reference';
      readonly name: string;
      readonly count: number;
      /** The work that has them, as the window calls it; empty for the task itself. */
      readonly by: string;
    };

/** What a task has in the order in which it was first held by anybody. */
export function holdsOf(scene: Scene, task: number): HeldThing[] {
  const { naming } = scene;
  const { fold } = naming;
  const own = fold.names.get(task) ?? 0;
  const work = workRunBy(scene, task);
  return [...fold.holds].flatMap(([handle, holds]) =>
    holds.flatMap(({ actor, count }): HeldThing[] => {
      if (actor !== own && (actor !== work || work === 0)) return [];
      const { letter, shown } = lockSign(scene, handle);
      if (lockKinds.has(naming.kindOf(handle))) {
        return [{ kind: 'lock', name: naming.nameOf(handle), letter }];
      }
      if (naming.thingKind(handle) !== 'reference') return [];
      const by = actor === own ? '' : naming.shownActor(actor);
      return [{ kind: 'reference', name: shown, count, by }];
    }),
  );
}
