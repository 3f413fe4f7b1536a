// What the numbers of a folded state stand for: kinds and names of resources.

import type { ResourceKind } from '#detect/graph.ts';
import type { Trace } from '#trace/trace.ts';
import type { Fold } from './fold.ts';

/** Kinds of resource that are locks. */
export const lockKinds: ReadonlySet<ResourceKind> = new Set([
  'mutex',
  'rwsem',
  'semaphore',
  'spinlock',
]);

/** What a resource is, by its handle. */
export function resourceKind(trace: Trace, fold: Fold, handle: number): ResourceKind {
  const known = fold.resources.get(handle);
  // Before anything is told of it, it can only be a count.
  if (known === undefined) return 'reference';
  return known.kind ?? (trace.text(known.kindText) as ResourceKind);
}

/** What it is called; a flush has the name of what is flushed. */
export const resourceName = (trace: Trace, fold: Fold, handle: number): string =>
  trace.text(fold.resources.get(handle)?.name ?? handle);
