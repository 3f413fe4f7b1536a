// Two runs held against each other: what they have in common, the first step at which they part,
// and what each did that the other did not, by task, object, log, firmware command, packet and
// count. The result is plain data; text.ts tells it.

import { isReal } from '../real-run.ts';
import type { RunRecord } from '../record/run-record.ts';
import { fullBudget } from './aligned.ts';
import type { Alignment, Readings } from './aligned.ts';
import { bothOf } from './both.ts';
import type { Both } from './both.ts';
import { compareCommands } from './commands.ts';
import type { CommandComparison } from './commands.ts';
import { compareCounters } from './counters.ts';
import type { KindCount } from './counters.ts';
import { DeedTable } from './deeds.ts';
import { partingWords } from './difference.ts';
import type { Difference, Sides } from './difference.ts';
import { compareFindings } from './findings.ts';
import type { FindingDifference } from './findings.ts';
import { compareLogs } from './log.ts';
import { Matcher } from './match.ts';
import { compareObjects } from './objects.ts';
import type { ObjectComparison } from './objects.ts';
import { compareOutcomes } from './outcome.ts';
import { comparePackets } from './packets.ts';
import type { PacketComparison } from './packets.ts';
import { Reading } from './reading.ts';
import { runRow } from './table.ts';
import type { RunRow } from './table.ts';
import { compareTasks } from './tasks.ts';
import type { TaskComparison } from './tasks.ts';

/** What two runs have in common. */
export interface CommonPart {
  /** Events that are the same, from the first on. */
  readonly events: number;
  /** Time of the last of them, ns. */
  readonly untilNs: number;
}

/** Two runs compared. */
export interface Comparison {
  /** What the runs are called in sentences. */
  readonly sides: Sides;
  readonly runs: Both<RunRow>;
  /** Every event is the same, and all that the runs came to. */
  readonly equal: boolean;
  /** One of them is of Linux itself, which is seen from outside only. */
  readonly outside: boolean;
  /** How the runs were made otherwise, a sentence each. */
  readonly made: readonly string[];
  readonly common: CommonPart;
  /** The first event that is not the same; null when all are. */
  readonly parting: Difference | null;
  /** A sentence for each difference in what they came to. */
  readonly outcome: readonly string[];
  readonly findings: readonly FindingDifference[];
  readonly log: Alignment;
  readonly tasks: TaskComparison;
  readonly objects: ObjectComparison;
  readonly commands: CommandComparison;
  readonly packets: PacketComparison;
  readonly counters: readonly KindCount[];
}

/** Two runs that nobody named. */
const plainSides: Sides = { a: 'A', b: 'B' };

/** What went into the runs that was not the same. */
function madeWords({ a, b }: Both<RunRecord>, sides: Sides): string[] {
  const parts: readonly (readonly [string, string, string])[] = [
    ['scenario', a.head.scenarioName, b.head.scenarioName],
    ['driver', a.head.variant, b.head.variant],
    ['policy', a.head.policy, b.head.policy],
    ['seed', String(a.head.seed ?? 'none'), String(b.head.seed ?? 'none')],
  ];
  const said = parts.flatMap(([what, left, right]) =>
    left === right ? [] : [`${what} ${left} in ${sides.a}, ${right} in ${sides.b}`],
  );
  const isOtherText =
    a.head.scenarioName === b.head.scenarioName && a.head.scenarioText !== b.head.scenarioText;
  if (isOtherText) said.push('the scenario has another text');
  if (a.head.programHash !== b.head.programHash) said.push('the lab has another program');
  return said;
}

/** How a comparison is made. */
export interface CompareOptions {
  readonly sides?: Sides;
  /** Told of the event up to which the runs were found the same. */
  readonly onEvent?: ((seq: number) => void) | undefined;
}

/** Compares two runs. Swapping them swaps the result. */
export function compareRuns(
  a: RunRecord,
  b: RunRecord,
  { sides = plainSides, onEvent }: CompareOptions = {},
): Comparison {
  const match = new Matcher(a.trace, b.trace);
  const seq = match.first(0, onEvent);
  const table = new DeedTable();
  const readings: Readings = {
    a: new Reading(a.trace, match.namesA, table),
    b: new Reading(b.trace, match.namesB, table),
    table,
    budget: fullBudget(),
  };
  const records = { a, b };
  const outcome = compareOutcomes(records, sides);
  const findings = compareFindings(records);
  const events = seq ?? a.trace.count;
  return {
    sides,
    runs: bothOf(records, (record, side) => runRow(sides[side], record)),
    equal: seq === null && outcome.length === 0 && findings.length === 0,
    outside: isReal(a.head) || isReal(b.head),
    made: madeWords(records, sides),
    common: { events, untilNs: events === 0 ? 0 : a.trace.event(events - 1).timeNs },
    parting: seq === null ? null : { seq, said: partingWords(match, seq, sides) },
    outcome,
    findings,
    log: compareLogs(readings),
    tasks: compareTasks(readings),
    objects: compareObjects(readings, sides),
    commands: compareCommands(readings),
    packets: comparePackets(readings),
    counters: compareCounters(readings),
  };
}
