// The session on the bench: how it stands, and the transport keys. One session is on the bench at a
// time, for every window; a new one takes its place.

import * as v from 'valibot';
import type { Moment } from '#lab/moment/moment.ts';
import { nothing, request, runSchema, seqSchema, textSchema, timeNsSchema } from './request.ts';

/** How a session is recorded. */
export type RecordState =
  /** Kept as it goes; `behind` events are not on the disk yet. */
  | { readonly kind: 'recording'; readonly behind: number }
  /** It is a recording: nothing can be done to it. */
  | { readonly kind: 'replay'; readonly run: number }
  | { readonly kind: 'notKept'; readonly why: string };

/** How a session stands: pushed as the event `session` whenever it changes; the latest wins. */
export interface SessionState {
  /** Counts sessions of this process, from 1. */
  readonly number: number;
  /** Wall time of this word, ms since 1970: how far behind it is, the window sees. */
  readonly wallMs: number;
  readonly scenario: string;
  readonly title: string;
  readonly variant: string;
  readonly policy: string;
  readonly seed: number | null;
  readonly live: boolean;
  /** Linux itself runs or ran, not the lab's kernel: no event of it comes a second time. */
  readonly real: boolean;
  /** The machine runs by itself. */
  readonly running: boolean;
  /** Virtual seconds for each second; Infinity does not cross JSON: null is as fast as it goes. */
  readonly speed: number | null;
  readonly timeNs: number;
  /** Events so far. */
  readonly events: number;
  readonly eventsPerSecond: number;
  /** Why the machine cannot go on, or null. */
  readonly stopped: string | null;
  /** A person chooses who runs; null when a policy does. */
  readonly choosing: { readonly isAsking: boolean } | null;
  readonly record: RecordState;
  /** Where it was forked: the parent's number when it is in the library, and the event. */
  readonly parent: { readonly run: number | null; readonly seq: number } | null;
  /** A run is being run again up to a moment, to be gone on from; or null. */
  readonly opening: { readonly done: number; readonly total: number } | null;
}

/** A moment of the session: before an event, at a time, or now. */
export const momentSchema = v.variant('at', [
  v.strictObject({ at: v.literal('event'), seq: seqSchema }),
  v.strictObject({ at: v.literal('time'), timeNs: timeNsSchema }),
  v.strictObject({ at: v.literal('end') }),
]);

/**
 * Everything at a moment, and which session it is of: answers come after the session has changed.
 */
export interface SessionMoment extends Moment {
  readonly session: number;
}

/** What a step goes to: `same` is the kind of the event before the moment. */
const goalSchema = v.picklist(['point', 'switch', 'blocked', 'same']);

/** A new session. */
const openSchema = v.variant('from', [
  v.strictObject({
    from: v.literal('scenario'),
    /** Name of a file of the lab's scenarios; null is a bench without a script. */
    scenario: v.nullable(textSchema),
    variant: textSchema,
    policy: v.picklist(['until-blocked', 'random', 'you-choose']),
    seed: v.nullable(seqSchema),
  }),
  v.strictObject({ from: v.literal('run'), run: runSchema }),
  /**
   * A run again up to an event, to go on from there by hand; with another variant the same choices
   * on that driver, to their end, as a recording beside its parent.
   */
  v.strictObject({
    from: v.literal('fork'),
    /** Null: the session on the bench. */
    run: v.nullable(runSchema),
    seq: seqSchema,
    variant: v.optional(textSchema),
  }),
]);

export const sessionRequests = {
  'session.state': request<SessionState>()(nothing),
  'session.open': request<SessionState>()(openSchema),
  /** Lets it run, at a speed: virtual seconds for each second, null as fast as it goes. */
  'session.run': request<null>()(
    v.strictObject({ speed: v.nullable(v.pipe(v.number(), v.minValue(1e-6), v.maxValue(1e6))) }),
  ),
  'session.pause': request<null>()(nothing),
  'session.step': request<null>()(v.strictObject({ to: goalSchema })),
  /** The moment that a step from another one leads to; null when nothing is there. */
  'session.find': request<number | null>()(
    v.strictObject({ from: seqSchema, direction: v.picklist(['on', 'back']), to: goalSchema }),
  ),
  /** Types a line into a terminal. */
  'session.type': request<null>()(v.strictObject({ terminal: textSchema, line: textSchema })),
  'session.interrupt': request<null>()(v.strictObject({ terminal: textSchema })),
  /** What hands do, in the words of the shell's `:` lines: `pull card0 port 1`. */
  'session.hand': request<null>()(v.strictObject({ line: textSchema })),
  moment: request<SessionMoment>()(momentSchema),
} as const;
