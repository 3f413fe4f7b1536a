// Where a task stands that can be picked, and what can be looked up from there: the moment, the
// event of its point, the functions that it is in.

import { kindTable } from '#trace/kinds.ts';
import type { KindName } from '#trace/kinds.ts';
import type { TraceEvent } from '#trace/trace.ts';
import type { Naming } from '../moment/things.ts';
import type { TaskNames } from '../record/words.ts';
import type { LastEvents } from './last-events.ts';

/** What the cards of one question are made of. */
export interface Scene {
  readonly naming: Naming;
  readonly names: TaskNames;
  readonly last: LastEvents;
}

/** A task at its point. */
export interface Stand extends Scene {
  /** Number and name of the task in the trace. */
  readonly task: number;
  readonly actor: number;
  /** The point: it announces what the task does next. */
  readonly event: TraceEvent;
  /** `function@file:line`, innermost first; empty where that is not known. */
  readonly sites: readonly string[];
}

/** Somebody as a card names him: by letter, or where he has none by name. */
export interface ActorSign {
  readonly letter: string;
  readonly shown: string;
}

/** A thing as a card draws it. */
export interface ThingSign {
  /** Two letters of a lock, number of a work; empty where it has none. */
  readonly letter: string;
  readonly shown: string;
}

export const kindOf = ({ event }: Stand): KindName => kindTable[event.kind]?.name ?? 'none';

export const actorSign = ({ naming }: Scene, actor: number): ActorSign => ({
  letter: naming.actorLetter(actor),
  shown: naming.shownActor(actor),
});

export const lockSign = ({ naming }: Scene, handle: number): ThingSign => ({
  letter: naming.index.locks.of(handle),
  shown: naming.shownResource(handle),
});

/** `W1`, `bond work W1`; a work without a number by its function. */
export const workSign = ({ naming }: Scene, work: number): ThingSign => ({
  letter: naming.index.isWork(work) ? naming.index.letterOfWork(work) : '',
  shown: `${naming.workNoun(work)} ${naming.shownActor(work)}`,
});

/** The work that a task runs; 0 for none. */
export const workRunBy = ({ naming }: Scene, task: number): number =>
  [...naming.fold.works].find(([, work]) => work.task === task)?.[0] ?? 0;

/** The task stands in a function of this name. */
export const standsIn = ({ sites }: Stand, name: RegExp): boolean =>
  sites.some((site) => name.test(site.split('@')[0] ?? ''));

/** The task that has this name is asleep: somebody can wake it. */
export function isAsleep({ naming }: Scene, actor: number): boolean {
  return [...naming.fold.tasks.values()].some(
    ({ name, state }) => name === actor && state === 'blocked',
  );
}
