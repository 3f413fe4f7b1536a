// Many runs side by side: one row for each, with what it was made from and what it came to. For
// seeds or variants of one scenario, where a comparison of two would be too much.

import type { Outcome } from '../outcome.ts';
import type { RunRecord } from '../record/run-record.ts';
import { endNs } from './outcome.ts';

/** One run in a table. */
export interface RunRow {
  /** What the run is called here. */
  readonly label: string;
  readonly scenario: string;
  readonly variant: string;
  /** Policy and seed. */
  readonly schedule: string;
  readonly outcome: Outcome | 'cut';
  readonly events: number;
  readonly virtualNs: number;
  /** Switches that its policy chose. */
  readonly choices: number;
  readonly findings: number;
  /** Kind and sentence of the first finding; null for none. */
  readonly firstFinding: string | null;
}

/** The row of a run. */
export function runRow(label: string, record: RunRecord): RunRow {
  const { head, end, trace, choices } = record;
  const findings = end?.findings ?? [];
  const [first] = findings;
  return {
    label,
    scenario: head.scenarioName,
    variant: head.variant,
    schedule: head.seed === null ? head.policy : `${head.policy} ${head.seed}`,
    outcome: end?.outcome ?? 'cut',
    events: trace.count,
    virtualNs: endNs(record),
    choices: choices.length,
    findings: findings.length,
    firstFinding: first === undefined ? null : `${first.kind}: ${first.text}`,
  };
}
