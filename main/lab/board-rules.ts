// The rules by which each detector says what it has seen, as functions of a few plain facts. The
// facts come from the live kernel (board.ts) or from the events of a run (moment/detectors.ts);
// both say the same of the same moment (facts/driver 7.2, 9.7, 9.10, 9.11).

import type { FindingKind } from './findings.ts';

/** Every detector, in the order of the board. */
export const detectorNames = [
  'graph',
  'netdevReference',
  'hungTask',
  'mightSleep',
  'oops',
] as const;
export type DetectorName = (typeof detectorNames)[number];

/** `inPart`: it reported something that is wrong, and missed something that belongs to it. */
export const detectorStates = ['fired', 'inPart', 'silent'] as const;
export type DetectorState = (typeof detectorStates)[number];

/** What a detector says. */
export interface DetectorReport {
  readonly name: DetectorName;
  /** For people. */
  readonly title: string;
  readonly state: DetectorState;
  /** What was seen, or why nothing was. */
  readonly why: string;
}

/** A deadlock that was reported. */
export interface BoardDeadlock {
  readonly timeNs: number;
  readonly sentence: string;
  readonly stands: boolean;
  /** Names of living tasks in it. */
  readonly tasks: readonly string[];
}

/** A report of a detector of the kernel. */
export interface BoardReport {
  readonly kind: FindingKind;
  readonly timeNs: number;
  readonly text: string;
  readonly task: string;
}

/** A living task. */
export interface BoardTask {
  readonly name: string;
  readonly blocked: boolean;
  /** S, D, K or I, while it is blocked. */
  readonly sleep: string;
  readonly blockedAtNs: number;
}

/** What the rules ask for. */
export interface BoardFacts {
  readonly deadlocks: readonly BoardDeadlock[];
  readonly reports: readonly BoardReport[];
  /** References of netdevs that somebody waits for. */
  readonly awaitedNetdevs: readonly string[];
  readonly tasks: readonly BoardTask[];
  readonly hungTimeoutSeconds: number;
  /** When khungtaskd looked at the tasks, ns. */
  readonly hungLooksNs: readonly number[];
}

const titles: Readonly<Record<DetectorName, string>> = {
  graph: 'wait graph',
  netdevReference: 'netdev reference warning',
  hungTask: 'hung task',
  mightSleep: 'might_sleep',
  oops: 'oops',
};

type Said = Pick<DetectorReport, 'state' | 'why'>;

const fired = (why: string): Said => ({ state: 'fired', why });
const silent = (why: string): Said => ({ state: 'silent', why });

const seconds = (ns: number): string => `${(ns / 1e9).toFixed(3)} s`;

export const times = (count: number): string => (count === 1 ? 'once' : `${count} times`);

/** Reports of one kind. */
export const reportsOf = ({ reports }: BoardFacts, kind: FindingKind): readonly BoardReport[] =>
  reports.filter((one) => one.kind === kind);

/** Reports of every detector, as things stand. */
export function boardOf(facts: BoardFacts): DetectorReport[] {
  const said: Readonly<Record<DetectorName, Said>> = {
    graph: graph(facts),
    netdevReference: netdevReference(facts),
    hungTask: hungTask(facts),
    mightSleep: mightSleep(facts),
    oops: oops(facts),
  };
  return detectorNames.map((name) => ({ name, title: titles[name], ...said[name] }));
}

function graph({ deadlocks }: BoardFacts): Said {
  const [first] = deadlocks;
  if (first === undefined) return silent('everybody who waits waits for somebody who can go on');
  const ended = deadlocks.some(({ stands }) => stands) ? '' : ' (it was ended since)';
  const more = deadlocks.length > 1 ? `, and ${deadlocks.length - 1} more` : '';
  return fired(`at ${seconds(first.timeNs)}: ${first.sentence}${ended}${more}`);
}

function netdevReference(facts: BoardFacts): Said {
  const warnings = reportsOf(facts, 'netdevReference');
  const [first] = warnings;
  const last = warnings.at(-1);
  if (first !== undefined && last !== undefined) {
    return fired(
      `${times(warnings.length)} since ${seconds(first.timeNs)}; last: "${last.text}". ` +
        'It tells which netdev and how many references, not whose',
    );
  }
  const [awaited] = facts.awaitedNetdevs;
  if (awaited === undefined) return silent('nobody waits for the last reference on a netdev');
  return silent(`the wait for ${awaited} has not lasted long enough yet`);
}

