// Plays: lets a cursor go along at a speed, until it is stopped or comes to the end. It is the only
// thing that moves by itself where nothing runs; whoever wants less motion sees it in steps.

/** What is played. */
export interface Play {
  readonly from: number;
  readonly to: number;
  /** How far it goes in a millisecond; asked anew for each step. */
  readonly perMs: () => number;
  readonly look: (at: number) => void;
  readonly onEnd: () => void;
}

/** Time between two steps for whoever wants less motion, ms. */
const calmMs = 500;

const wantsCalm = (): boolean => matchMedia('(prefers-reduced-motion: reduce)').matches;

export class Player {
  playing = $state(false);
  /** Counts what was started: a frame of an older one does nothing. */
  private number = 0;

  stop(): void {
    this.playing = false;
    this.number++;
  }

  start({ from, to, perMs, look, onEnd }: Play): void {
    this.stop();
    const { number } = this;
    this.playing = true;
    let at = from;
    let lastMs = performance.now();
    let shownMs = lastMs;
    const frame = (nowMs: number): void => {
      if (this.number !== number) return;
      at += Math.max(0, nowMs - lastMs) * perMs();
      lastMs = nowMs;
      if (at >= to) {
        this.stop();
        onEnd();
        return;
      }
      if (!wantsCalm() || nowMs - shownMs >= calmMs) {
        shownMs = nowMs;
        look(at);
      }
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  }
}
