// Hints for whoever picks: who matters, then which things, then the pick itself. All three come
// from a schedule that was run from this very question and closed the cycle. As long as the picks
// follow it, it stays; whoever leaves it has the next hint looked for again.

import type { Schedule, SearchedSchedule } from './schedule.ts';

/** What a hint says. */
export type Hint =
  /** No try closed a cycle from here. */
  | { readonly kind: 'none'; readonly tries: number }
  /** These will wait for each other. */
  | { readonly kind: 'who'; readonly tasks: readonly string[] }
  /** For these things. */
  | { readonly kind: 'what'; readonly objects: readonly string[] }
  /** Who is picked now, and picks to the end with this one. */
  | { readonly kind: 'pick'; readonly task: string; readonly left: number };

type Step = 'who' | 'what' | 'pick';

const stepAfter: Readonly<Record<Step, Step>> = { who: 'what', what: 'pick', pick: 'pick' };

/** The hints of one session. */
export class Hints {
  /** How many were asked for. */
  count: number;
  /** The one that was given for the open question, or null. */
  shown: Hint | null = null;
  private schedule: Schedule | null = null;
  private next: Step = 'who';

  /** `count`: those of the session before a pick was taken back. */
  constructor(count = 0) {
    this.count = count;
  }

  /** A schedule from the open question is known. */
  get isKnown(): boolean {
    return this.schedule !== null;
  }

  /** A search from the open question has ended. */
  found({ schedule, tries }: SearchedSchedule): void {
    this.schedule = schedule;
    this.next = 'who';
    if (schedule === null) this.show({ kind: 'none', tries });
    else this.give();
  }

  /** The next hint of the known schedule. */
  give(): void {
    const { schedule, next } = this;
    if (schedule === null) return;
    const { picks, tasks, objects } = schedule;
    this.next = stepAfter[next];
    if (next === 'who') this.show({ kind: 'who', tasks });
    else if (next === 'what') this.show({ kind: 'what', objects });
    else this.show({ kind: 'pick', task: picks[0]!, left: picks.length });
  }

  private show(hint: Hint): void {
    this.shown = hint;
    this.count++;
  }

  /** A question was answered with this task. */
  answered(task: string): void {
    this.shown = null;
    const [first, ...rest] = this.schedule?.picks ?? [];
    const follows = this.schedule !== null && first === task && rest.length > 0;
    this.schedule = follows ? { ...this.schedule!, picks: rest } : null;
  }

  /** Questions were answered that nobody watched: what was known may not hold any more. */
  lost(): void {
    this.shown = null;
    this.schedule = null;
  }
}
