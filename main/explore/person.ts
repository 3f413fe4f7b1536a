// A person chooses who runs. The engine stops at each choice that a person can mean something by:
// where the running context takes, gives back, waits, wakes or queues, and where somebody must be
// picked. In between the running context goes on: nobody wants to be asked at every register.

import type { Policy } from '#sim/policy.ts';
import { kindTable } from '#trace/kinds.ts';
import type { KindName } from '#trace/kinds.ts';

/** Points at which a person is asked although the running context could go on. */
const askedAt: ReadonlySet<KindName> = new Set([
  'mutex.lock',
  'mutex.trylock',
  'mutex.unlock',
  'rwsem.read',
  'rwsem.write',
  'rwsem.release',
  'sem.down',
  'sem.up',
  'completion.wait',
  'completion.complete',
  'ref.hold',
  'ref.put',
  'work.queue',
  'work.start',
  'work.cancel',
  'work.flush',
  'notifier.call',
  'cell.write',
]);

const isAskedAt: readonly boolean[] = kindTable.map(({ name }) => askedAt.has(name));

/** The policy `you-choose`. Answers are kept, so that the last ones can be taken back. */
export class PersonPolicy implements Policy {
  readonly name = 'you-choose';
  /** A person sees on each card where its task stands; a search needs no such thing. */
  keepsPlaces = true;
  /** Answers instead of the person while it is set. */
  substitute: Policy | null = null;
  /** Answers that are known already, the next one first. */
  private readonly known: string[];
  private readonly answers: { readonly name: string; readonly position: number }[] = [];

  /** `known`: the answers to the first questions. */
  constructor(known: readonly string[] = []) {
    this.known = [...known];
  }

  /** Answers to the questions that stood before event `seq`, whoever gave them. */
  answeredBefore(seq: number): string[] {
    return this.answers.filter(({ position }) => position < seq).map(({ name }) => name);
  }

  /** The next question has its answer already. */
  get isAnswered(): boolean {
    return this.known.length > 0;
  }

  /** Answers the question that is open, by the name of a context. */
  pick(name: string): void {
    this.known.push(name);
  }

  choose: Policy['choose'] = (runnable, current, at) => {
    // Interrupt frames come first on their CPU and are no choice of a person's.
    const frame = runnable.find(({ kind }) => kind !== 'task');
    if (frame !== undefined) return frame;
    if (current !== null && isAskedAt[at.kind] !== true) return current;
    const name = this.known.shift();
    const chosen =
      name === undefined
        ? (this.substitute?.choose(runnable, current, at) ?? null)
        : (runnable.find((task) => task.name === name) ?? null);
    if (chosen !== null) this.answers.push({ name: chosen.name, position: at.position });
    return chosen;
  };
}
