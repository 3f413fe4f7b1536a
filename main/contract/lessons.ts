// Lessons: which there are, the one that runs, and what the trainee answers. The state is asked for
// again whenever the session has changed.

import * as v from 'valibot';
import type { LessonState } from '#lab/lessons/course.ts';
import type { Lesson } from '#lab/lessons/lesson.ts';
import { nothing, request, seqSchema, textSchema } from './request.ts';

/** A lesson of the list. */
export interface LessonRow {
  readonly name: Lesson['name'];
  readonly title: string;
  readonly goal: string;
  readonly text: readonly string[];
  readonly start: Lesson['start'];
  /** What its checks expect. */
  readonly checks: readonly string[];
  /** All of its checks have held once. */
  readonly isDone: boolean;
}

export const lessonRequests = {
  'lessons.list': request<readonly LessonRow[]>()(nothing),
  /** Puts its session on the bench and begins. */
  'lessons.begin': request<LessonState>()(v.strictObject({ name: textSchema })),
  /** How the lesson that runs stands; null when none does. */
  'lessons.state': request<LessonState | null>()(nothing),
  /** Names a link of the cycle. */
  'lessons.answer': request<null>()(v.strictObject({ link: seqSchema, name: textSchema })),
  'lessons.leave': request<null>()(nothing),
} as const;
