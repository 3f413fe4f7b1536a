// Numbers of events in rising order, in a typed array that grows: what an index of a trace is made
// of. A question about "before event n" is a binary search.

const firstRoom = 256;

/** Rising numbers of events. */
export class SeqList {
  private numbers = new Uint32Array(firstRoom);
  private used = 0;

  get length(): number {
    return this.used;
  }

  /** Adds the next one; it must be larger than all before it. */
  add(seq: number): void {
    if (this.used === this.numbers.length) {
      const larger = new Uint32Array(2 * this.used);
      larger.set(this.numbers);
      this.numbers = larger;
    }
    this.numbers[this.used++] = seq;
  }

  /** The one at a position, which must be there. */
  at(index: number): number {
    return this.numbers[index]!;
  }

  /** How many are smaller than `seq`: also the position of the first one that is not. */
  below(seq: number): number {
    let [low, high] = [0, this.used];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.numbers[middle]! < seq) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
