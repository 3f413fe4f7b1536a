// A growing list of events with a number for what each says: one task's deeds, or the log. Typed
// arrays, because a run has a million of them.

/** Events of one task, or of one sort, in order. */
export class Sequence {
  private deedNumbers = new Uint32Array(16);
  private eventNumbers = new Uint32Array(16);
  private count = 0;

  push(deed: number, seq: number): void {
    if (this.count === this.deedNumbers.length) this.grow();
    this.deedNumbers[this.count] = deed;
    this.eventNumbers[this.count++] = seq;
  }

  private grow(): void {
    const { deedNumbers, eventNumbers } = this;
    this.deedNumbers = new Uint32Array(2 * this.count);
    this.eventNumbers = new Uint32Array(2 * this.count);
    this.deedNumbers.set(deedNumbers);
    this.eventNumbers.set(eventNumbers);
  }

  get length(): number {
    return this.count;
  }

  /** What they say: equal numbers, equal deeds. */
  get deeds(): Uint32Array {
    return this.deedNumbers.subarray(0, this.count);
  }

  /** Numbers of the events. */
  get seqs(): Uint32Array {
    return this.eventNumbers.subarray(0, this.count);
  }
}

/** How often each number is in a list from a place on, by number. */
export function countsOf(members: ArrayLike<number>, from: number): Uint32Array {
  let largest = 0;
  for (let at = from; at < members.length; at++) largest = Math.max(largest, members[at]!);
  const counts = new Uint32Array(largest + 1);
  for (let at = from; at < members.length; at++) counts[members[at]!]!++;
  return counts;
}
