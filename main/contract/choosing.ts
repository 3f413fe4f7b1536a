// A person as the scheduler: the question that is open, the answer, and taking it back.
// The state says that something is asked (SessionState.choosing); what, is asked for here.

import * as v from 'valibot';
import type { ChoosingState, ShortestKnown } from '#lab/choosing/choosing.ts';
import { nothing, request, textSchema } from './request.ts';

export const choosingRequests = {
  'choosing.state': request<ChoosingState>()(nothing),
  'choosing.pick': request<null>()(v.strictObject({ task: textSchema })),
  'choosing.letRun': request<null>()(v.strictObject({ on: v.boolean() })),
  'choosing.takeBack': request<null>()(nothing),
  /** The next hint for the open question; the state has it. It may take some seconds. */
  'choosing.hint': request<null>()(nothing),
  /** The fewest choices that are known to close a cycle from the first question on. */
  'choosing.shortest': request<ShortestKnown>()(nothing),
} as const;
