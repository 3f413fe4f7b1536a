// Lessons as the window has them: the list, and how the one that runs stands. Asked for again when
// the session has changed, but not with every frame of a running machine.

import type { Session } from '../state/session.svelte.ts';
import { Latest, rest } from '../state/latest.ts';
import type { LessonRow, LessonState } from './texts.ts';

/** Least time between two looks at the checks, ms. */
const restMs = 300;

export class Lessons {
  rows = $state.raw<readonly LessonRow[]>([]);
  /** Null when no lesson runs. */
  state = $state.raw<LessonState | null>(null);
  /** Lesson that is shown in the view. */
  shown = $state<string | null>(null);
  private readonly session: Session;
  private readonly looks: Latest<null>;

  constructor(session: Session) {
    this.session = session;
    this.looks = new Latest(async () => {
      const wasDone = this.state?.isDone === true;
      this.state = await session.ask('lessons.state', {});
      if (this.state?.isDone === true && !wasDone) await this.load();
      await rest(restMs);
    });
  }

  /** The lesson of the list that runs, and its number from 1; null when none does. */
  get running(): { readonly row: LessonRow; readonly number: number } | null {
    const at = this.rows.findIndex(({ name }) => name === this.state?.name);
    return at < 0 ? null : { row: this.rows[at]!, number: at + 1 };
  }

  /** The next check that does not hold, or null. */
  get next(): LessonState['checks'][number] | null {
    return this.state?.checks.find(({ holds }) => !holds) ?? null;
  }

  async load(): Promise<void> {
    this.rows = (await this.session.ask('lessons.list', {})) ?? [];
    this.shown ??= this.rows.find(({ isDone }) => !isDone)?.name ?? this.rows[0]?.name ?? null;
  }

  /** The session has changed: the checks are looked at again. */
  refresh(): void {
    this.looks.put(null);
  }

  /** True when its session is on the bench. */
  async begin(name: string): Promise<boolean> {
    const state = await this.session.ask('lessons.begin', { name });
    if (state !== null) this.state = state;
    return state !== null;
  }

  async answer(link: number, name: string): Promise<void> {
    if (await this.session.done('lessons.answer', { link, name })) this.refresh();
  }

  async leave(): Promise<void> {
    await this.session.ask('lessons.leave', {});
    this.state = null;
  }
}
