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
import { lineUp } from './lined-up.ts';
import type { LinedLane } from './lined-up.ts';
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
  readonly lanes: readonly LinedLane[];
  readonly lanesTotal: number;
  readonly lanesDiffering: number;
  readonly rows: readonly DifferenceRow[];
  /** Differences that follow from those. */
  readonly following: number;
  /** Time after the parting that shows what matters, ns. */
  readonly spanNs: number;
  /** What differs in how they were made, a sentence each. */
  readonly made: readonly string[];
}

/** Two runs of one driver are told apart by their place. */
const sidesOf = ({ a, b }: Both<RunRecord>): Sides =>
  a.head.variant === b.head.variant
    ? { a: 'the first', b: 'the second' }
    : { a: a.head.variant, b: b.head.variant };

function relationOf(records: Both<RunRecord>, { equal, common }: Comparison): Relation {
  if (equal) return 'equal';
  const isOther = records.a.head.scenarioText !== records.b.head.scenarioText;
  return isOther && common.events < 1000 ? 'noStart' : 'parted';
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

/** Compares two runs for a window. */
export function compareForView(a: RunRecord, b: RunRecord): ComparedRuns {
  const records = { a, b };
  const comparison = compareRuns(a, b, sidesOf(records));
  const relation = relationOf(records, comparison);
  const parting =
    relation === 'noStart' ? startOf(records) : partingOf(records, comparison.parting?.seq ?? null);
  const { lanes, total, differing } = lineUp(records, parting);
  const rows = differenceRows(comparison, parting, lanes);
  const lastNs = Math.max(1e6, ...rows.map(({ afterNs }) => afterNs));
  const shared = {
    events: sharedEvents(records, parting.at),
    of: parting.at.a.seq,
    sameChoices: a.head.policy === b.head.policy && a.head.seed === b.head.seed,
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
    lanesTotal: total,
    lanesDiffering: differing,
    rows,
    following: Math.max(0, followingOf(comparison) - rows.length),
    spanNs: lastNs * 1.3,
    made: comparison.made,
  };
}
