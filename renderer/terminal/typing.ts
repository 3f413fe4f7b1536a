// Whether a line can be typed now, and if not, why and what to do instead. A machine that is paused
// takes lines; they run when it does.

import type { Session } from '../state/session.svelte.ts';
import { secondsText } from '../ui/numbers.ts';
import { terminalTexts as texts } from './texts.ts';

/** What a line waits for that was typed while the machine is paused, or null. */
export function whatIsAwaited(
  { state, following }: Pick<Session, 'state' | 'following'>,
  isBusy: boolean,
): string | null {
  const isPaused = state?.live === true && !state.running && state.choosing === null;
  return isPaused && following && isBusy ? texts.paused : null;
}

/** Why nothing can be typed, or null. */
export function whyNotTyped(
  { lost, state, following, moment }: Session,
  hasLeft: boolean,
): string | null {
  if (lost) return texts.away;
  if (state === null) return '';
  if (!state.live) return state.real ? texts.realRecording : texts.recording;
  if (!following) return texts.lookingBack(secondsText(moment?.timeNs ?? 0));
  if (state.stopped !== null) return texts.stopped(state.stopped);
  return hasLeft ? texts.closed : null;
}
