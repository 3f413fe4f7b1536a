// Looks for the shortest way from a question of the scheduler to a closed cycle. Each try is the
// session again from its begin: the answers so far, then others. So whatever is found has happened,
// on this driver, with these inputs; and when nothing is found, so many tries were in vain.

import { PersonPolicy } from '#explore/person.ts';
import { ShortestSearch } from '#explore/shortest.ts';
import type { AskedQuestion, Habit, TryResult } from '#explore/shortest.ts';
import type { Policy } from '#sim/policy.ts';
import type { RecordedInput } from '../input.ts';
import type { RunHead } from '../record/run-record.ts';
import { InputsAgain } from '../replay/inputs-again.ts';
import { ScenarioRun } from '../run.ts';
import { loadScenario } from '../scenario/load.ts';
import type { Scenario } from '../scenario/scenario.ts';

/** Points between two looks at whether the goal is reached. */
const piecePoints = 500;
/** Most questions of a try: past them the way is too long to be told. */
const questionsMax = 400;
/** Virtual time after the question in which the cycle must close, ns. */
const withinNs = 5e9;

/** From where a way is looked for. Data only: it crosses a thread. */
export interface ScheduleAsk {
  readonly head: Pick<RunHead, 'scenarioFile' | 'scenarioText' | 'variant' | 'scripted'>;
  readonly inputs: readonly RecordedInput[];
  /** All answers before the question, of the person and of the plain policy. */
  readonly answers: readonly string[];
  /** Time of the question. */
  readonly timeNs: number;
}

/** The shortest way that is known. */
export interface Schedule {
  /** Who is picked, question after question. */
  readonly picks: readonly string[];
  /** Tasks of the cycle that closes. */
  readonly tasks: readonly string[];
  /** What they wait for. */
  readonly objects: readonly string[];
}

/** What a search came to. */
export interface SearchedSchedule {
  /** Null: none of the tries closed a cycle. */
  readonly schedule: Schedule | null;
  readonly tries: number;
}

/** A try with what closed. */
interface ScheduleTry extends TryResult {
  readonly tasks: readonly string[];
  readonly objects: readonly string[];
}

/** Answers a try's questions, and notes them. */
class TryPolicy implements Policy {
  readonly name = 'try';
  readonly questions: AskedQuestion[] = [];
  /** No more is to be asked. */
  isOver: () => boolean = () => false;
  private readonly answers: readonly string[];
  private readonly habit: Habit;

  constructor(answers: readonly string[], habit: Habit) {
    this.answers = answers;
    this.habit = habit;
  }

  choose: Policy['choose'] = (runnable, current) => {
    if (this.isOver()) return null;
    const wanted = this.answers[this.questions.length];
    const other = runnable.find((task) => task !== current)!;
    const usual = this.habit === 'away' ? other : (current ?? other);
    const task = runnable.find(({ name }) => name === wanted) ?? usual;
    this.questions.push({ names: runnable.map(({ name }) => name), taken: task.name });
    return task;
  };
}

function tryOnce(
  scenario: Scenario,
  ask: ScheduleAsk,
  policy: TryPolicy,
  questions: number,
): ScheduleTry {
  const { variant, scripted } = ask.head;
  const person = new PersonPolicy(ask.answers);
  person.substitute = policy;
  person.keepsPlaces = false;
  const run = new ScenarioRun(scenario, { policy: person, variant, scripted, live: true });
  const { sim, graph } = run.machine.k;
  const inputs = new InputsAgain(run, ask.inputs);
  policy.isOver = () => graph.deadlocks.length > 0 || policy.questions.length >= questions;
  const endNs = ask.timeNs + withinNs;
  for (let more = true; more;) {
    const points = inputs.pointsToNext;
    if (points <= 0) inputs.give();
    else {
      const stop = run.advance(endNs, Math.min(points, piecePoints));
      more = stop === 'paused' || stop === 'stopped';
    }
    more &&= graph.deadlocks.length === 0 && sim.now() < endNs && !run.machine.halted;
  }
  const steps = graph.deadlocks[0]?.steps ?? [];
  return {
    questions: policy.questions,
    reached: steps.length > 0,
    tasks: [...new Set(steps.map(({ waiter }) => waiter.name))],
    objects: [...new Set(steps.map(({ resource }) => resource.name))],
  };
}

/** A search under way. Throws ScenarioError when this program does not know the scenario. */
export class ScheduleSearch {
  private readonly search: ShortestSearch<ScheduleTry>;

  /** `seeds`: schedules that are said to close a cycle from here. */
  constructor(ask: ScheduleAsk, triesMax: number, seeds: readonly (readonly string[])[] = []) {
    const scenario = loadScenario(ask.head.scenarioFile, ask.head.scenarioText);
    this.search = new ShortestSearch(
      (answers, habit, questions) =>
        tryOnce(scenario, ask, new TryPolicy(answers, habit), questions),
      { triesMax, questionsMax, seeds },
    );
  }

  /** One try. False when it is over. */
  step(): boolean {
    return this.search.step();
  }

  get result(): SearchedSchedule {
    const { best, tries } = this.search;
    if (best === null) return { schedule: null, tries };
    const { questions, tasks, objects } = best;
    const picks = questions.map(({ taken }) => taken);
    return { schedule: { picks, tasks, objects }, tries };
  }

  get tries(): number {
    return this.search.tries;
  }
}
