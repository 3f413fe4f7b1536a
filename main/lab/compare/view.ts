// Two runs as a window shows them beside each other: the sentence, the lanes that differ, lined up
// where the runs part, and a table of what differs, causes first. Plain data; it crosses a thread.

import type { Outcome } from '../outcome.ts';
import type { RunRecord } from '../record/run-record.ts';
import { bothOf } from './both.ts';
import type { Both } from './both.ts';
import { partingOf, sharedEvents } from './cause.ts';
import type { Moment, Parting } from './cause.ts';
import { compareRuns } from './compare.ts';
import type { Comparison } from './compare.ts';
import type { Sides } from './difference.ts';
import { differenceRows } from './difference-rows.ts';
import type { DifferenceRow } from './difference-rows.ts';
import { lineUp, seenInBoth } from './lined-up.ts';
import type { LinedLane, RunWithLanes } from './lined-up.ts';
import { outsideRows } from './outside.ts';
import { comparisonSentence } from './sentence.ts';
import type { Relation, Said } from './sentence.ts';

/** One of the two. */
export interface ComparedRun {
  /** What it is called beside the other. */
  readonly side: string;
  readonly variant: string;
  readonly policy: string;
  readonly seed: number | null;
  readonly outcome: Outcome | 'cut';
  readonly events: number;
  readonly virtualNs: number;
}

/** Everything that the view shows. */
export interface ComparedRuns {
  readonly relation: Relation;
  readonly runs: Both<ComparedRun>;
  readonly sentence: readonly Said[];
  /** Where they part, in each. */
  readonly at: Both<Moment>;
  /** All lanes: those that differ first, of them those that tell most. */
  readonly lanes: readonly LinedLane[];
  /** How many of the first ones are shown at first. */
  readonly lanesTelling: number;
  readonly lanesDiffering: number;
  readonly rows: readonly DifferenceRow[];
  /** Differences that follow from those. */
  readonly following: number;
  /** Time after the parting that shows what matters, ns, and the same in events. */
  readonly spanNs: number;
  readonly spanEvents: number;
  /** What differs in how they were made, a sentence each. */
  readonly made: readonly string[];
}

/** Two runs of one driver are told apart by their place. */
const sidesOf = ({ a, b }: Both<RunRecord>): Sides =>
  a.head.variant === b.head.variant
    ? { a: 'the first', b: 'the second' }
    : { a: a.head.variant, b: b.head.variant };

/** Fewer events than these in common are no common start. */
const startEvents = 1000;

/**
 * A scenario of their own is why two runs share no start; of one scenario it is the program that
 * recorded them: its model of the driver is another one from the first steps on.
 */
function relationOf({ a, b }: Both<RunRecord>, comparison: Comparison): Relation {
  const { equal, common, outside } = comparison;
  if (equal) return 'equal';
  if (outside) return 'outside';
  if (common.events >= startEvents) return 'parted';
  if (a.head.scenarioText !== b.head.scenarioText) return 'noStart';
  return a.head.programHash === b.head.programHash ? 'parted' : 'otherModel';
}

function startOf(records: Both<RunRecord>): Parting {
  return { at: bothOf(records, () => ({ seq: 0, timeNs: 0 })), hold: null };
}

const followingOf = ({ tasks, objects, commands, log }: Comparison): number =>
  tasks.different.reduce((sum, { only }) => sum + only.a.count + only.b.count, 0) +
  objects.different.length +
  commands.only.a.count +
  commands.only.b.count +
  log.only.a.count +
  log.only.b.count;

/** What a comparison takes. */
export interface ComparedPair {
  readonly a: RunWithLanes;
  readonly b: RunWithLanes;
  /** Told of the event up to which the runs were found the same. */
  readonly onEvent?: (seq: number) => void;
}

/** Compares two runs for a window. */
export function compareForView({ a, b, onEvent }: ComparedPair): ComparedRuns {
  const runs = { a, b };
  const records = bothOf(runs, ({ record }) => record);
  const sides = sidesOf(records);
  const comparison = compareRuns(a.record, b.record, { sides, onEvent });
  const relation = relationOf(records, comparison);
  const isLinedUp = relation === 'parted' || relation === 'equal';
  const parting = isLinedUp
    ? partingOf(records, comparison.parting?.seq ?? null)
    : startOf(records);
  const all = lineUp(runs, parting);
  const { lanes, telling, differing } = relation === 'outside' ? seenInBoth(all) : all;
  const traces = bothOf(records, ({ trace }) => trace);
  // What another model does otherwise is no difference between the runs.
  const rows =
    relation === 'otherModel'
      ? []
      : relation === 'outside'
        ? outsideRows(comparison)
        : differenceRows(comparison, parting, telling, traces);
  const heads = bothOf(records, ({ head }) => head);
  const shared = {
    events: sharedEvents(records, parting.at),
    of: parting.at.a.seq,
    sameChoices: heads.a.policy === heads.b.policy && heads.a.seed === heads.b.seed,
  };
  return {
    relation,
    runs: bothOf(records, ({ head, end, trace }, side) => ({
      side: comparison.sides[side],
      variant: head.variant,
      policy: head.policy,
      seed: head.seed,
      outcome: end?.outcome ?? 'cut',
      events: trace.count,
      virtualNs: end?.virtualNs ?? trace.nowNs,
    })),
    sentence: comparisonSentence(comparison, relation, parting, shared),
    at: parting.at,
    lanes,
    lanesTelling: telling.length,
    lanesDiffering: differing,
    rows,
    following: Math.max(0, followingOf(comparison) - rows.length),
    spanNs: shownSpan(
      rows.map(({ afterNs }) => afterNs),
      1e6,
    ),
    spanEvents: shownSpan(
      rows.map(({ afterEvents }) => afterEvents),
      100,
    ),
    made: comparison.made,
  };
}

/** Room for the last difference and a little more. */
const shownSpan = (afters: readonly number[], least: number): number =>
  Math.max(least, ...afters) * 1.3;
