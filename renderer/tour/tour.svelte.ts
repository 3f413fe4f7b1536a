// The tour in the window: opens the story, puts the cursor on each stop, and after the last one
// shows the fixed run beside it.

import type { Session } from '../state/session.svelte.ts';
import type { Stop } from './texts.ts';
import type { PaneName } from '../frame/views.ts';
import { stopTexts } from './texts.ts';
import { tourAfter } from './tour.ts';
import type { TourAct, TourState } from './tour.ts';

export class Tour {
  state = $state.raw<TourState>({ kind: 'off' });
  stops = $state.raw<readonly Stop[]>([]);
  private readonly session: Session;
  private readonly onStop: (pane: PaneName) => void;
  private readonly onEnd: () => void;

  /**
   * `onStop`: a stop speaks of this pane; let it be seen. `onEnd`: the last stop is behind; show
   * both runs.
   */
  constructor(session: Session, onStop: (pane: PaneName) => void, onEnd: () => void) {
    this.session = session;
    this.onStop = onStop;
    this.onEnd = onEnd;
  }

  /** The stop that the note speaks of; null when there is none. */
  readonly stop: Stop | null = $derived(
    this.state.kind === 'off' ? null : (this.stops[this.state.stop] ?? null),
  );

  /** Opens a run and begins. False when it has no stops. */
  async start(run: number): Promise<boolean> {
    const stops = await this.session.ask('runs.stops', { run });
    if (stops === null || stops.length === 0) return false;
    if ((await this.session.open({ from: 'run', run })) === null) return false;
    this.stops = stops;
    this.do('start');
    return true;
  }

  do(act: TourAct): void {
    const isLast =
      act === 'next' && this.state.kind === 'at' && this.state.stop === this.stops.length - 1;
    this.state = tourAfter(this.state, act, this.stops.length);
    if (isLast) this.onEnd();
    if (this.state.kind === 'at' && this.stop !== null) {
      this.onStop(stopTexts[this.stop.stop].pane);
      this.session.lookAt({ at: 'event', seq: this.stop.seq });
    }
  }
}
