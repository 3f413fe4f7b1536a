// The envelopes: a window asks, the lab answers or refuses in words; the lab tells what has
// changed. Envelopes of a window are checked on arrival (valibot); what is in them is checked by
// the request that they name (requests.ts).

import * as v from 'valibot';

/** Longest name of a request. */
const nameMax = 64;

/** What a window sends. */
export const requestEnvelope = v.strictObject({
  kind: v.literal('request'),
  id: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  name: v.pipe(v.string(), v.maxLength(nameMax)),
  body: v.unknown(),
});

export type RequestEnvelope = v.InferOutput<typeof requestEnvelope>;

/** What the lab sends. */
export type LabEnvelope =
  | { readonly kind: 'answer'; readonly id: number; readonly body: unknown }
  /** It was not done; said to the person as it is. */
  | { readonly kind: 'refusal'; readonly id: number; readonly said: string }
  | { readonly kind: 'event'; readonly name: string; readonly body: unknown };
