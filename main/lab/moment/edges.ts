// The lines of the picture: who holds and waits for what, who runs a work, where a work is queued;
// and the numbers of the steps on the lines of a cycle.

import type { Cycle } from './cycles.ts';
import type { Picture } from './picture.ts';

/** What a line says. */
export type Relation = 'holds' | 'waitsFor' | 'runs' | 'queuedOn';

/** A line of the picture. */
export interface Edge {
  /** Ids of things: from the owner or waiter to what it has or wants. */
  readonly from: string;
  readonly to: string;
  readonly relation: Relation;
  readonly sinceNs: number;
  /** Function in which it waits, or why it holds; empty when that is not known. */
  readonly where: string;
  /** Number of the cycle's step that it is, from 1. */
  readonly step: number | null;
  /** How often: of references. */
  readonly count: number;
}

export function holdEdges(picture: Picture, handle: number): Edge[] {
  const { naming } = picture;
  const to = naming.resourceId(handle);
  const holds = naming.fold.holds.get(handle) ?? [];
  return holds
    .filter(({ actor }) => !picture.isFolded(actor))
    .map(({ actor, sinceNs, why, count }) => {
      const from = naming.actorId(actor);
      return {
        from,
        to,
        relation: 'holds',
        sinceNs,
        where: naming.trace.text(why),
        step: null,
        count,
      };
    });
}

export function waitEdges(picture: Picture, handle: number): Edge[] {
  const { naming } = picture;
  const to = naming.resourceId(handle);
  const waits = naming.fold.waits.get(handle) ?? [];
  return waits
    .filter(({ actor }) => !picture.isFolded(actor))
    .map(({ actor, sinceNs }) => {
      const from = naming.actorId(actor);
      return { from, to, relation: 'waitsFor', sinceNs, where: '', step: null, count: 1 };
    });
}

export function workEdges({ naming, works }: Picture): Edge[] {
  const { fold, trace } = naming;
  return [...works].flatMap((work): Edge[] => {
    const folded = fold.works.get(work);
    const { task = 0, queue = 0, armed = false, sinceNs = 0 } = folded ?? {};
    const id = naming.actorId(work);
    const rest = { sinceNs, step: null, count: 1 };
    const runner = `task:${trace.text(fold.names.get(task) ?? 0)}`;
    const to = naming.resourceId(queue);
    return [
      ...(task === 0
        ? []
        : [
            { from: runner, to: id, relation: 'runs' as const, where: 'process_one_work', ...rest },
          ]),
      ...(queue === 0 || armed
        ? []
        : [{ from: id, to, relation: 'queuedOn' as const, where: '', ...rest }]),
    ];
  });
}

/** Puts the steps of the cycles that stand on their lines. */
export function numbered(edges: readonly Edge[], cycles: readonly Cycle[]): Edge[] {
  const steps = cycles
    .filter(({ stands }) => stands)
    .flatMap(({ steps: each }) => each.map((step, at) => ({ step, number: at + 1 })));
  return edges.map((edge) => {
    const found = steps.find(({ step: { from, to, relation } }) =>
      edge.relation === 'waitsFor'
        ? relation === 'waits for' && from === edge.from && to === edge.to
        : relation !== 'waits for' && from === edge.to && to === edge.from,
    );
    if (found === undefined) return edge;
    const where = edge.where === '' ? found.step.where : edge.where;
    return { ...edge, step: found.number, where };
  });
}
