// Why the machine takes no input: said wherever a person tries.
// Each says the way out.

export const texts = {
  recording: 'This is a recording. Fork here (f) to act on it.',
  lookingBack: 'You look back. Go to the live end (l), or fork here (f), to act.',
} as const;
