// Columns of numbers that grow: typed arrays with room for half as much again. A million spans are
// a few buffers instead of a million objects.

/** Room of a new column. */
const firstRoom = 8;

/** Times, ns. */
export class TimeColumn {
  values = new Float64Array(firstRoom);

  /** Makes room for an entry at `at`, and writes it. */
  set(at: number, value: number): void {
    if (at >= this.values.length) {
      const larger = new Float64Array(roomFor(at));
      larger.set(this.values);
      this.values = larger;
    }
    this.values[at] = value;
  }
}

/** Numbers of texts, lanes, events. */
export class NumberColumn {
  values = new Uint32Array(firstRoom);

  /** Makes room for an entry at `at`, and writes it. */
  set(at: number, value: number): void {
    if (at >= this.values.length) {
      const larger = new Uint32Array(roomFor(at));
      larger.set(this.values);
      this.values = larger;
    }
    this.values[at] = value;
  }
}

/** Small numbers. */
export class ByteColumn {
  values = new Uint8Array(firstRoom);

  /** Makes room for an entry at `at`, and writes it. */
  set(at: number, value: number): void {
    if (at >= this.values.length) {
      const larger = new Uint8Array(roomFor(at));
      larger.set(this.values);
      this.values = larger;
    }
    this.values[at] = value;
  }
}

const roomFor = (at: number): number => Math.ceil((at + 1) * 1.5);

/**
 * First index from `from` up to `count` whose value is at least `least`; values ascend. Looks in
 * steps that double, because what is sought is mostly near.
 */
export function lowerBound(
  values: ArrayLike<number>,
  least: number,
  from: number,
  count: number,
): number {
  let low = from;
  let step = 1;
  while (low + step < count && values[low + step - 1]! < least) {
    low += step;
    step *= 2;
  }
  let high = Math.min(count, low + step);
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (values[middle]! < least) low = middle + 1;
    else high = middle;
  }
  return low;
}
