// Optional members: with exactOptionalPropertyTypes a member that was not given must be absent, and
// not undefined.

/** The members that have a value. */
export type Present<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** The same object without the members that are undefined. */
export function present<T extends object>(members: T): Present<T> {
  return Object.fromEntries(
    Object.entries(members).filter(([, value]) => value !== undefined),
  ) as Present<T>;
}
