// How many packets a window may send: a burst, then so many a second. A window that is well never
// comes near it.

const perSecond = 500;
const burst = 1000;

/** A bucket of one window. */
export class RateLimit {
  private left = burst;
  private lastMs: number | null = null;

  /** True when one more may pass now. */
  passes(nowMs: number): boolean {
    const passedMs = nowMs - (this.lastMs ?? nowMs);
    this.lastMs = nowMs;
    this.left = Math.min(burst, this.left + (passedMs * perSecond) / 1000);
    if (this.left < 1) return false;
    this.left--;
    return true;
  }
}
