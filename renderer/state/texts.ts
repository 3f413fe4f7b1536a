// Why the machine takes no input: said wherever a person tries, each with the way out. And what a
// window says that was gone for a while.

import { roughSeconds } from '../ui/numbers.ts';

export const texts = {
  recording: 'This is a recording. Fork here (f) to act on it.',
  realRecording: 'This is a recording of Linux itself, which does not run the same way twice.',
  gone: (ms: number): string => `The window was gone for ${roughSeconds(ms)}. Nothing is lost.`,
  lookingBack: 'You look back. Go to the live end (l), or fork here (f), to act.',
} as const;
