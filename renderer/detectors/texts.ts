// The words of the detector board. What a detector says comes from the lab.
// Lamps have a word for each state, for those who do not see them.

export const texts = {
  title: 'Detectors',
  states: {
    armed: 'armed',
    watching: 'watching',
    fired: 'fired',
    inPart: 'fired in part',
    silent: 'silent',
  },
  counted: (count: number, state: string): string => `${count} ${state}`,
  staircase: 'Usage counts that the warning printed',
} as const;
