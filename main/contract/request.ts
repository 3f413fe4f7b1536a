// One row of the table of requests: the schema of what is asked, and the type of the answer.
// Answers come from the lab itself and are typed, not checked.

import * as v from 'valibot';

/** A request: schema and, in its type only, the answer. */
export interface RequestRow<S extends v.GenericSchema, A> {
  readonly schema: S;
  /** Never there: carries the type. */
  readonly answer?: A;
}

/** Declares a request: `request<Answer>()(schema)`. */
export const request =
  <A>() =>
  <S extends v.GenericSchema>(schema: S): RequestRow<S, A> => ({ schema });

/** A request that asks with nothing. */
export const nothing = v.strictObject({});

/** Number of an event, or of events. */
export const seqSchema = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

/** Virtual time, ns. */
export const timeNsSchema = v.pipe(v.number(), v.finite(), v.minValue(0));

/** Number of a run in the library. */
export const runSchema = v.pipe(v.number(), v.safeInteger(), v.minValue(1));

/** A word or line of a person. */
export const textSchema = v.pipe(v.string(), v.maxLength(4096));
