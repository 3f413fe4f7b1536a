// The tour as a state machine without a window: where it is, what each key does, and that it stops
// the moment the trainee touches anything else. The stops come from the recording itself.

/** Where the tour is. `stopped`: the trainee has taken over, and may go on from there. */
export type TourState =
  | { readonly kind: 'off' }
  | { readonly kind: 'at'; readonly stop: number }
  | { readonly kind: 'stopped'; readonly stop: number };

/** What happens to it. */
export type TourAct = 'start' | 'next' | 'back' | 'leave' | 'touched' | 'goOn';

/** The state after an act, with so many stops. */
export function tourAfter(state: TourState, act: TourAct, stops: number): TourState {
  const off: TourState = { kind: 'off' };
  if (act === 'leave' || stops === 0) return off;
  if (act === 'start') return { kind: 'at', stop: 0 };
  if (state.kind === 'off') return off;
  const { stop } = state;
  if (state.kind === 'stopped') return act === 'goOn' ? { kind: 'at', stop } : state;
  switch (act) {
    case 'next':
      return stop + 1 < stops ? { kind: 'at', stop: stop + 1 } : off;
    case 'back':
      return { kind: 'at', stop: Math.max(0, stop - 1) };
    case 'touched':
      return { kind: 'stopped', stop };
    default:
      return state;
  }
}
