// The words of the verdict bar. The sentence comes from the lab, built from the graph.
// Each outcome has its word and its keys.

export const texts = {
  deadlock: 'Deadlock.',
  label: 'What has happened',
  before: 'Before it closed',
  fork: 'Fork here',
  same: (variant: string): string => `Same choices, ${variant}`,
  fold: 'Make the bar small',
  unfold: 'Show the sentence',
} as const;
