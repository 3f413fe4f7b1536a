// The deadlock in one sentence: who waits for what, where in the code, and who holds it. Everything
// comes from the graph; nothing is parsed out of texts.

import type { Abandoned, CycleStep, Deadlock, Resource } from './graph.ts';

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
    case 'cpu':
      return resource.name;
    default:
      return `the ${resource.kind} ${resource.name}`;
  }
}

function describeHolder(step: CycleStep): string {
  const { holder, hold } = step;
  if (holder.kind !== 'work') return holder.name;
  const isReference = step.resource.kind === 'reference';
  const tells = isReference && hold.why !== '' && !holder.name.includes(hold.why);
  const why = tells ? ` (${hold.why})` : '';
  const runs =
    holder.executor === null ? ' still in the queue' : `, run by ${holder.executor.name}`;
  return `the work ${holder.name}${why}${runs}`;
}

function describeStep(step: CycleStep): string {
  const { waiter, resource, place } = step;
  const [where = ''] = place.split('@');
  const inFunction = where === '' ? '' : ` in ${where}`;
  const verb = resource.kind === 'completion' ? 'which must come from' : 'which is held by';
  return (
    `${waiter.name} waits for ${describeResource(resource)}${inFunction}, ` +
    `${verb} ${describeHolder(step)}`
  );
}

/** One sentence that names every actor, resource and place of the cycle. */
export function deadlockSentence(deadlock: Deadlock): string {
  return `${deadlock.steps.map(describeStep).join('; ')}.`;
}

/** One sentence for a wait that a death has made endless. */
export const abandonedSentence = ({ step }: Abandoned): string =>
  `${describeStep(step)}, which has died with it.`;
