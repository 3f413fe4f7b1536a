// All words of the verdict bar, and the kinds of verdict
// that it can be about.

/** What a bar is about. */
export type VerdictKind = 'deadlock' | 'oops' | 'hung' | 'diverged' | 'stepLimit' | 'other';

export const texts = {
  region: 'Verdict',
  heads: {
    deadlock: 'Deadlock.',
    oops: 'Oops.',
    hung: 'Hung task.',
    diverged: 'They part here.',
    stepLimit: 'Step limit.',
    other: 'Found.',
  } satisfies Record<VerdictKind, string>,
  before: { deadlock: 'Before it closed', other: 'Before it' },
  fork: 'Fork here',
  same: (variant: string): string => `Same choices, ${variant}`,
  collapse: 'Make the verdict small',
  expand: 'Show the verdict',
} as const;
