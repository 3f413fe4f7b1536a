// Every request there is, in one table. The lab dispatches through it: a handler that is missing or
// too many is a type error; a window's calls take their types from it.

import type * as v from 'valibot';
import { cardRequests } from './card.ts';
import { choosingRequests } from './choosing.ts';
import { compareRequests } from './compare.ts';
import { hostRequests } from './host.ts';
import type { MenuCommand } from './host.ts';
import { lessonRequests } from './lessons.ts';
import { listRequests } from './lists.ts';
import { runsRequests } from './runs.ts';
import type { LibraryState } from './runs.ts';
import { sessionRequests } from './session.ts';
import type { SessionState } from './session.ts';
import { terminalRequests } from './terminals.ts';
import { timelineRequests } from './timelines.ts';

export const requests = {
  ...sessionRequests,
  ...choosingRequests,
  ...hostRequests,
  ...terminalRequests,
  ...listRequests,
  ...lessonRequests,
  ...cardRequests,
  ...timelineRequests,
  ...runsRequests,
  ...compareRequests,
} as const;

type Requests = typeof requests;

export type RequestName = keyof Requests;

/** What is asked with. */
export type BodyOf<N extends RequestName> = v.InferOutput<Requests[N]['schema']>;

/** What comes back. */
export type AnswerOf<N extends RequestName> = Exclude<Requests[N]['answer'], undefined>;

/** What the lab tells without being asked, by name. */
export interface LabEvents {
  readonly session: SessionState;
  /** Only to the window whose menu it was. */
  readonly menu: MenuCommand;
  readonly library: LibraryState;
}