/** Tasks of the deadlocks that still stand, each with the time at which its cycle closed. */
export function stuckTasks({ deadlocks, tasks }: BoardFacts): Map<BoardTask, number> {
  const stuck = new Map<BoardTask, number>();
  for (const deadlock of deadlocks.filter(({ stands }) => stands)) {
    for (const name of deadlock.tasks) {
      const task = tasks.find((one) => one.name === name);
      if (task !== undefined && !stuck.has(task)) stuck.set(task, deadlock.timeNs);
    }
  }
  return stuck;
}

/** Why khungtaskd has not reported a task. */
export type Missed = 'off' | 'otherSleep' | 'wakes' | 'noLook' | 'oneLook';

/** Why khungtaskd has not reported a task that is stuck since `sinceNs`. */
export function whyMissed(facts: BoardFacts, task: BoardTask, sinceNs: number): Missed {
  if (facts.hungTimeoutSeconds === 0) return 'off';
  if (task.blocked && task.sleep !== 'D') return 'otherSleep';
  if (!task.blocked || task.blockedAtNs > sinceNs) return 'wakes';
  const looks = facts.hungLooksNs.filter((timeNs) => timeNs >= task.blockedAtNs).length;
  return looks === 0 ? 'noLook' : 'oneLook';
}

/** The same in words. */
function whyNotReported(facts: BoardFacts, task: BoardTask, sinceNs: number): string {
  const words: Readonly<Record<Missed, string>> = {
    off: 'hung_task_timeout_secs is 0',
    otherSleep: `it sleeps in state ${task.sleep}, and only uninterruptible sleep counts`,
    wakes:
      'it wakes now and then to look again, and only a task that does not run between two ' +
      'checks is reported',
    noLook: 'no check has seen it, and the second one reports',
    oneLook: 'only one check has seen it, and the second one reports',
  };
  return words[whyMissed(facts, task, sinceNs)];
}

/** The task has not run since it was reported. */
const stillHangs = ({ tasks }: BoardFacts, report: BoardReport): boolean => {
  const task = tasks.find(({ name }) => name === report.task);
  return task?.blocked === true && task.blockedAtNs <= report.timeNs;
};

/** Tasks that sleep uninterruptibly, the longest first. */
export const sleepersInD = ({ tasks }: BoardFacts): BoardTask[] =>
  tasks
    .filter(({ blocked, sleep }) => blocked && sleep === 'D')
    .sort((a, b) => a.blockedAtNs - b.blockedAtNs);

function hungTask(facts: BoardFacts): Said {
  const reports = reportsOf(facts, 'hung');
  const reported = new Set(reports.map(({ task }) => task));
  const missed = [...stuckTasks(facts)].filter(([task]) => !reported.has(task.name));
  const reasons = missed.map(
    ([task, sinceNs]) => `${task.name} is not reported: ${whyNotReported(facts, task, sinceNs)}`,
  );
  const [first] = reports;
  if (first !== undefined) {
    const lasting = reports.some((one) => stillHangs(facts, one)) ? '' : ' (it has run since)';
    const names = [...reported].join(', ');
    const head = `${times(reports.length)} since ${seconds(first.timeNs)}: ${names}${lasting}`;
    const state = missed.length > 0 ? 'inPart' : 'fired';
    return { state, why: [head, ...reasons].join('; ') };
  }
  if (reasons.length > 0) return silent(reasons.join('; '));
  const [waiting] = sleepersInD(facts);
  if (waiting === undefined) return silent('no task is in state D');
  return silent(`${waiting.name}: ${whyNotReported(facts, waiting, waiting.blockedAtNs)}`);
}

function mightSleep(facts: BoardFacts): Said {
  const [first, ...more] = reportsOf(facts, 'atomicSleep');
  if (first === undefined) return silent('nobody slept where sleeping is forbidden');
  return fired(`${times(more.length + 1)}, first at ${seconds(first.timeNs)} in ${first.task}`);
}

function oops(facts: BoardFacts): Said {
  const [first, ...more] = reportsOf(facts, 'oops');
  if (first === undefined) return silent('nobody touched a freed object or a removed list node');
  return fired(`${times(more.length + 1)}, first at ${seconds(first.timeNs)}: ${first.text}`);
}
