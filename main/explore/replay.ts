// Follows the recorded switches of another run. A point that no switch names keeps the running
// context, so a replay of the same program is the same run, byte for byte. A changed program may
// meet more or fewer points where somebody must be picked, and contexts that become runnable a
// little sooner or later: such differences are bridged where there is one sensible way, and
// counted. Where there is none the policy says so in words and goes on as until-blocked would.

import type { Choice, PointInfo, Policy } from '#sim/policy.ts';
import type { Task } from '#sim/task.ts';
import { kindTable } from '#trace/kinds.ts';

/** Where a replay left its recording. */
export interface Divergence {
  /** Index of the choice that could not be followed. */
  readonly choiceIndex: number;
  readonly said: string;
}

/** Where the run stands, in the words of a choice. */
interface Place {
  readonly kind: number;
  readonly from: string;
  readonly object: string;
  readonly occurrence: number;
}

/** `at mutex.lock number 2 of rtnl_mutex by ip` */
function placeInWords(choice: Choice): string {
  if (choice.kind === 0) return 'at the start';
  const kind = kindTable[choice.kind]?.name ?? `event ${choice.kind}`;
  const object = choice.object === '' ? '' : ` of ${choice.object}`;
  return `at ${kind} number ${choice.occurrence}${object} by ${choice.from}`;
}

export class ReplayPolicy implements Policy {
  readonly name = 'replay';
  /** Set at the first switch that could not be followed. */
  divergence: Divergence | null = null;
  /**
   * Picks that the recording does not have, and switches that came late. 0 for the same program.
   */
  bridged = 0;

  private readonly choices: readonly Choice[];
  private readonly textOf: (object: number) => string;
  /** Contexts that the recording names: it had no use for others. */
  private readonly known = new Set<string>();
  private at = 0;
  /** Position of the choice before. */
  private since = 0;
  /** The place of the next switch was passed, but its target could not run yet. */
  private due = false;
  /** How the last context that the recording knows has left. */
  private left: Place | null = null;

  /** `textOf` gives an object's name from its number in the run that replays. */
  constructor(choices: readonly Choice[], textOf: (object: number) => string) {
    this.choices = choices;
    this.textOf = textOf;
    for (const { from, to } of choices) this.known.add(from).add(to);
  }

  /** Switches followed so far. */
  get followed(): number {
    return this.at;
  }

  choose(runnable: readonly Task[], current: Task | null, at: PointInfo): Task {
    const choice = this.divergence === null ? this.choices[this.at] : undefined;
    if (current === null) this.noteLeaving(at);
    if (choice !== undefined && (this.due || this.isHere(choice, current, at))) {
      const target = runnable.find((task) => task.name === choice.to);
      if (target !== undefined) {
        if (this.due || this.isLate(choice, current, at)) this.bridged++;
        return this.follow(target, at);
      }
      if (current === null) this.diverge(choice, runnable);
      this.due = true;
    }
    return current ?? this.pick(runnable, choice);
  }

  /**
   * Only one could be picked: where the recording had more, its choice is this one all the same.
   */
  forced(only: Task, at: PointInfo): void {
    const choice = this.divergence === null ? this.choices[this.at] : undefined;
    this.noteLeaving(at);
    if (choice?.to !== only.name || !(this.due || this.isHere(choice, null, at))) return;
    this.bridged++;
    this.follow(only, at);
  }

  /** To be called when the run has ended: switches that it never came to are a divergence too. */
  finish(): Divergence | null {
    const choice = this.choices[this.at];
    if (this.divergence === null && choice !== undefined) {
      this.say(`the run ended before it came to the switch to ${choice.to}`, choice);
    }
    return this.divergence;
  }

  /** Contexts that the recording does not know leave no trace here: the one before them counts. */
  private noteLeaving(at: PointInfo): void {
    if (at.from === '' || this.known.has(at.from)) this.left = this.placeOf(at);
  }

  private placeOf(at: PointInfo): Place {
    const { kind, from } = at;
    return { kind, from, object: this.textOf(at.object), occurrence: at.occurrence(this.since) };
  }

  private isHere(choice: Choice, current: Task | null, at: PointInfo): boolean {
    // Cheap for nearly every point: another context, or another kind.
    if (current !== null && (choice.kind !== at.kind || choice.from !== at.from)) return false;
    const place = current === null ? this.left : this.placeOf(at);
    return (
      place !== null &&
      choice.kind === place.kind &&
      choice.from === place.from &&
      choice.object === place.object &&
      choice.occurrence <= place.occurrence
    );
  }

  /** The place of the switch has been passed while nobody was asked. */
  private isLate(choice: Choice, current: Task | null, at: PointInfo): boolean {
    return current !== null && choice.occurrence < at.occurrence(this.since);
  }

  private follow(target: Task, at: PointInfo): Task {
    this.at++;
    this.since = at.position;
    this.due = false;
    this.left = null;
    return target;
  }

  /** The recording has no pick here: whoever its next switch leaves must be running by then. */
  private pick(runnable: readonly Task[], choice: Choice | undefined): Task {
    if (choice !== undefined) this.bridged++;
    return (
      runnable.find((task) => task.name === choice?.from) ??
      runnable.find((task) => task.kind !== 'task') ??
      runnable.find((task) => this.known.has(task.name)) ??
      runnable[0]!
    );
  }

  private diverge(choice: Choice, runnable: readonly Task[]): void {
    const here = runnable.map((task) => task.name).join(', ');
    this.say(`the recording switches to ${choice.to}, but runnable here: ${here}`, choice);
  }

  private say(what: string, choice: Choice): void {
    if (this.divergence !== null) return;
    const number = `switch ${this.at + 1} of ${this.choices.length}`;
    this.divergence = {
      choiceIndex: this.at,
      said: `${number}, ${placeInWords(choice)}: ${what}`,
    };
  }
}
