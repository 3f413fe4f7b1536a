// A lesson under way: what the trainee has answered, which checks have held, and how it stands now.
// A check that has held once stays so: a lesson may lead from one session to the next.

import { judgeCheck } from './judge.ts';
import type { JudgedCheck, LessonSession } from './judge.ts';
import type { Lesson } from './lesson.ts';
import { lessons } from './lessons.ts';

/** A link that the trainee is to name. */
export interface LinkQuestion {
  readonly link: number;
  readonly of: string;
  /** It asks what `of` waits for; else who has `of`. */
  readonly waits: boolean;
  readonly names: readonly string[];
  readonly said: string | null;
  readonly isRight: boolean;
}

/** How a lesson stands. */
export interface LessonState {
  readonly name: string;
  readonly checks: readonly JudgedCheck[];
  /** Links to name, once a cycle has closed. */
  readonly questions: readonly LinkQuestion[];
  readonly isDone: boolean;
}

/** What a session is to a lesson, without the trainee's answers. */
export type LessonScene = Omit<LessonSession, 'answers'>;

/** A lesson by name. */
export const lessonNamed = (name: string): Lesson | undefined =>
  lessons.find((lesson) => lesson.name === name);

/** A lesson under way. */
export class Course {
  readonly lesson: Lesson;
  private readonly answers = new Map<number, string>();
  private readonly held = new Set<number>();

  constructor(lesson: Lesson) {
    this.lesson = lesson;
  }

  /** The trainee names a link of the cycle. */
  answer(link: number, name: string): void {
    this.answers.set(link, name);
  }

  /** Judges the checks of a session. */
  stateIn(scene: LessonScene): LessonState {
    const { lesson, answers, held } = this;
    const session = { ...scene, answers };
    const checks = lesson.checks.map((check, at) => {
      const judged = judgeCheck(session, check);
      if (judged.holds) held.add(at);
      return held.has(at) ? { ...judged, holds: true, found: '' } : judged;
    });
    return {
      name: lesson.name,
      checks,
      questions: this.questions(scene),
      isDone: checks.every(({ holds }) => holds),
    };
  }

  private questions({ links }: LessonScene): LinkQuestion[] {
    const all = links.read();
    const asked = this.lesson.checks.flatMap(({ all: conditions }) =>
      conditions.flatMap((condition) => (condition.kind === 'link' ? [condition.link] : [])),
    );
    return asked.flatMap((link) => {
      const found = all[link];
      if (found === undefined) return [];
      const { of, waits, answer } = found;
      const said = this.answers.get(link) ?? null;
      const names = links.names.filter((name) => name !== of);
      return [{ link, of, waits, names, said, isRight: said === answer }];
    });
  }
}
