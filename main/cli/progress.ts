// How far something is that takes more than a second, on a terminal's standard error: results are
// on standard output, and a file or a pipe wants no bar.

import { secondsText } from './print.ts';

/** Before this it is not worth a word, ms. */
const patienceMs = 1000;
/** Between two drawings, ms. */
const refreshMs = 100;
const barColumns = 30;

/** One thing that goes on. */
export class Progress {
  private readonly label: string;
  private readonly startMs = performance.now();
  private drawnMs = 0;

  constructor(label: string) {
    this.label = label;
  }

  /** `done` of `total`. */
  part(done: number, total: number): void {
    if (!this.isDue()) return;
    const part = Math.min(1, done / Math.max(1, total));
    const full = Math.round(part * barColumns);
    const bar = '█'.repeat(full) + '░'.repeat(barColumns - full);
    this.draw(`${bar} ${Math.floor(part * 100)} %`);
  }

  /** So many bytes of who knows how many. */
  bytes(done: number): void {
    if (this.isDue()) this.draw(`${(done / 1e6).toFixed(1)} MB`);
  }

  /** So many events of who knows how many. */
  events(done: number): void {
    if (this.isDue()) this.draw(`${(done / 1e6).toFixed(1)} million events`);
  }

  /** So much virtual time, of a run whose end nobody knows. */
  time(nowNs: number): void {
    if (this.isDue()) this.draw(`${secondsText(nowNs)} of virtual time`);
  }

  private isDue(): boolean {
    const nowMs = performance.now();
    const isLate = nowMs - this.startMs >= patienceMs && nowMs - this.drawnMs >= refreshMs;
    return isLate && process.stderr.isTTY;
  }

  private draw(text: string): void {
    this.drawnMs = performance.now();
    process.stderr.write(`\r${this.label} ${text}`);
  }

  /** Takes it away. */
  end(): void {
    if (this.drawnMs > 0) process.stderr.write('\r\x1b[K');
    this.drawnMs = 0;
  }
}
