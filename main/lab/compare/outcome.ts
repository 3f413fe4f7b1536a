// What two runs came to, held against each other in sentences: outcome, time, script, checks,
// detectors. A run that was cut off came to nothing, and that is said.

import type { DetectorState } from '../board.ts';
import type { Outcome } from '../outcome.ts';
import type { RunEnd, RunRecord } from '../record/run-record.ts';
import type { CheckResult } from '../run.ts';
import { bothOf } from './both.ts';
import type { Both } from './both.ts';
import type { Sides } from './difference.ts';
import { roundSeconds } from '../record/words.ts';

/** A run that goes on for so long after the other one has done a lot alone. */
const aloneNs = 1e9;

/** Outcomes as what a run did. */
const outcomeWords: Readonly<Record<Outcome, string>> = {
  settled: 'settled',
  left: 'was left by its person',
  deadlock: 'ended in a deadlock',
  hung: 'ended with a hung task',
  oops: 'crashed',
  checkFailed: 'failed a check or a step',
  stepLimit: 'hit the bound on points',
  timeOut: 'ran out of time',
  diverged: 'left its recording',
};

const detectorWords: Readonly<Record<DetectorState, string>> = {
  fired: 'fired',
  inPart: 'fired in part',
  silent: 'was silent',
};

/** `ended in a deadlock`. */
export const outcomeText = (outcome: Outcome | 'cut'): string =>
  outcome === 'cut' ? 'was cut off and has no end' : outcomeWords[outcome];

/** The last time that is known of a run, ns. */
export const endNs = ({ end, trace }: RunRecord): number => end?.virtualNs ?? trace.nowNs;

/** What one run does after the other is over counts as a difference everywhere. */
function lengthWords({ a, b }: Both<number>, sides: Sides): string[] {
  if (a === b) return [];
  const longer = a > b ? sides.a : sides.b;
  const said = `${sides.a} came to ${roundSeconds(a)}, ${sides.b} to ${roundSeconds(b)}`;
  const alone = `what ${longer} did after ${roundSeconds(Math.min(a, b))} it did alone`;
  return [Math.abs(a - b) < aloneNs ? said : `${said}; ${alone}`];
}

type Ends = Both<RunEnd>;

function scriptWords({ a, b }: Ends, sides: Sides): string[] {
  if (a.unfinished === b.unfinished) return [];
  const words = ({ unfinished }: RunEnd): string => unfinished ?? 'came to its end';
  return [`the script of ${sides.a}: ${words(a)}; of ${sides.b}: ${words(b)}`];
}

/** Checks by what identifies them in two texts of a scenario. */
const checksOf = ({ checks }: RunEnd): Map<string, CheckResult> =>
  new Map(checks.map((check) => [`${check.line} ${check.reason}`, check]));

const failed = (checks: readonly CheckResult[]): number =>
  checks.filter(({ holds }) => !holds).length;

function onlyWords(checks: readonly CheckResult[], side: string): string[] {
  if (checks.length === 0) return [];
  const bad = failed(checks);
  const verdict = bad === 0 ? 'all hold' : `${bad} ${bad === 1 ? 'does' : 'do'} not hold`;
  const count = checks.length === 1 ? '1 check was' : `${checks.length} checks were`;
  return [`${count} judged only in ${side}; ${verdict}`];
}

function checkWords(ends: Ends, sides: Sides): string[] {
  const { a, b } = bothOf(ends, checksOf);
  const judged = [...a].flatMap(([key, left]) => {
    const right = b.get(key);
    if (right === undefined || right.holds === left.holds) return [];
    const [good, bad] = left.holds ? [sides.a, sides.b] : [sides.b, sides.a];
    const { seen } = left.holds ? right : left;
    return [`"${left.reason}" holds in ${good}, not in ${bad}: it saw ${seen}`];
  });
  const onlyA = [...a].flatMap(([key, check]) => (b.has(key) ? [] : [check]));
  const onlyB = [...b].flatMap(([key, check]) => (a.has(key) ? [] : [check]));
  return [...judged, ...onlyWords(onlyA, sides.a), ...onlyWords(onlyB, sides.b)];
}

function boardWords({ a, b }: Ends, sides: Sides): string[] {
  return a.detectors.flatMap(({ name, title, state }) => {
    const other = b.detectors.find((detector) => detector.name === name);
    if (other === undefined || other.state === state) return [];
    const [left, right] = [detectorWords[state], detectorWords[other.state]];
    return [`detector "${title}": ${left} in ${sides.a}, ${right} in ${sides.b}`];
  });
}

/** Every difference in what two runs came to, a sentence each; empty when there is none. */
export function compareOutcomes(records: Both<RunRecord>, sides: Sides): string[] {
  const { a, b } = records;
  const { a: left, b: right } = bothOf(records, ({ end }) => outcomeText(end?.outcome ?? 'cut'));
  const times = bothOf(records, endNs);
  const first = left === right ? [] : [`${sides.a} ${left}; ${sides.b} ${right}`];
  const lengths = lengthWords(times, sides);
  if (a.end === null || b.end === null) return [...first, ...lengths];
  const ends = { a: a.end, b: b.end };
  return [
    ...first,
    ...lengths,
    ...scriptWords(ends, sides),
    ...checkWords(ends, sides),
    ...boardWords(ends, sides),
  ];
}
