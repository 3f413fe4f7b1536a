// The words of the scheduler's view. Effects tell one step only and never say what comes of it:
// that is what the trainee is to find out.

export const texts = {
  picks: 'Your choices',
  noPicks: 'Nothing chosen yet.',
  youPick: 'you pick',
  who: 'Who runs next?',
  counts: (can: number, wait: number): string =>
    `${can} tasks can run, ${wait} ${wait === 1 ? 'waits' : 'wait'}.`,
  wouldNext: 'would next',
  because: 'can run because',
  holds: 'holds',
  nothing: 'nothing',
  current: 'runs now',
  cannot: (waitsFor: string): string => `cannot run: it waits for ${waitsFor}`,
  more: (count: number): string => `${count} more wait`,
  takeBack: 'Take back',
  letRun: 'Let it run',
  stop: 'Choose again',
  running: 'The plain policy chooses.',
  going: 'Nobody has to be chosen yet. The machine goes on.',
} as const;
