// One machine at the cursor in a few lines: what the parts of the comparison do at that moment.
// Pure, like every model of a view.

import type { AnswerOf } from '#contract/requests.ts';
import { shortName } from './axis.ts';
import type { Lane, Side } from './axis.ts';
import { compareTexts } from './texts.ts';

export type MomentOfRun = AnswerOf<'compare.moment'>['a'];

/** A line: what it is of, and how that stands. */
export interface Line {
  readonly kind: 'task' | 'lock' | 'reference';
  /** Of a task. */
  readonly letter: string;
  readonly name: string;
  readonly text: string;
  readonly held: boolean;
  readonly count: number;
}

const texts = compareTexts.state;

function taskWords(moment: MomentOfRun, name: string): string {
  const wanted = [...moment.locks, ...moment.references].find(({ waiters }) =>
    waiters.includes(name),
  );
  const task = moment.tasks.find((each) => each.name === name);
  const holds = moment.locks.filter(({ holders }) => holders.some((each) => each.task === name));
  const rest = holds.length === 0 ? '' : `, ${texts.holds(holds.length)}`;
  if (wanted !== undefined) return texts.waits(shortName(wanted.name)) + rest;
  if (task === undefined) return texts.ended;
  if (task.state === 'running') return texts.runs + rest;
  if (task.state === 'runnable') return texts.canRun + rest;
  const isIdle = task.waitsFor === '' || task.waitsFor === name || task.waitsFor === 'sleep';
  return (isIdle ? texts.sleeps : texts.waits(task.waitsFor)) + rest;
}

/** The lines of a side, in the order of the lanes. */
export function linesOf(moment: MomentOfRun, lanes: readonly Lane[], side: Side): Line[] {
  return lanes.flatMap(({ kind, names, letter }): Line[] => {
    const name = names[side];
    switch (kind) {
      case 'task':
        return [{ kind, letter, name, text: taskWords(moment, name), held: false, count: 0 }];
      case 'mutex':
      case 'rwsem':
      case 'semaphore': {
        const holder = moment.locks.find((each) => each.name === name)?.holders[0]?.task;
        const text = holder === undefined ? texts.free : texts.heldBy(holder);
        return [{ kind: 'lock', letter, name, text, held: holder !== undefined, count: 0 }];
      }
      case 'reference': {
        const count = moment.references.find((each) => each.name === name)?.count ?? 0;
        const short = shortName(name);
        const text = count === 0 ? texts.gone(short) : texts.count(short, count);
        return [{ kind, letter, name, text, held: count > 0, count }];
      }
      default:
        return [];
    }
  });
}

/** True when the link of a port of the card is up. */
export const isLinkUp = (moment: MomentOfRun, port: number): boolean =>
  moment.notes.some(
    ({ kind, object, value }) =>
      kind === 'link' && object === `card0 port ${port}` && Number(value) > 0,
  );
