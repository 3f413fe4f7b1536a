// The waits in words, line by line: for a screen reader always, for everybody when a cycle has more
// members than a ring can show. And what stands beside a cycle.

import type { Cycle, Edge, Thing, Waits } from './layout/placed.ts';
import { texts } from './texts.ts';

const lettered = ({ kind, name, letter }: Thing): string =>
  kind === 'task' && letter !== '' ? `${name}, task ${letter}` : name;

/** Sentences: the steps of each cycle, then every other wait and hold. */
export function itemsOf(waits: Waits): string[] {
  const byId = new Map(waits.things.map((thing) => [thing.id, thing]));
  const nameOf = (id: string): string => {
    const thing = byId.get(id);
    return thing === undefined ? id.replace(/^\w+:/, '') : lettered(thing);
  };
  const inFunction = (where: string): string => (where === '' ? '' : ` in ${where}`);
  const steps = waits.cycles
    .filter(({ stands }) => stands)
    .flatMap((cycle) =>
      cycle.steps.map(({ from, to, relation, where, sinceNs }, index) => {
        const head = index === 0 ? `Cycle of ${cycle.steps.length}. ` : '';
        const place = texts.step(index + 1, cycle.steps.length);
        const since = texts.since(sinceNs);
        return `${head}${place}: ${nameOf(from)}, ${relation} ${nameOf(to)} ${since}${inFunction(where)}.`;
      }),
    );
  const verbs: Readonly<Record<Edge['relation'], string>> = {
    holds: 'holds',
    waitsFor: 'waits for',
    runs: 'runs',
    queuedOn: 'is queued on',
  };
  const others = waits.edges
    .filter(({ step }) => step === null)
    .map(({ from, to, relation, sinceNs, where }) => {
      const since = texts.since(sinceNs);
      return `${nameOf(from)} ${verbs[relation]} ${nameOf(to)} ${since}${inFunction(where)}.`;
    });
  return [...steps, ...others];
}

/** Tasks of a cycle with the locks that they hold besides those in it. */
export function alsoHeld(waits: Waits, { steps }: Cycle): { task: Thing; locks: Thing[] }[] {
  const members = new Set(steps.map(({ from }) => from));
  const byId = new Map(waits.things.map((thing) => [thing.id, thing]));
  return [...members].flatMap((id) => {
    const task = byId.get(id);
    if (task?.kind !== 'task') return [];
    const locks = waits.edges
      .filter(({ from, to, relation }) => from === id && relation === 'holds' && !members.has(to))
      .flatMap(({ to }) => byId.get(to) ?? [])
      .filter(({ kind }) => kind === 'lock');
    return locks.length === 0 ? [] : [{ task, locks }];
  });
}

/** How many outside a cycle wait for something in it. */
export function waitBehind(waits: Waits, { steps }: Cycle): number {
  const members = new Set(steps.map(({ from }) => from));
  const outside = waits.edges.filter(
    ({ from, to, relation }) => relation === 'waitsFor' && members.has(to) && !members.has(from),
  );
  return new Set(outside.map(({ from }) => from)).size;
}
