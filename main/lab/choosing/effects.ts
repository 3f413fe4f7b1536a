// What a task's next step does if it is picked, and nothing of what comes of it: that is what the
// trainee is to find out. Each effect follows from the point that the task stands at and from the
// wait graph of the moment. What neither tells is left out.

import { K } from '#trace/kinds.ts';
import type { KindName } from '#trace/kinds.ts';
import { lockKinds } from '../fold/naming.ts';
import { lockEffects, wakes, wokenFor } from './lock-effects.ts';
import { commandEffects } from './command-effects.ts';
import { kindOf, standsIn } from './stand.ts';
import type { ActorSign, Stand, ThingSign } from './stand.ts';
import { workEffects } from './work-effects.ts';

/** One thing that a step does: an icon and a line of a card. */
export type Effect =
  /** A lock is free, is held, goes on to somebody, was handed over to this task. */
  | { readonly kind: 'takes' | 'frees' | 'has'; readonly lock: ThingSign }
  | { readonly kind: 'waits' | 'fails'; readonly lock: ThingSign; readonly holder: ActorSign }
  | { readonly kind: 'lines up'; readonly lock: ThingSign; readonly behind: ActorSign }
  | { readonly kind: 'gives'; readonly lock: ThingSign; readonly to: readonly ActorSign[] }
  /** One reader of several goes. */
  | { readonly kind: 'leaves'; readonly lock: ThingSign; readonly readers: number }
  /** They sleep, and can run then. */
  | { readonly kind: 'wakes'; readonly tasks: readonly ActorSign[] }
  /** The count of a reference. */
  | {
      readonly kind: 'counts';
      readonly reference: string;
      readonly before: number;
      readonly after: number;
    }
  | {
      readonly kind: 'queues';
      readonly work: ThingSign;
      readonly queue: string;
      /** Works that wait on it already. */
      readonly before: number;
    }
  | {
      readonly kind: 'starts' | 'stays queued' | 'disarms' | 'awaits turn' | 'nothing to do';
      readonly work: ThingSign;
    }
  | { readonly kind: 'takes off'; readonly work: ThingSign; readonly queue: string }
  | { readonly kind: 'awaits run'; readonly work: ThingSign; readonly runner: ActorSign }
  | { readonly kind: 'awaits all'; readonly queue: string; readonly count: number }
  | { readonly kind: 'completes'; readonly waiters: number }
  /** A callback is told of an event. */
  | { readonly kind: 'tells'; readonly event: string }
  /** The card gets a firmware command: its opcode, and what it is about. */
  | {
      readonly kind: 'posts';
      readonly opcode: number;
      readonly name: string;
      readonly about: string;
    };

/** Most lines of a card. */
const effectsMax = 3;

type Effects = (stand: Stand) => Effect[];

/** Counts that the others have announced and not made do not count yet. */
function countNow({ naming, last, event, task }: Stand): number | undefined {
  const { fold } = naming;
  let count = fold.references.get(event.object);
  if (count === undefined) return undefined;
  for (const number of new Set([...fold.tasks.keys(), task])) {
    const other = last.of(number);
    if (other?.object !== event.object) continue;
    if (other.kind === K['ref.hold']) count--;
    else if (other.kind === K['ref.put']) count++;
  }
  return count;
}

/** A walk over a list has what it looks at already where its point is. */
const isGrabbed = (stand: Stand): boolean => standsIn(stand, /^grab$/);

const counts =
  (change: 1 | -1): Effects =>
  (stand) => {
    const before = countNow(stand);
    if (before === undefined || isGrabbed(stand)) return [];
    const reference = stand.naming.shownResource(stand.event.object);
    return [{ kind: 'counts', reference, before, after: before + change }];
  };

/** complete() lets the first one through, complete_all() everybody. */
const completes: Effects = (stand) => {
  const waits = stand.naming.fold.waits.get(stand.event.object) ?? [];
  const actors = waits.map(({ actor }) => actor);
  const woken = standsIn(stand, /^complete_all$/) ? actors : actors.slice(0, 1);
  return woken.length === 0 ? [{ kind: 'completes', waiters: 0 }] : wakes(stand, woken);
};

const tells: Effects = ({ naming, event }) =>
  event.value === 0 ? [] : [{ kind: 'tells', event: naming.trace.text(event.value) }];

const wokenUp: Effects = (stand) => {
  const { naming, event } = stand;
  return lockKinds.has(naming.kindOf(event.object)) ? wokenFor(stand) : [];
};

const byKind: Readonly<Partial<Record<KindName, Effects>>> = {
  ...lockEffects,
  ...workEffects,
  ...commandEffects,
  'ref.hold': counts(1),
  'ref.put': counts(-1),
  'completion.complete': completes,
  'notifier.call': tells,
  'task.block': wokenUp,
};

/** At most three effects of the step that a task stands before. */
export const effectsOf = (stand: Stand): Effect[] =>
  (byKind[kindOf(stand)]?.(stand) ?? []).slice(0, effectsMax);
