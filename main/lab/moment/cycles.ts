// Cycles of waits as the picture draws them: from the task that waited first, clockwise, one step
// for each line. A work that is run stands between what it holds and the task that runs it.

import type { FoldedDeadlock, FoldedStep } from '../fold/graph.ts';
import type { Phrase } from './phrase.ts';
import type { Naming } from './things.ts';
import { verdict } from './verdict.ts';

/** What one line of a cycle says. */
export type CycleRelation = 'waits for' | 'held by' | 'run by';

/** One line. */
export interface CycleStep {
  /** Ids of things. */
  readonly from: string;
  readonly to: string;
  readonly relation: CycleRelation;
  /** Function in which it waits or runs, or why it holds; empty when that is not known. */
  readonly where: string;
  readonly sinceNs: number;
}

/** A set of waiters that can only be released by each other. */
export interface Cycle {
  readonly steps: readonly CycleStep[];
  readonly closedNs: number;
  /** Number of the event that closed it. */
  readonly closedSeq: number;
  /** Nothing of it was released so far. */
  readonly stands: boolean;
  readonly sentence: readonly Phrase[];
}

/** The steps from the one whose waiter has waited longest; a task before a work. */
export function fromFirst(naming: Naming, steps: readonly FoldedStep[]): readonly FoldedStep[] {
  const tasks = steps.filter(({ waiter }) => !naming.isWork(waiter));
  const among = tasks.length > 0 ? tasks : steps;
  const first = among.reduce<FoldedStep | undefined>(
    (best, step) => (best === undefined || step.waitSinceNs < best.waitSinceNs ? step : best),
    undefined,
  );
  const at = first === undefined ? 0 : steps.indexOf(first);
  return [...steps.slice(at), ...steps.slice(0, at)];
}

const functionOf = (place: string): string => place.split('@')[0] ?? '';

function linesOf(naming: Naming, step: FoldedStep, next: FoldedStep): CycleStep[] {
  const { trace, fold } = naming;
  const { waiter, resource, holder } = step;
  const thing = naming.resourceId(resource);
  const owner = naming.actorId(holder);
  const lines: CycleStep[] = [
    {
      from: naming.actorId(waiter),
      to: thing,
      relation: 'waits for',
      where: functionOf(trace.text(step.place)),
      sinceNs: step.waitSinceNs,
    },
    {
      from: thing,
      to: owner,
      relation: 'held by',
      where: trace.text(step.why),
      sinceNs: step.holdSinceNs,
    },
  ];
  if (next.waiter === holder) return lines;
  const sinceNs = fold.works.get(holder)?.sinceNs ?? step.holdSinceNs;
  const by = naming.actorId(next.waiter);
  return [
    ...lines,
    { from: owner, to: by, relation: 'run by', where: 'process_one_work', sinceNs },
  ];
}

/** One cycle at this moment. Null while its events are still coming. */
function cycleOf(naming: Naming, deadlock: FoldedDeadlock): Cycle | null {
  const { timeNs, seq, stands } = deadlock;
  const { trace } = naming;
  const whole = deadlock.steps.length === trace.event(seq).value;
  if (!whole || deadlock.steps.at(-1)?.holder === 0) return null;
  const steps = fromFirst(naming, deadlock.steps);
  return {
    steps: steps.flatMap((step, at) => linesOf(naming, step, steps[(at + 1) % steps.length]!)),
    closedNs: timeNs,
    closedSeq: seq,
    stands,
    sentence: verdict(naming, steps),
  };
}

/** Who waits for what and who has it: the same as long as nobody has let go. */
const membersOf = ({ steps }: Cycle): string => steps.map(({ from, to }) => `${from}>${to}`).join();

/**
 * Every cycle so far, those that stand first. What stands and is reported again is one cycle, since
 * its first report.
 */
export function cyclesOf(naming: Naming): Cycle[] {
  const all = naming.fold.deadlocks.flatMap((deadlock) => cycleOf(naming, deadlock) ?? []);
  const standing = new Map<string, Cycle>();
  for (const cycle of all.filter(({ stands }) => stands)) {
    const members = membersOf(cycle);
    if (!standing.has(members)) standing.set(members, cycle);
  }
  return [...standing.values(), ...all.filter(({ stands }) => !stands)];
}
