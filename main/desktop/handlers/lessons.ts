// Lessons: one runs at a time, for every window.
// Its session is a session like any other.

import type { lessonRequests } from '#contract/lessons.ts';
import { lessonNamed } from '#lab/lessons/course.ts';
import { Refused } from '../bench/refused.ts';
import type { HandlersOf } from './handlers.ts';

export const lessonHandlers: HandlersOf<keyof typeof lessonRequests> = {
  'lessons.list': ({ lessons }) => lessons.list(),
  'lessons.begin': async (bench, { name }) => {
    const lesson = lessonNamed(name);
    if (lesson === undefined) throw new Refused(`There is no lesson ${name}.`);
    await bench.open({ from: 'scenario', ...lesson.start, seed: null });
    bench.lessons.begin(lesson);
    bench.changed();
    return bench.lessons.stateIn(bench)!;
  },
  'lessons.state': (bench) => bench.lessons.stateIn(bench),
  'lessons.answer': (bench, { link, name }) => {
    bench.lessons.answer(link, name);
    bench.changed();
    return null;
  },
  'lessons.leave': (bench) => {
    bench.lessons.leave();
    bench.changed();
    return null;
  },
};
