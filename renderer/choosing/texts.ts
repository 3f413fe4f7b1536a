// The words of the scheduler's view. Effects tell one step only and never say what comes of it:
// that is what the trainee is to find out. Hints and the end are made of what a search has run.

import type { ChoosingState } from './choosing.svelte.ts';

const listed = (names: readonly string[]): string =>
  names.length < 2 ? (names[0] ?? '') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)!}`;

/** `1 choice`, `2 choices`. */
const counted = (count: number, one: string, many = `${one}s`): string =>
  `${count} ${count === 1 ? one : many}`;

type Hint = NonNullable<ChoosingState['hint']>;

export const texts = {
  picks: 'Your choices',
  noPicks: 'Nothing chosen yet.',
  youPick: 'you pick',
  who: 'Who runs next?',
  counts: (can: number, wait: number): string =>
    `${can} tasks can run, ${wait} ${wait === 1 ? 'waits' : 'wait'}.`,
  goal: 'Your goal: an order in which tasks wait for each other and none can go on.',
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
  rests:
    'The machine rests where the cycle closed. ' +
    'Run goes on from here, Take back tries another order.',
  going: 'Nobody has to be chosen yet. The machine goes on.',
  notSure: 'Not sure?',
  askHint: 'Ask for a hint',
  nextHint: 'Next hint',
  looking: 'Orders from here are being tried …',
  hints: (count: number): string => counted(count, 'hint'),
  hint: (hint: Hint, sign: (task: string) => string): string => {
    switch (hint.kind) {
      case 'none':
        return (
          `No schedule that deadlocks found from here in ${counted(hint.tries, 'try', 'tries')}. ` +
          'That proves nothing, but taking a choice back may help.'
        );
      case 'who':
        return `Watch ${listed(hint.tasks)}: they can come to wait for each other.`;
      case 'what':
        return `It is about ${listed(hint.objects)}: see who takes what first.`;
      case 'pick':
        return (
          `Pick ${sign(hint.task)}. An order that was tried closes the cycle ` +
          `${hint.left === 1 ? 'with this choice' : `in ${hint.left} choices`} from here.`
        );
    }
  },
  closed: 'The cycle has closed.',
  needed: (picked: number, letRun: number, hints: number): string => {
    const policy = letRun === 0 ? '' : `, the plain policy made ${letRun} more`;
    const help = hints === 0 ? '' : `, with ${counted(hints, 'hint')}`;
    return `You needed ${counted(picked, 'choice')}${policy}${help}.`;
  },
  shortest: (choices: number, tries: number): string =>
    `The shortest known: ${choices}, after ${counted(tries, 'try', 'tries')}.`,
  shortestLooking: 'The shortest order is being looked for …',
} as const;
