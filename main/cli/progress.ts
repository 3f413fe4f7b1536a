// A bar for what takes more than a second, on a terminal's standard error: results are on standard
// output, and a file or a pipe wants no bar.

/** Before this it is not worth a bar, ms. */
const patienceMs = 1000;
/** Between two drawings, ms. */
const refreshMs = 100;
const barColumns = 30;

/** How far something is. */
export class Progress {
  private readonly label: string;
  private readonly total: number;
  private readonly startMs = performance.now();
  private drawnMs = 0;
  private isShown = false;

  constructor(label: string, total: number) {
    this.label = label;
    this.total = total;
  }

  /** `done` of the total. */
  at(done: number): void {
    const nowMs = performance.now();
    if (!process.stderr.isTTY || nowMs - this.startMs < patienceMs) return;
    if (nowMs - this.drawnMs < refreshMs) return;
    this.drawnMs = nowMs;
    this.isShown = true;
    const part = Math.min(1, done / Math.max(1, this.total));
    const full = Math.round(part * barColumns);
    const bar = '█'.repeat(full) + '░'.repeat(barColumns - full);
    process.stderr.write(`\r${this.label} ${bar} ${Math.floor(part * 100)} %`);
  }

  /** Takes the bar away. */
  end(): void {
    if (this.isShown) process.stderr.write('\r\x1b[K');
    this.isShown = false;
  }
}
