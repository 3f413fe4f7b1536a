// What was learned in this lab, beside its runs: the shortest schedule that is known to close a
// cycle, by scenario, variant and program; and the lessons that are done.

import type { Database } from 'better-sqlite3';
import { hashText } from './chain.ts';

/** What a schedule is good for. */
export interface ScheduleOf {
  readonly scenarioText: string;
  readonly variant: string;
  readonly programHash: string;
}

const keyOf = ({ scenarioText, variant, programHash }: ScheduleOf): [string, string, string] => [
  hashText(scenarioText),
  variant,
  programHash,
];

/** The schedule that is kept, or null. Whoever uses it runs it first. */
export function keptSchedule(db: Database, of: ScheduleOf): string[] | null {
  const query =
    'SELECT answers FROM schedule WHERE scenario_hash = ? AND variant = ? AND program_hash = ?';
  const text = db
    .prepare<[string, string, string], string>(query)
    .pluck()
    .get(...keyOf(of));
  if (text === undefined) return null;
  const answers: unknown = JSON.parse(text);
  const isNames = Array.isArray(answers) && answers.every((name) => typeof name === 'string');
  return isNames ? answers : null;
}

/** Keeps a schedule in the place of the one before. */
export function keepSchedule(db: Database, of: ScheduleOf, answers: readonly string[]): void {
  db.prepare(
    'INSERT INTO schedule VALUES (?, ?, ?, ?) ' +
      'ON CONFLICT DO UPDATE SET answers = excluded.answers',
  ).run(...keyOf(of), JSON.stringify(answers));
}

/** Names of the lessons that are done. */
export const doneLessons = (db: Database): string[] =>
  db.prepare<[], string>('SELECT name FROM lesson ORDER BY name').pluck().all();

/** Notes that a lesson is done; the first time counts. */
export function noteLesson(db: Database, name: string, doneAt: string): void {
  db.prepare('INSERT INTO lesson VALUES (?, ?) ON CONFLICT DO NOTHING').run(name, doneAt);
}
