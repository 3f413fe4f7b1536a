// Every request there is, in one table. The lab dispatches through it: a handler that is missing or
// too many is a type error; a window's calls take their types from it.

import type * as v from 'valibot';
import type { LibraryState } from './runs.ts';
import { runsRequests } from './runs.ts';
import type { SessionState } from './session.ts';
import { sessionRequests } from './session.ts';

export const requests = { ...sessionRequests, ...runsRequests } as const;

type Requests = typeof requests;

export type RequestName = keyof Requests;

/** What is asked with. */
export type BodyOf<N extends RequestName> = v.InferOutput<Requests[N]['schema']>;

/** What comes back. */
export type AnswerOf<N extends RequestName> = Exclude<Requests[N]['answer'], undefined>;

/** What the lab tells without being asked, by name. */
export interface LabEvents {
  readonly session: SessionState;
  readonly library: LibraryState;
}
