// How far behind things are, in wall time. The window: from the lab's oldest word that is not on
// the screen yet. The disk: from the moment at which what is not kept yet had happened. The machine
// waits for neither; both are said, not mended.

import type { SessionState } from '#contract/session.ts';

/** A state that was heard: how many events there were, and when. */
interface Sample {
  readonly wallMs: number;
  readonly events: number;
}

/** Time between two samples, ms, and how many are kept: enough for a minute. */
const [sampleMs, samplesMax] = [100, 600];

/** How far both are behind. */
export interface Delays {
  /** The window's worst since the look before, ms. */
  readonly windowMs: number;
  readonly diskMs: number;
}

export class Behind {
  private unseenMs: number | null = null;
  private askedMs: number | null = null;
  private worstMs = 0;
  private samples: readonly Sample[] = [];
  private kept = 0;

  /** The lab has said how things stand; `isToShow`: the window has to draw it. */
  hear({ wallMs, events, record }: SessionState, isToShow: boolean): void {
    if (isToShow) this.unseenMs ??= wallMs;
    this.kept = record.kind === 'recording' ? events - record.behind : Infinity;
    const last = this.samples.at(-1);
    if (last !== undefined && events < last.events) this.samples = [];
    if (last?.events === events || wallMs - (last?.wallMs ?? 0) < sampleMs) return;
    this.samples = [...this.samples, { wallMs, events }].slice(-samplesMax);
  }

  /** The window asks for all that it has heard of. */
  ask(): void {
    this.askedMs = this.unseenMs;
    this.unseenMs = null;
  }

  /** What it asked for is on the screen. */
  show(nowMs: number): void {
    if (this.askedMs !== null) this.worstMs = Math.max(this.worstMs, nowMs - this.askedMs);
    this.askedMs = null;
  }

  /** The numbers are looked at: now and then, for nobody reads a number at every frame. */
  look(nowMs: number): Delays {
    const waiting = this.askedMs ?? this.unseenMs;
    const windowMs = Math.max(this.worstMs, waiting === null ? 0 : nowMs - waiting);
    this.worstMs = 0;
    this.samples = this.samples.filter(({ events }) => events > this.kept);
    const first = this.samples[0];
    const diskMs = first === undefined ? 0 : Math.max(0, nowMs - first.wallMs);
    return { windowMs, diskMs };
  }
}
