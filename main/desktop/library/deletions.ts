// Runs that were deleted and can still be brought back: each is carried out 10 s later or when the
// lab ends, so that taking it back loses nothing.

/** How long a deletion can be taken back, ms. */
const graceMs = 10_000;

interface Pending {
  readonly run: number;
  readonly name: string;
  readonly timer: NodeJS.Timeout;
}

export class Deletions {
  private readonly carryOut: (run: number) => void;
  private readonly onChange: () => void;
  private pending: readonly Pending[] = [];

  constructor(carryOut: (run: number) => void, onChange: () => void) {
    this.carryOut = carryOut;
    this.onChange = onChange;
  }

  has(run: number): boolean {
    return this.pending.some((each) => each.run === run);
  }

  /** The one that would be brought back. */
  get last(): { readonly run: number; readonly name: string } | null {
    const last = this.pending.at(-1);
    return last === undefined ? null : { run: last.run, name: last.name };
  }

  add(run: number, name: string): void {
    if (this.has(run)) return;
    const timer = setTimeout(() => {
      this.finish(run);
    }, graceMs);
    timer.unref();
    this.pending = [...this.pending, { run, name, timer }];
    this.onChange();
  }

  /** Brings back the last one; false when there is none. */
  undo(): boolean {
    const last = this.pending.at(-1);
    if (last === undefined) return false;
    clearTimeout(last.timer);
    this.pending = this.pending.slice(0, -1);
    this.onChange();
    return true;
  }

  private finish(run: number): void {
    const found = this.pending.find((each) => each.run === run);
    if (found === undefined) return;
    clearTimeout(found.timer);
    this.carryOut(run);
    this.pending = this.pending.filter((each) => each !== found);
    this.onChange();
  }

  carryOutAll(): void {
    for (const { run } of this.pending) this.finish(run);
  }
}
