// Letters of tasks: given when a task is first in play, and never changed within a run (ui.md,
// section 4).

/** Letters by name of the task in the trace. */
export type Letters = ReadonlyMap<string, string>;

/** The letters of a cast; those that are known of the same run while nobody has joined. */
export const lettersOf = (
  cast: readonly { readonly name: string; readonly letter: string }[],
  known: Letters | null,
): Letters =>
  cast.length === known?.size ? known : new Map(cast.map(({ name, letter }) => [name, letter]));
