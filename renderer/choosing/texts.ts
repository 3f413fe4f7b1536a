// The words of the scheduler's view; those of effects are in effect-texts.ts. Hints and the end are
// made of what a search has run.

import type { Card, ChoosingState, Role } from './choosing.svelte.ts';

/** `a`, `a and b`, `a, b and c`. */
export const listed = (names: readonly string[]): string =>
  names.length < 2 ? (names[0] ?? '') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)!}`;

/** `1 choice`, `2 choices`. */
const counted = (count: number, one: string, many = `${one}s`): string =>
  `${count} ${count === 1 ? one : many}`;

/** What a task is there for. */
function roleText(role: Role): string {
  switch (role.kind) {
    case 'work':
      return `runs ${role.work.shown}`;
    case 'writes':
      return `writes ${role.text}, terminal ${role.tab}`;
    case 'line':
      return `runs ${role.line}, terminal ${role.tab}`;
    case 'prompt':
      return `at its prompt, terminal ${role.tab}`;
    case 'idle':
      return 'a worker without work';
    case 'script':
      return 'the lab’s own script';
  }
}

/** A held thing for those who do not see its shape. */
function heldText(thing: Card['holds'][number]): string {
  if (thing.kind === 'lock') return thing.name;
  const by = thing.by === '' ? '' : `, by ${thing.by}`;
  return `${counted(thing.count, 'reference')} on ${thing.name}${by}`;
}

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
  currentNext: 'runs now, would next',
  because: 'can run because',
  holds: 'holds',
  role: roleText,
  held: heldText,
  nothing: 'nothing',
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
