// The lesson that runs, and those that are done: in the database where runs are kept, else for as
// long as the lab is open.

import { doneLessons, noteLesson } from '#db/learning.ts';
import type { Choosing } from '#lab/choosing/choosing.ts';
import { Course } from '#lab/lessons/course.ts';
import type { LessonScene, LessonState } from '#lab/lessons/course.ts';
import type { Lesson } from '#lab/lessons/lesson.ts';
import { lessons } from '#lab/lessons/lessons.ts';
import { CycleLinks } from '#lab/lessons/links.ts';
import type { LessonRow } from '#contract/lessons.ts';
import { LiveSession } from '../bench/live-session.ts';
import type { RecordedSession } from '../bench/recorded-session.ts';
import { Refused } from '../bench/refused.ts';
import type { Library } from '../library/library.ts';

/** What of the bench a lesson looks at. */
export interface LessonBench {
  readonly session: LiveSession | RecordedSession;
  readonly choosing: Choosing | null;
}

/** Lessons of one lab. */
export class LessonDesk {
  private course: Course | null = null;
  private readonly library: Library;
  private readonly done = new Set<string>();
  /** Links of the session that was looked at last. */
  private links: { readonly of: unknown; readonly links: CycleLinks } | null = null;

  constructor(library: Library) {
    this.library = library;
  }

  /** Every lesson. */
  list(): LessonRow[] {
    const done = this.doneNames();
    return lessons.map(({ name, title, goal, text, start, checks }) => ({
      name,
      title,
      goal,
      text,
      start,
      checks: checks.map(({ expected }) => expected),
      isDone: done.has(name),
    }));
  }

  private doneNames(): ReadonlySet<string> {
    if (this.library.fileOrNull === null) return this.done;
    return new Set(this.library.with(doneLessons));
  }

  /** From now on the session on the bench is looked at with this lesson. */
  begin(lesson: Lesson): void {
    this.course = new Course(lesson);
  }

  answer(link: number, name: string): void {
    if (this.course === null) throw new Refused('No lesson runs. Begin one under Lessons.');
    this.course.answer(link, name);
  }

  leave(): void {
    this.course = null;
  }

  /** How the lesson stands in this session; null when none runs. */
  stateIn(bench: LessonBench): LessonState | null {
    const { course } = this;
    if (course === null) return null;
    const state = course.stateIn(this.scene(bench));
    if (state.isDone) this.note(state.name);
    return state;
  }

  private note(name: string): void {
    if (this.done.has(name)) return;
    this.done.add(name);
    if (this.library.fileOrNull === null) return;
    this.library.with((db) => {
      noteLesson(db, name, new Date().toISOString());
    });
  }

  private scene({ session, choosing }: LessonBench): LessonScene {
    const isLive = session instanceof LiveSession;
    const { head, end } = isLive ? { head: session.head, end: null } : session.record;
    if (this.links?.of !== session) {
      this.links = { of: session, links: new CycleLinks(session.trace) };
    }
    return {
      variant: head.variant,
      machine: isLive ? session.run.machine : null,
      end,
      hasParent: head.parent !== null,
      choosing,
      links: this.links.links,
    };
  }
}
