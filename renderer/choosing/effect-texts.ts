// The words of what a step does. They tell that step only and never what comes of it: that is what
// the trainee is to find out.

import type { ActorSign, Effect } from './choosing.svelte.ts';
import { listed } from './texts.ts';

/** A task by its letter; one that has none yet by its name. */
const who = ({ letter, shown }: ActorSign): string => (letter === '' ? shown : letter);

const all = (actors: readonly ActorSign[]): string => listed(actors.map(who));

const inLine = (before: number): string => (before === 0 ? 'next in line' : `${before} before it`);

/** An effect of one kind. */
type Of<Kind extends Effect['kind']> = Effect & { readonly kind: Kind };

type Texts = { readonly [Kind in Effect['kind']]: (effect: Of<Kind>) => string };

const texts: Texts = {
  takes: () => 'takes it: it is free',
  frees: ({ lock }) => `frees ${lock.shown}`,
  has: () => 'has it: it was handed over',
  waits: ({ holder }) => `${who(holder)} holds it: it would wait`,
  fails: ({ holder }) => `fails: ${who(holder)} holds it`,
  'lines up': ({ behind }) => `${who(behind)} waits before it: it would wait`,
  gives: ({ lock, to }) => `hands ${lock.shown} over to ${all(to)}`,
  leaves: ({ readers }) => (readers === 1 ? '1 reader stays' : `${readers} readers stay`),
  wakes: ({ tasks }) => `wakes ${all(tasks)}, which can run then`,
  counts: ({ reference, before, after }) => `${reference}: ${before} → ${after}`,
  queues: ({ queue, before }) => `onto ${queue}, ${inLine(before)}`,
  'stays queued': () => 'is queued already: stays as it is',
  starts: ({ work }) => `starts ${work.shown}`,
  disarms: () => 'stops its timer',
  'takes off': ({ queue }) => `takes it off ${queue}`,
  'awaits run': ({ runner }) => `${who(runner)} runs it: it would wait`,
  'awaits turn': () => 'it has not run yet: it would wait',
  'awaits all': ({ queue, count }) =>
    count === 0 ? `${queue} has no work: no wait` : `${count} on ${queue}: it would wait`,
  'nothing to do': () => 'it is not queued: no wait',
  completes: () => 'nobody waits for it yet',
  tells: ({ event }) => `tells it of ${event}`,
  posts: ({ about }) => (about === '' ? 'the card has it then' : `asks for ${about}`),
};

/** The line of an effect. */
export const effectText = <Kind extends Effect['kind']>(effect: Of<Kind>): string =>
  texts[effect.kind](effect);
