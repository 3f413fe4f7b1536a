// A run of the library on the bench: nothing runs, any moment of it can be looked at. Acting on it
// is refused; a fork makes a live session of it.

import { machineFacts } from '#lab/moment/facts.ts';
import type { MachineFacts } from '#lab/moment/facts.ts';
import { isReal } from '#lab/real-run.ts';
import type { RunRecord } from '#lab/record/run-record.ts';
import { loadScenario } from '#lab/scenario/load.ts';
import type { Trace } from '#trace/trace.ts';
import type { RecordState } from '#contract/session.ts';
import type { KeptSoFar } from './own-marks.ts';

/** A recorded session. */
export class RecordedSession {
  readonly record: RunRecord;
  /** Number in the library. */
  readonly number: number;

  constructor(number: number, record: RunRecord) {
    this.number = number;
    this.record = record;
  }

  get trace(): Trace {
    return this.record.trace;
  }

  get nowNs(): number {
    return this.record.trace.nowNs;
  }

  /** All of it is on the disk. */
  get kept(): KeptSoFar {
    return { run: this.number, events: this.trace.count };
  }

  /** What its machine was made of. Throws ScenarioError when this program does not know it. */
  get facts(): MachineFacts {
    const { head } = this.record;
    const { machine } = loadScenario(head.scenarioFile, head.scenarioText);
    return machineFacts({ ...machine, variant: head.variant }, isReal(head));
  }

  get recordState(): RecordState {
    return { kind: 'replay', run: this.number };
  }
}
