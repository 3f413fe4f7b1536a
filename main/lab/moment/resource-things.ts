// Locks, references, queues and whatever else is held or waited for, as nodes of the picture: how
// they stand, and their second line.

import { K } from '#trace/kinds.ts';
import type { FoldedHold, FoldedWait } from '../fold/graph.ts';
import type { Picture } from './picture.ts';
import type { Naming, Thing } from './things.ts';

const firstHold = (holds: readonly FoldedHold[]): number =>
  Math.min(...holds.map(({ sinceNs }) => sinceNs));

function lockDetail(naming: Naming, holds: readonly FoldedHold[], waits: number): string {
  const names = holds.map(({ actor }) => naming.actorLetter(actor) || naming.shownActor(actor));
  if (names.length === 0) return 'free';
  const wanted = waits === 0 ? '' : `, ${waits} ${waits === 1 ? 'waits' : 'wait'}`;
  return `held by ${names.join(', ')}${wanted}`;
}

/** Second line of a reference: what becomes of its object. */
function referenceDetail(naming: Naming, handle: number, waits: number): string {
  const { going, master } = netdevFacts(naming, handle);
  if (waits > 0) return going ? 'going, needs 1' : 'waited for';
  if (going) return 'going';
  if (!naming.nameOf(handle).startsWith('netdev ')) return '';
  return master === '' ? 'registered' : `registered; ${master}`;
}

function netdevFacts(naming: Naming, handle: number): { going: boolean; master: string } {
  const { fold } = naming;
  const master = fold.notes.get(K['bond.slave'])?.get(handle) ?? 0;
  return {
    going: fold.notes.get(K['netdev.going'])?.get(handle) === 1,
    master: master === 0 ? '' : naming.shownResource(master),
  };
}

/** A resource as a node. */
export function resourceThing(picture: Picture, handle: number): Thing {
  const { naming } = picture;
  const { fold, index } = naming;
  const kind = naming.thingKind(handle);
  const holds = fold.holds.get(handle) ?? [];
  const waits: readonly FoldedWait[] = fold.waits.get(handle) ?? [];
  const base = {
    id: naming.resourceId(handle),
    kind,
    name: naming.nameOf(handle),
    shown: naming.shownResource(handle),
    letter: kind === 'lock' ? index.locks.of(handle) : '',
    state: holds.length === 0 ? ('free' as const) : ('held' as const),
    sinceNs: holds.length === 0 ? 0 : firstHold(holds),
  };
  if (kind === 'reference') {
    const count = fold.references.get(handle) ?? holds.reduce((sum, hold) => sum + hold.count, 0);
    // References of nobody in particular count, too.
    const state = count > 0 ? ('held' as const) : ('free' as const);
    const needs = naming.kindOf(handle) === 'reference' ? 1 : 0;
    const detail = referenceDetail(naming, handle, waits.length);
    const folded = holds.filter(({ actor }) => picture.isFolded(actor)).length;
    return { ...base, state, detail, count, folded, ...(waits.length > 0 ? { needs } : {}) };
  }
  if (kind === 'queue') {
    const works = picture.queues.get(handle) ?? [];
    const folded = works.filter((work) => !picture.works.has(work)).length;
    const detail = works.length === 0 ? 'queue, empty' : `queue, ${works.length} waiting`;
    const state = works.length > 0 ? ('held' as const) : base.state;
    return { ...base, state, detail, queued: works.length, folded };
  }
  return { ...base, detail: lockDetail(naming, holds, waits.length) };
}
