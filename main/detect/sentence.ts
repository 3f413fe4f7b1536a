// The deadlock in one sentence: who waits for what, and who holds it.

import type { CycleStep, Deadlock, Resource } from './graph.ts';

/** `the mutex intf_mutex`, `the last reference on netdev p1`, … */
export function describeResource(resource: Resource): string {
  switch (resource.kind) {
    case 'reference':
      return `the last reference on ${resource.name}`;
    case 'workqueue':
      return `its turn on the workqueue ${resource.name}`;
    case 'flush':
      return `the flush of ${resource.name}`;
    case 'activeReference':
      return `the end of a write to ${resource.name}`;
    default:
      return `the ${resource.kind} ${resource.name}`;
  }
}

function describeHolder(step: CycleStep): string {
  const { holder, hold } = step;
  if (holder.kind !== 'work') return holder.name;
  const why = hold.why === '' ? '' : ` (${hold.why})`;
  const runs =
    holder.executor === null ? ' still in the queue' : `, run by ${holder.executor.name}`;
  return `the work ${holder.name}${why}${runs}`;
}

/** One sentence that names every actor and resource of the cycle. */
export function deadlockSentence(deadlock: Deadlock): string {
  const parts = deadlock.steps.map(
    (step) =>
      `${step.waiter.name} waits for ${describeResource(step.resource)}, ` +
      `which is held by ${describeHolder(step)}`,
  );
  return `${parts.join('; ')}.`;
}
