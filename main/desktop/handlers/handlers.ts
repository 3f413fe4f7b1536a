// What answers each request. The table of the contract decides which there are: one that is missing
// here, or too many, is a type error.

import type { AnswerOf, BodyOf, RequestName } from '#contract/requests.ts';
import type { Bench } from '../bench/bench.ts';
import type { Window } from '../window.ts';
import { choosingHandlers } from './choosing.ts';
import { compareHandlers } from './compare.ts';
import { hostHandlers } from './host.ts';
import { cardHandlers } from './card.ts';
import { lessonHandlers } from './lessons.ts';
import { listHandlers } from './lists.ts';
import { runsHandlers } from './runs.ts';
import { sessionHandlers } from './session.ts';
import { terminalHandlers } from './terminals.ts';
import { timelineHandlers } from './timeline.ts';

/** An answer with bytes behind it. */
export interface WithPayload<A> {
  readonly body: A;
  readonly payload: Uint8Array;
}

/** Does what a request asks. Throws Refused and the lab's own errors, which are sentences. */
export type Handler<N extends RequestName> = (
  bench: Bench,
  body: BodyOf<N>,
  payload: Uint8Array | null,
  window: Window,
) => Said<N> | Promise<Said<N>>;

type Said<N extends RequestName> = AnswerOf<N> | WithPayload<AnswerOf<N>>;

/** Handlers of some requests. */
export type HandlersOf<N extends RequestName> = { readonly [Name in N]: Handler<Name> };

export const handlers: HandlersOf<RequestName> = {
  ...sessionHandlers,
  ...choosingHandlers,
  ...hostHandlers,
  ...terminalHandlers,
  ...listHandlers,
  ...lessonHandlers,
  ...cardHandlers,
  ...timelineHandlers,
  ...runsHandlers,
  ...compareHandlers,
};
