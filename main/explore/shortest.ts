// Looks for a short schedule that reaches a goal, by running the program again and again. A try is
// a begin of answers and a habit for all questions after them; it tells what was asked on the way.
// New begins are taken from tries that reached the goal with the fewest answers: each differs from
// its try in one answer. So what is found was run, and what is not found is only not found.

/** Who goes on where no answer is given: `stay`, the running context; `away`, somebody else. */
export type Habit = 'stay' | 'away';

/** A question of a try: who could run, and who did. */
export interface AskedQuestion {
  readonly names: readonly string[];
  readonly taken: string;
}

/** What a try came to. */
export interface TryResult {
  readonly questions: readonly AskedQuestion[];
  /** The goal was reached after the last of the questions. */
  readonly reached: boolean;
}

/** Runs the program with these answers first, and for at most so many questions. */
export type Try<R extends TryResult> = (
  answers: readonly string[],
  habit: Habit,
  questionsMax: number,
) => R;

/** A try to come; answers before `from` are those of another try. */
interface Begin {
  readonly answers: readonly string[];
  readonly habit: Habit;
  readonly from: number;
}

/** A try that may be varied, from its question `from` on. */
interface Node<R> {
  readonly result: R;
  readonly habit: Habit;
  readonly from: number;
}

export interface ShortestOptions {
  /** Most tries. */
  readonly triesMax: number;
  /** Most questions of a try. */
  readonly questionsMax: number;
  /** Schedules that are said to reach the goal; they are run too. */
  readonly seeds?: readonly (readonly string[])[];
}

/** The search. Each `step` is one try. */
export class ShortestSearch<R extends TryResult> {
  /** The try that reached the goal with the fewest answers, or null. */
  best: R | null = null;
  /** Tries so far. */
  tries = 0;
  private readonly run: Try<R>;
  private readonly options: ShortestOptions;
  private readonly begins: Begin[];
  private readonly nodes: Node<R>[] = [];

  constructor(run: Try<R>, options: ShortestOptions) {
    this.run = run;
    this.options = options;
    this.begins = [
      ...(options.seeds ?? []).map((answers) => ({ answers, habit: 'stay' as const, from: 0 })),
      { answers: [], habit: 'stay', from: 0 },
      { answers: [], habit: 'away', from: 0 },
    ];
  }

  /** One try. False when there is nothing more to try, or no more is allowed. */
  step(): boolean {
    if (this.tries >= this.options.triesMax) return false;
    const begin = this.next();
    if (begin === undefined) return false;
    this.tries++;
    const result = this.run(begin.answers, begin.habit, this.limit);
    const node = { result, habit: begin.habit, from: begin.from };
    if (result.reached && result.questions.length < this.bestLength) {
      this.best = result;
      // What has just become better is followed first.
      this.begins.unshift(...this.variationsOf(node));
    } else {
      this.nodes.push(node);
    }
    return true;
  }

  /** A begin that is still shorter than the best schedule; undefined when there is none left. */
  private next(): Begin | undefined {
    while (this.begins.length > 0 || this.nodes.length > 0) {
      const begin = this.begins.shift();
      if (begin !== undefined && begin.answers.length < this.limit) return begin;
      if (this.begins.length === 0) this.begins.push(...this.mostPromising());
    }
    return undefined;
  }

  private get bestLength(): number {
    return this.best?.questions.length ?? Infinity;
  }

  /** A try that needs as many questions as the best one is no better: it may end there. */
  private get limit(): number {
    return Math.min(this.options.questionsMax, this.bestLength);
  }

  private mostPromising(): Begin[] {
    this.nodes.sort((a, b) => promise(a) - promise(b));
    const node = this.nodes.shift();
    return node === undefined ? [] : this.variationsOf(node);
  }

  /** Each of a try's answers in turn is another one. */
  private variationsOf({ result: { questions }, habit, from }: Node<R>): Begin[] {
    const begins: Begin[] = [];
    const end = Math.min(questions.length, this.limit - 1);
    for (let at = from; at < end; at++) {
      const { names, taken } = questions[at]!;
      const before = questions.slice(0, at).map((question) => question.taken);
      for (const name of names) {
        if (name === taken) continue;
        begins.push({ answers: [...before, name], habit, from: at + 1 });
      }
    }
    return begins;
  }
}

/** Low is good: what reached the goal soon, then what has been varied least. */
const promise = ({ result, from }: Node<TryResult>): number =>
  result.reached ? result.questions.length : 1e6 + from;
