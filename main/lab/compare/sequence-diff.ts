// Two sequences of numbers aligned: which members only one of them has. After Myers, "An O(ND)
// difference algorithm" (1986): forward, with every step's frontier kept for the way back. The
// result is as small as it can be, as long as the bounds allow it. Where one side only goes on for
// longer, a shortest way to that point is as good. Where the bounds allow neither, what is behind
// the common beginning is counted. Swapping the sequences swaps the result.

import { countsOf } from './sequence.ts';

/** What may be spent, shared by several comparisons: it is counted, so that no clock decides. */
export interface Budget {
  /** Steps that are left. */
  steps: number;
}

export interface DiffOptions {
  readonly budget: Budget;
  /** Most differences that are aligned. */
  readonly differencesMax: number;
  /** An order of members that does not depend on which sequence comes first. */
  readonly order: (one: number, other: number) => number;
}

/** What only one side has, as positions, ascending. */
export interface SequenceDiff {
  readonly onlyA: readonly number[];
  readonly onlyB: readonly number[];
  /** False when members were counted, not aligned: those that were moved are not seen. */
  readonly aligned: boolean;
}

/** Numbers from 0, not much larger than there are different ones. */
type Members = ArrayLike<number>;

/** A point of the grid: so much of each sequence is consumed, after this many differences. */
interface Reached {
  readonly differences: number;
  readonly x: number;
  readonly y: number;
}

/** The search for the shortest way through the grid; `a` is not the longer one. */
class Search {
  /** By number of differences: the furthest x on every diagonal that can be reached with them. */
  private readonly frontiers: Int32Array[] = [];
  /** Where `a` is used up first. */
  private usedUp: Reached | undefined;
  private readonly a: Members;
  private readonly b: Members;
  private readonly from: number;

  /** Both are equal before `from`. */
  constructor(a: Members, b: Members, from: number) {
    this.a = a;
    this.b = b;
    this.from = from;
  }

  /**
   * The end, when it can be reached within the bounds; else where one side is used up, the first
   * such place; undefined when neither is within them.
   */
  run({ budget, differencesMax }: DiffOptions): Reached | undefined {
    const { a, b } = this;
    for (let differences = 0; ; differences++) {
      const end = this.advance(differences, budget);
      if (end?.x === a.length && end.y === b.length) return end;
      if (differences >= differencesMax || budget.steps <= 0) {
        return this.usedUp;
      }
    }
  }

  /** One more difference on every diagonal. Gives the end when it is reached. */
  private advance(differences: number, budget: Budget): Reached | undefined {
    const { a, b } = this;
    const frontier = new Int32Array(2 * differences + 1);
    this.frontiers.push(frontier);
    for (let diagonal = -differences; diagonal <= differences; diagonal += 2) {
      let x = this.entry(differences, diagonal);
      const start = x;
      while (x < a.length && x - diagonal < b.length && a[x] === b[x - diagonal]) x++;
      frontier[diagonal + differences] = x;
      budget.steps -= x - start + 1;
      if (x !== a.length || x - diagonal > b.length) continue;
      const reached = { differences, x, y: x - diagonal };
      if (reached.y === b.length) return reached;
      this.usedUp ??= reached;
    }
    return undefined;
  }

  /** True when the best way onto this diagonal takes a member of `b`. */
  private takesB(differences: number, diagonal: number): boolean {
    if (diagonal === -differences) return true;
    if (diagonal === differences) return false;
    const before = this.frontiers[differences - 1]!;
    const at = diagonal + differences - 1;
    return before[at - 1]! < before[at + 1]!;
  }

  /** x on this diagonal before the equal members that follow. */
  private entry(differences: number, diagonal: number): number {
    if (differences === 0) return this.from;
    const before = this.frontiers[differences - 1]!;
    const at = diagonal + differences - 1;
    return this.takesB(differences, diagonal) ? before[at + 1]! : before[at - 1]! + 1;
  }

  /** What was passed over on the way to a point. */
  wayTo({ differences, x, y }: Reached): { onlyA: number[]; onlyB: number[] } {
    const onlyA: number[] = [];
    const onlyB: number[] = [];
    let diagonal = x - y;
    for (let count = differences; count > 0; count--) {
      const start = this.entry(count, diagonal);
      if (this.takesB(count, diagonal)) {
        onlyB.push(start - diagonal - 1);
        diagonal++;
      } else {
        onlyA.push(start - 1);
        diagonal--;
      }
    }
    return { onlyA: onlyA.reverse(), onlyB: onlyB.reverse() };
  }
}

/**
 * Positions from `from` on of the members of which the other side has not as many: the last ones.
 * `others` says how many it has; it is used up.
 */
function surplus(sequence: Members, from: number, others: Uint32Array): number[] {
  const found: number[] = [];
  for (let at = from; at < sequence.length; at++) {
    const member = sequence[at]!;
    if ((others[member] ?? 0) === 0) found.push(at);
    else others[member]!--;
  }
  return found;
}

const mirrored = ({ onlyA, onlyB, aligned }: SequenceDiff): SequenceDiff => ({
  onlyA: onlyB,
  onlyB: onlyA,
  aligned,
});

/** Compares two sequences. */
export function diffSequences(a: Members, b: Members, options: DiffOptions): SequenceDiff {
  let from = 0;
  while (from < a.length && from < b.length && a[from] === b[from]) from++;
  if (from === a.length && from === b.length) return { onlyA: [], onlyB: [], aligned: true };
  const isTurned =
    a.length === b.length ? options.order(a[from]!, b[from]!) > 0 : a.length > b.length;
  return isTurned ? mirrored(diffFrom(b, a, from, options)) : diffFrom(a, b, from, options);
}

function diffFrom(a: Members, b: Members, from: number, options: DiffOptions): SequenceDiff {
  const search = new Search(a, b, from);
  const reached = search.run(options);
  if (reached === undefined) {
    const onlyA = surplus(a, from, countsOf(b, from));
    return { onlyA, onlyB: surplus(b, from, countsOf(a, from)), aligned: false };
  }
  const { onlyA, onlyB } = search.wayTo(reached);
  // Where `a` is used up, the rest of `b` is its own.
  for (let at = reached.y; at < b.length; at++) onlyB.push(at);
  return { onlyA, onlyB, aligned: true };
}
