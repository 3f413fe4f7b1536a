// The future: callbacks by virtual time, those of one time in the order in which they were asked
// for.

interface Entry {
  readonly atNs: number;
  readonly order: number;
  readonly fn: () => void;
}

const before = (a: Entry, b: Entry): boolean =>
  a.atNs < b.atNs || (a.atNs === b.atNs && a.order < b.order);

/** A binary heap of timed callbacks. */
export class EventHeap {
  private readonly entries: Entry[] = [];
  private order = 0;

  /** Time of the first entry, or Infinity. */
  nextNs = Infinity;

  push(atNs: number, fn: () => void): void {
    const entry = { atNs, order: this.order++, fn };
    let at = this.entries.length;
    this.entries.push(entry);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!before(entry, this.entries[parent]!)) break;
      this.entries[at] = this.entries[parent]!;
      at = parent;
    }
    this.entries[at] = entry;
    this.nextNs = this.entries[0]!.atNs;
  }

  /** Takes the first callback out. The heap must not be empty. */
  pop(): () => void {
    const first = this.entries[0]!;
    const last = this.entries.pop()!;
    if (this.entries.length > 0) this.sink(last);
    this.nextNs = this.entries.length > 0 ? this.entries[0]!.atNs : Infinity;
    return first.fn;
  }

  private sink(entry: Entry): void {
    const size = this.entries.length;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= size) break;
      if (child + 1 < size && before(this.entries[child + 1]!, this.entries[child]!)) child++;
      if (!before(this.entries[child]!, entry)) break;
      this.entries[at] = this.entries[child]!;
      at = child;
    }
    this.entries[at] = entry;
  }
}
