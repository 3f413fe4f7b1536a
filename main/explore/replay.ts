// Follows the recorded switches of another run. A point that no switch names keeps the running
// context. Where the recording no longer fits, the policy says so in words and goes on as
// until-blocked would.

import type { Choice, PointInfo, Policy } from '#sim/policy.ts';
import type { Task } from '#sim/task.ts';
import { K } from '#trace/kinds.ts';

/** Where a replay left its recording. */
export interface Divergence {
  /** Index of the choice that could not be followed. */
  readonly choiceIndex: number;
  readonly said: string;
}

export class ReplayPolicy implements Policy {
  readonly name = 'replay';
  /** Set at the first switch that could not be followed. */
  divergence: Divergence | null = null;

  private readonly choices: readonly Choice[];
  private readonly textOf: (object: number) => string;
  private at = 0;

  /** `textOf` gives an object's name from its number in the run that replays. */
  constructor(choices: readonly Choice[], textOf: (object: number) => string) {
    this.choices = choices;
    this.textOf = textOf;
  }

  /** Switches followed so far. */
  get followed(): number {
    return this.at;
  }

  choose(runnable: readonly Task[], current: Task | null, at: PointInfo): Task {
    const choice = this.choices[this.at];
    if (current === null) return this.forced(runnable, choice);
    if (choice === undefined || !this.matches(choice, current, at)) return current;
    if (at.occurrence() < choice.occurrence) return current;
    return this.take(runnable, choice) ?? current;
  }

  private matches(choice: Choice, current: Task, at: PointInfo): boolean {
    return (
      choice.from === current.name &&
      choice.kind === at.kind &&
      choice.object === this.textOf(at.object)
    );
  }

  private forced(runnable: readonly Task[], choice: Choice | undefined): Task {
    const blocked = choice?.kind === 0 || choice?.kind === K['task.block'];
    const taken = choice !== undefined && blocked ? this.take(runnable, choice) : undefined;
    if (taken === undefined) this.diverge(runnable, choice);
    return taken ?? runnable.find((task) => task.kind !== 'task') ?? runnable[0]!;
  }

  private take(runnable: readonly Task[], choice: Choice): Task | undefined {
    const chosen = runnable.find((task) => task.name === choice.to);
    if (chosen === undefined) {
      this.diverge(runnable, choice);
      return undefined;
    }
    this.at++;
    return chosen;
  }

  private diverge(runnable: readonly Task[], choice: Choice | undefined): void {
    if (this.divergence !== null) return;
    const here = runnable.map((task) => task.name).join(', ');
    const wanted =
      choice === undefined ? 'the recording has ended' : `the recording switches to ${choice.to}`;
    this.divergence = { choiceIndex: this.at, said: `${wanted}, but runnable here: ${here}` };
  }
}
