// The detector board at any moment, from the events of a run. The rules are those of the live board
// (board-rules.ts); here each detector also says, while nothing is wrong, what it watches: then it
// is armed, and silent only beside something that it should have seen.

import { K } from '#trace/kinds.ts';
import type { Trace } from '#trace/trace.ts';
import { boardOf, reportsOf, sleepersInD, times } from '../board-rules.ts';
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

const milliseconds = (ns: number): string => `${(ns / 1e6).toFixed(1)} ms`;

/** Length of a sleep in few digits. */
const lengthText = (ns: number): string =>
  ns < 1e9 ? milliseconds(ns) : `${(ns / 1e9).toFixed(1)} s`;

/** What a detector measures while nothing is wrong. */
function measures(name: DetectorName, facts: BoardFacts, fold: Fold): string {
  switch (name) {
    case 'graph': {
      const waits = [...fold.waits.values()].reduce((sum, each) => sum + each.length, 0);
      const now = waits === 1 ? '1 wait now' : `${waits} waits now`;
      return `${now}. Looks at every wait the moment it begins.`;
    }
    case 'netdevReference': {
      const [awaited] = facts.awaitedNetdevs;
      if (awaited === undefined) return 'No netdev is being unregistered.';
      return `${awaited} is waited for. It warns after 10 s.`;
    }
    case 'hungTask': {
      const [longest] = sleepersInD(facts);
      const limit = `Limit ${facts.hungTimeoutSeconds} s.`;
      if (longest === undefined) return `No task is in state D. ${limit}`;
      const length = lengthText(fold.timeNs - longest.blockedAtNs);
      return `Longest uninterruptible sleep now: ${length}. ${limit}`;
    }
    case 'mightSleep':
      return 'Looks at every call that may sleep.';
    case 'oops':
      return 'Looks at every list link and freed object.';
  }
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

/** The line of a report in the window. */
function detectorOf(report: DetectorReport, facts: BoardFacts, fold: Fold): Detector {
  const { name, title, why } = report;
  const isWrong = facts.deadlocks.some(({ stands }) => stands) || facts.reports.length > 0;
  const state = lampOf(report, isWrong);
  const count = countOf(name, facts);
  const headlines: Readonly<Record<LampState, string>> = {
    armed: 'armed',
    watching: 'watching',
    silent: 'silent',
    fired: count === 1 ? 'fired' : `fired ${times(count)}`,
    inPart: 'fired in part',
  };
  const reasons: Readonly<Record<LampState, string>> = {
    armed: measures(name, facts, fold),
    watching: measures(name, facts, fold),
    silent: `because ${why}.`,
    fired: why,
    inPart: why,
  };
  const series =
    name === 'netdevReference'
      ? fold.warnings.map(({ timeNs, count: usage }) => ({ timeNs, count: usage }))
      : [];
  return { name, title, state, headline: headlines[state], why: reasons[state], series };
}

/** The whole board at a moment. */
export function detectorsOf(trace: Trace, fold: Fold): Detector[] {
  const facts = boardFacts(trace, fold);
  return boardOf(facts).map((report) => detectorOf(report, facts, fold));
}
