// What the board says in the window: one short reason for each detector (ui.md section 9). The
// rules are those of board-rules.ts, whose own texts are the long ones of reports and logs.

import { reportsOf, sleepersInD, stuckTasks, times, whyMissed } from '../board-rules.ts';
import type { BoardFacts, DetectorName, Missed } from '../board-rules.ts';
import type { FoldedWarning } from '../fold/told.ts';
import type { Cycle } from './cycles.ts';

/** What the words are made of. */
export interface WordFacts {
  readonly facts: BoardFacts;
  readonly timeNs: number;
  readonly cycles: readonly Cycle[];
  readonly warnings: readonly FoldedWarning[];
  /** Waits of the moment, as the picture of them counts (fold/waiting.ts). */
  readonly waits: number;
  /** What the window calls a task, and its letter, by its name in the trace. */
  readonly shownTask: (name: string) => string;
  readonly letterOfTask: (name: string) => string;
}

/** A number with narrow spaces between thousands, as the window writes all of them. */
const grouped = (count: number): string => String(count).replace(/\B(?=(\d{3})+(?!\d))/g, '\u202f');

const secondsOf = (ns: number): string => `${Math.floor(ns / 1e9)} s`;

/** Length of a sleep in few digits. */
const lengthText = (ns: number): string =>
  ns < 1e9 ? `${(ns / 1e6).toFixed(1)} ms` : `${(ns / 1e9).toFixed(1)} s`;

/** `6.105 s`. */
const at = (ns: number): string => `${(ns / 1e9).toFixed(3)} s`;

function firedGraph({ facts, cycles }: WordFacts): string {
  const [cycle] = cycles;
  const ended = facts.deadlocks.some(({ stands }) => stands) ? '' : ' It was ended since.';
  const more = facts.deadlocks.length - 1;
  // Its steps are events of their own, and come after it.
  if (cycle === undefined) return 'A cycle is being reported.';
  const what = `Cycle of ${cycle.steps.length}, reported at event ${grouped(cycle.closedSeq)}.`;
  return `${what}${ended}${more > 0 ? ` And ${more} more.` : ''}`;
}

function firedReference({ warnings }: WordFacts): string {
  const [first, last] = [warnings[0]?.count ?? 0, warnings.at(-1)?.count ?? 0];
  if (warnings.length < 2) return `Every 10 s: usage count ${first}, and not whose.`;
  const span = `Every 10 s: usage count ${first} → ${last}.`;
  if (last > first) return `${span} It grows: a leak would stand still.`;
  return last === first ? `${span} It stands still, as a leak does.` : `${span} It falls.`;
}

/** Why a task was missed, in a few words. */
const missedWords: Readonly<Record<Missed, string>> = {
  off: 'hung_task_timeout_secs is 0',
  otherSleep: 'only sleep in state D counts',
  wakes: 'it wakes to look again',
  noLook: 'no check has seen it yet',
  oneLook: 'one check has seen it, and the second reports',
};

/** Tasks in a cycle that the hung task detector has not told of. */
const missedTasks = ({ facts }: WordFacts) => {
  const reported = new Set(reportsOf(facts, 'hung').map(({ task }) => task));
  return [...stuckTasks(facts)].filter(([task]) => !reported.has(task.name));
};

/** The missed ones with the reason of each. */
const missedText = (words: WordFacts, said: (name: string, why: string) => string): string =>
  missedTasks(words)
    .map(([task, sinceNs]) =>
      said(words.shownTask(task.name), missedWords[whyMissed(words.facts, task, sinceNs)]),
    )
    .join('; ');

/** Tasks that were told of, each once. */
const hungTasks = ({ facts }: WordFacts): string[] => [
  ...new Set(reportsOf(facts, 'hung').map(({ task }) => task)),
];

function firedHung(words: WordFacts): string {
  const { facts, timeNs, shownTask } = words;
  const sat = hungTasks(words).map((name) => {
    const task = facts.tasks.find((one) => one.name === name && one.blocked && one.sleep === 'D');
    const long =
      task === undefined ? 'has run since' : `in D for ${secondsOf(timeNs - task.blockedAtNs)}`;
    return `${shownTask(name)} ${long}`;
  });
  const missed = missedText(words, (name, why) => `${name}: ${why}`);
  return `${sat.join(', ')}.${missed === '' ? '' : ` Silent for ${missed}.`}`;
}

function silentHung(words: WordFacts): string {
  const { facts, shownTask } = words;
  const missed = missedText(words, (name, why) => `${why} (${name})`);
  if (missed !== '') return missed;
  const [longest] = sleepersInD(facts);
  if (longest === undefined) return 'no task is in state D';
  const why = missedWords[whyMissed(facts, longest, longest.blockedAtNs)];
  return `${why} (${shownTask(longest.name)})`;
}

function firedOnce(words: WordFacts, kind: 'atomicSleep' | 'oops'): string {
  const [first, ...more] = reportsOf(words.facts, kind);
  if (first === undefined) return '';
  const when = more.length === 0 ? 'At' : `${times(more.length + 1)}, first at`;
  return `${when} ${at(first.timeNs)} in ${words.shownTask(first.task)}.`;
}

/** The reason of a detector that has fired, all or in part. */
export function firedReason(name: DetectorName, words: WordFacts): string {
  switch (name) {
    case 'graph':
      return firedGraph(words);
    case 'netdevReference':
      return firedReference(words);
    case 'hungTask':
      return firedHung(words);
    case 'mightSleep':
      return firedOnce(words, 'atomicSleep');
    case 'oops':
      return firedOnce(words, 'oops');
  }
}

/** Why a detector says nothing of what is wrong; `because` stands before it. */
export function silentReason(name: DetectorName, why: string, words: WordFacts): string {
  return name === 'hungTask' ? silentHung(words) : why;
}

/** What a detector measures while nothing is wrong. */
export function measures(name: DetectorName, words: WordFacts): string {
  const { facts, waits, timeNs } = words;
  switch (name) {
    case 'graph': {
      const now = waits === 1 ? '1 wait now' : `${waits} waits now`;
      return `${now}. Looks at every wait the moment it begins.`;
    }
    case 'netdevReference': {
      const [awaited] = facts.awaitedNetdevs;
      if (awaited === undefined) return 'No netdev is being unregistered.';
      return `${awaited.replace(/^netdev /, '')} is waited for. It warns after 10 s.`;
    }
    case 'hungTask': {
      const [longest] = sleepersInD(facts);
      const limit = `Limit ${facts.hungTimeoutSeconds} s.`;
      if (longest === undefined) return `No task is in state D. ${limit}`;
      const length = lengthText(timeNs - longest.blockedAtNs);
      return `Longest uninterruptible sleep now: ${length}. ${limit}`;
    }
    case 'mightSleep':
      return 'Looks at every call that may sleep.';
    case 'oops':
      return 'Looks at every list link and freed object.';
  }
}

/** `fired`, `fired 23 times`, `fired for B only`. */
export function firedHeadline(name: DetectorName, count: number, words: WordFacts): string {
  const isPart = name === 'hungTask' && missedTasks(words).length > 0;
  if (!isPart) return count === 1 ? 'fired' : `fired ${times(count)}`;
  const letters = hungTasks(words).map((task) => words.letterOfTask(task) || words.shownTask(task));
  return `fired for ${letters.join(', ')} only`;
}
