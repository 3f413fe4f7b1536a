// What happened to one object in one run, counted: taken, given back, waited for, … The columns are
// declared once, as participles, so that a sentence can be made of every one.

import { K, kindTable } from '#trace/kinds.ts';
import type { KindName } from '#trace/kinds.ts';

/** What can happen to an object, in words that follow "was", and the kinds that tell of it. */
export const tallyColumns = [
  ['taken', ['mutex.acquired', 'spin.acquired', 'rwsem.acquired', 'sem.acquired']],
  ['given back', ['mutex.unlock', 'spin.unlock', 'rwsem.release', 'sem.up']],
  ['waited for', ['task.block', 'task.spin', 'ref.wait']],
  ['referred to', ['ref.hold']],
  ['let go of', ['ref.put']],
  ['read', ['cell.read']],
  ['written', ['cell.write']],
  ['completed', ['completion.complete']],
  ['queued', ['work.queue']],
  ['begun', ['work.start']],
  ['ended', ['work.end']],
  ['cancelled', ['work.cancel']],
  ['flushed', ['work.flush']],
  ['armed', ['timer.arm']],
  ['fired', ['timer.fire']],
  ['disarmed', ['timer.cancel']],
  ['called', ['notifier.call']],
  ['changed', ['netdev.state', 'bond.state']],
  ['bound', ['device.bind']],
  ['unbound', ['device.unbind']],
] as const satisfies readonly (readonly [string, readonly KindName[]])[];

/** A column in words. */
export type TallyColumn = (typeof tallyColumns)[number][0];

const takenColumn = 0;
const givenColumn = 1;

/** Column by kind; -1 for a kind that is in none. */
export const columnOfKind: readonly number[] = kindTable.map(({ name }) =>
  tallyColumns.findIndex(([, kinds]) => (kinds as readonly KindName[]).includes(name)),
);

/** One object in one run. */
export class Tally {
  readonly counts: Int32Array = new Int32Array(tallyColumns.length);
  /** Number of the task that took it last. */
  private taker = 0;
  /** Count of references after the last change; -1 for an object that has none. */
  references = -1;

  add(column: number, kind: number, task: number, value: number): void {
    this.counts[column]!++;
    if (column === takenColumn) this.taker = task;
    else if (kind === K['ref.hold'] || kind === K['ref.put']) this.references = value;
  }

  /** The task that took it last, if it was not given back as often as it was taken; else null. */
  get holder(): number | null {
    return this.counts[takenColumn]! > this.counts[givenColumn]! ? this.taker : null;
  }
}
