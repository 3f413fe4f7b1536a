// Letters of tasks: given at birth, and never changed within a run (ui.md, section 4). A moment
// names only the tasks that it shows, so they are collected; those of another session are not.

/** Letters by name of the task, and the session that they are of. */
export interface Letters {
  readonly session: number;
  readonly byName: ReadonlyMap<string, string>;
}

/** What of a moment gives letters. */
export interface Lettered {
  readonly session: number;
  readonly waits: {
    readonly things: readonly {
      readonly kind: string;
      readonly name: string;
      readonly letter: string;
    }[];
  };
}

/** Before anything has been seen. */
export const noLetters: Letters = { session: 0, byName: new Map() };

/** Letters as they were kept over a reload of the window. */
export const keptLetters = (
  session: number,
  entries: readonly (readonly [string, string])[],
): Letters => ({ session, byName: new Map(entries) });

/** Those that were known, with those of a moment; the very same when the moment adds none. */
export function lettersWith(known: Letters, { session, waits }: Lettered): Letters {
  const old = known.session === session ? known.byName : noLetters.byName;
  const fresh = waits.things.filter(({ kind, name }) => kind === 'task' && !old.has(name));
  if (fresh.length === 0 && known.session === session) return known;
  const added = fresh.map(({ name, letter }) => [name, letter] as const);
  return { session, byName: new Map([...old, ...added]) };
}
