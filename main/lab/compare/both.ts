// What a comparison says of each of its two runs, and the steps that it quotes. Both sides are
// treated alike: swapping the runs swaps the result and changes nothing else.

/** The same of each run. */
export interface Both<T> {
  readonly a: T;
  readonly b: T;
}

/** One of the two runs. */
export type Side = keyof Both<unknown>;

/** The same function of each. */
export const bothOf = <T, U>({ a, b }: Both<T>, make: (one: T, side: Side) => U): Both<U> => ({
  a: make(a, 'a'),
  b: make(b, 'b'),
});

/** A step that one run has and the other has not. */
export interface Step {
  /** Number of its event. */
  readonly seq: number;
  readonly timeNs: number;
  readonly said: string;
  /** How often it is there: later ones are not listed again. */
  readonly times: number;
}

/** Steps of one run, with the first ones quoted. */
export interface Steps {
  /** All of them. */
  readonly count: number;
  /** In order, each once. */
  readonly first: readonly Step[];
}

/** `never`, `once`, `12 times`. */
export const timesText = (count: number): string =>
  count === 0 ? 'never' : count === 1 ? 'once' : `${count} times`;

/** An order of texts that is the same everywhere. */
export const byText = (one: string, other: string): number =>
  one < other ? -1 : one > other ? 1 : 0;
