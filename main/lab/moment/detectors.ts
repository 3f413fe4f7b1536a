// The detector board at any moment, from the events of a run. The rules are those of the live board
// (board-rules.ts); here each detector also says, while nothing is wrong, what it watches: then it
// is armed, and silent only beside something that it should have seen.

import { K } from '#trace/kinds.ts';
import type { Trace } from '#trace/trace.ts';
import { boardOf, reportsOf } from '../board-rules.ts';
import type {
  BoardDeadlock,
  BoardFacts,
  BoardReport,
  DetectorName,
  DetectorReport,
} from '../board-rules.ts';
import type { FindingKind } from '../findings.ts';
import type { Fold } from '../fold/fold.ts';
import type { FoldedDeadlock } from '../fold/graph.ts';
import { resourceKind } from '../fold/naming.ts';
import { waitsNow } from '../fold/waiting.ts';
import type { Cycle } from './cycles.ts';
import { firedHeadline, firedReason, measures, silentReason } from './detector-words.ts';
import type { WordFacts } from './detector-words.ts';
import { printedFor } from './printed.ts';
import type { Naming } from './things.ts';

/** `watching` is the wait graph's word for armed. */
export type LampState = 'armed' | 'watching' | 'fired' | 'inPart' | 'silent';

/** A detector as the window shows it. */
export interface Detector {
  readonly name: DetectorName;
  readonly title: string;
  readonly state: LampState;
  /** One or two words beside its name: `fired 23 times`. */
  readonly headline: string;
  /** One reason. *Silent* says "because …", *armed* says what it measures. */
  readonly why: string;
  /** What it printed last, as the kernel log has it; the wait graph prints nothing. */
  readonly printed: readonly string[];
  /** Usage counts of the netdev warning, in order. */
  readonly series: readonly { readonly timeNs: number; readonly count: number }[];
}

/** Living tasks in a cycle: who waits, and for a work who runs it. */
function tasksOf(trace: Trace, fold: Fold, { steps }: FoldedDeadlock): string[] {
  const living = new Set([...fold.tasks.values()].map(({ name }) => name));
  return steps
    .map(({ waiter }) => {
      const runner = fold.works.get(waiter)?.task ?? 0;
      return runner === 0 ? waiter : (fold.names.get(runner) ?? 0);
    })
    .filter((name) => living.has(name))
    .map((name) => trace.text(name));
}

const deadlockOf = (trace: Trace, fold: Fold, deadlock: FoldedDeadlock): BoardDeadlock => ({
  timeNs: deadlock.timeNs,
  sentence: trace.text(deadlock.sentence),
  stands: deadlock.stands,
  tasks: tasksOf(trace, fold, deadlock),
});

function reportAt(trace: Trace, seq: number): BoardReport {
  const { timeNs, object, value, place } = trace.event(seq);
  return {
    kind: trace.text(object) as FindingKind,
    timeNs,
    text: trace.text(value),
    task: trace.text(place),
  };
}

/** The time-out of the kernel's default configuration, for a run that does not tell it. */
const hungTimeoutSeconds = 120;

function timeoutOf(trace: Trace, fold: Fold): number {
  for (const [object, value] of fold.notes.get(K.sysctl) ?? []) {
    if (trace.text(object) === 'hung_task_timeout_secs') return value;
  }
  return hungTimeoutSeconds;
}

/** What the rules ask for, from a folded state. */
export function boardFacts(trace: Trace, fold: Fold): BoardFacts {
  return {
    deadlocks: fold.deadlocks.map((deadlock) => deadlockOf(trace, fold, deadlock)),
    reports: fold.reports.map((seq) => reportAt(trace, seq)),
    awaitedNetdevs: [...fold.waits.keys()]
      .filter((handle) => resourceKind(trace, fold, handle) === 'reference')
      .map((handle) => trace.text(handle))
      .filter((name) => name.startsWith('netdev ')),
    tasks: [...fold.tasks.values()].map(({ name, state, sleep, sinceNs }) => ({
      name: trace.text(name),
      blocked: state === 'blocked',
      sleep: trace.text(sleep),
      blockedAtNs: state === 'blocked' ? sinceNs : 0,
    })),
    hungTimeoutSeconds: timeoutOf(trace, fold),
    hungLooksNs: fold.hungLooksNs,
  };
}

const findingsOf: Readonly<Record<DetectorName, FindingKind>> = {
  graph: 'deadlock',
  netdevReference: 'netdevReference',
  hungTask: 'hung',
  mightSleep: 'atomicSleep',
  oops: 'oops',
};

function countOf(name: DetectorName, facts: BoardFacts): number {
  return name === 'graph' ? facts.deadlocks.length : reportsOf(facts, findingsOf[name]).length;
}

function lampOf(report: DetectorReport, isWrong: boolean): LampState {
  if (report.state !== 'silent') return report.state;
  if (isWrong) return 'silent';
  return report.name === 'graph' ? 'watching' : 'armed';
}

/** What the detector printed last, as the log has it: its report, and the lines around it. */
function printedOf(name: DetectorName, trace: Trace, { reports, seq }: Fold): string[] {
  const wanted = findingsOf[name];
  const last = reports.findLast((at) => trace.text(trace.event(at).object) === wanted);
  return last === undefined ? [] : printedFor(trace, last, seq);
}

/** The line of a report in the window. */
function detectorOf(report: DetectorReport, words: WordFacts, printed: string[]): Detector {
  const { facts, warnings } = words;
  const { name, title, why } = report;
  const isWrong = facts.deadlocks.some(({ stands }) => stands) || facts.reports.length > 0;
  const state = lampOf(report, isWrong);
  const base = { name, title, state, printed, series: [] };
  switch (state) {
    case 'armed':
    case 'watching':
      return { ...base, headline: state, why: measures(name, words) };
    case 'silent':
      return { ...base, headline: 'silent', why: `because ${silentReason(name, why, words)}.` };
    default: {
      const headline = firedHeadline(name, countOf(name, facts), words);
      const series = name === 'netdevReference' ? seriesOf(warnings) : [];
      return { ...base, series, headline, why: firedReason(name, words) };
    }
  }
}

/** Most points of a series: more than the board draws side by side. */
const seriesMax = 240;

/** How a count went: every point of a few, and of many so many as can be told apart. */
export function seriesOf(warnings: Fold['warnings']): Detector['series'] {
  const step = Math.max(1, Math.ceil((warnings.length - 1) / (seriesMax - 1)));
  return warnings
    .filter((_, at) => at % step === 0 || at === warnings.length - 1)
    .map(({ timeNs, count }) => ({ timeNs, count }));
}

/** The whole board at a moment; `naming` and `cycles` are those of its waits. */
export function detectorsOf(naming: Naming, cycles: readonly Cycle[]): Detector[] {
  const { trace, fold, index } = naming;
  const facts = boardFacts(trace, fold);
  const words: WordFacts = {
    facts,
    timeNs: fold.timeNs,
    cycles,
    warnings: fold.warnings,
    waits: waitsNow(trace, fold).length,
    shownTask: (name) => index.shownTask(trace.intern(name)),
    letterOfTask: (name) => index.letterOfTask(trace.intern(name)),
  };
  return boardOf(facts).map((report) =>
    detectorOf(report, words, printedOf(report.name, trace, fold)),
  );
}
