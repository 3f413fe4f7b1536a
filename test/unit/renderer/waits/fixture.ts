// Waits of any size for the layouts: rings, columns, and tasks that hold and wait.

import type { Cycle, Edge, Thing, Waits } from '#contract/waits.ts';

export function thing(id: string, more: Partial<Thing> = {}): Thing {
  const [kind = 'task', name = id] = id.split(':');
  return {
    id,
    kind: kind as Thing['kind'],
    name,
    shown: name,
    letter: 'A',
    state: 'waits',
    detail: 'some detail of it',
    sinceNs: 1e9,
    ...more,
  };
}

export const edge = (from: string, relation: Edge['relation'], to: string): Edge => ({
  from,
  to,
  relation,
  sinceNs: 2e9,
  where: '',
  step: null,
  count: 1,
});

/** A ring of tasks and locks by turns. */
export function ringWaits(count: number, offset = 0): Waits {
  const ids = Array.from({ length: count }, (_, at) =>
    at % 2 === 0 ? `task:t${at + offset}` : `lock:mutex_${at + offset}`,
  );
  const steps = ids.map((from, at) => ({
    from,
    to: ids[(at + 1) % count]!,
    relation: at % 2 === 0 ? ('waits for' as const) : ('held by' as const),
    where: 'some_kernel_function',
    sinceNs: 3e9,
  }));
  const cycle: Cycle = { steps, closedNs: 4e9, closedSeq: 99, stands: true, sentence: [] };
  const things = ids.map((id) => thing(id));
  return { things, edges: [], cycles: [cycle], sentence: [] };
}

/** Tasks that hold locks of their own and wait for the lock of the next. */
export function chainWaits(count: number): Waits {
  const numbers = Array.from({ length: count }, (_, at) => at);
  const things = numbers.flatMap((at) => [thing(`task:t${at}`), thing(`lock:m${at}`)]);
  const edges = numbers.flatMap((at) => [
    edge(`task:t${at}`, 'holds', `lock:m${at}`),
    ...(at === 0 ? [] : [edge(`task:t${at}`, 'waitsFor', `lock:m${at - 1}`)]),
  ]);
  return { things, edges, cycles: [], sentence: [] };
}
