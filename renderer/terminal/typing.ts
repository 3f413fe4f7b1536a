// Whether a line can be typed now, and if not, why and what to do instead. A machine that is paused
// takes lines; they run when it does.

import type { Session } from '../state/session.svelte.ts';
import { secondsText } from '../ui/numbers.ts';
import { terminalTexts as texts } from './texts.ts';

/** Why nothing can be typed, or null; empty until the lab has said what there is. */
export function whyNotTyped(
  { lost, state, following, moment }: Session,
  hasLeft: boolean,
): string | null {
  if (lost) return texts.away;
  if (state === null) return '';
  if (!state.live) return texts.recording;
  if (!following) return texts.lookingBack(secondsText(moment?.timeNs ?? 0));
  if (state.stopped !== null) return texts.stopped(state.stopped);
  return hasLeft ? texts.closed : null;
}
