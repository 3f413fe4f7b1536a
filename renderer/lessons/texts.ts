// The words around lessons. What a lesson says itself, its goal, text and checks, comes from the
// lab. A failed check says what was expected, what was found, and where to look.

import type { AnswerOf } from '#contract/requests.ts';

export type LessonRow = AnswerOf<'lessons.list'>[number];
export type LessonState = NonNullable<AnswerOf<'lessons.state'>>;
export type LessonCheck = LessonState['checks'][number];
export type LinkQuestion = LessonState['questions'][number];

export const texts = {
  lessons: 'Lessons',
  done: 'done',
  doneOf: (done: number, all: number): string => `${done} of ${all} done`,
  checks: 'Checks',
  begin: 'Begin',
  again: 'Begin again',
  leave: 'Leave lesson',
  show: 'Show session',
  runs: 'runs',
  startedAs: ({ scenario, variant, policy }: LessonRow['start']): string =>
    `Begins ${scenario} on ${variant}, ${policy}.`,
  expected: (expected: string): string => `Expected ${expected}.`,
  failed: ({ expected, found, where }: LessonCheck): string =>
    `Expected ${expected}. ${found} ${where}`,
  holds: 'holds',
  open: 'open',
  links: 'Name each link',
  asks: ({ of, waits }: LinkQuestion): string =>
    waits ? `What does ${of} wait for?` : `Who has ${of}?`,
  notNamed: 'not named',
  right: 'right',
  wrong: 'not that',
  bar: (number: number, title: string): string => `Lesson ${number}, ${title}:`,
  next: ({ expected, where }: LessonCheck): string => `Next: ${expected}. ${where}`,
  allHold: 'All checks hold.',
  count: (held: number, all: number): string => `${held} of ${all}`,
  barName: 'Lesson',
} as const;
