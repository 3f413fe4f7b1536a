// Virtual time, as hardware sees it: cards, cables, switches and hosts know no engine, only this.
// The engine implements it for a machine, a plain event heap does for tests.

/** A clock that hardware models run on. Times are integer nanoseconds of virtual time. */
export interface Clock {
  /** Nanoseconds since the machine was switched on. */
  now(): number;
  /**
   * Calls `fn` once, `delayNs` from now (0 or more), never from inside this call. Events of one
   * time run in the order in which they were asked for. There is no cancel: a stale callback must
   * see for itself that it is stale.
   */
  after(delayNs: number, fn: () => void): void;
}
