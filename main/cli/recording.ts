// Keeps what the other commands run. Without a word from the user a run goes to the default
// database, and one that cannot be kept is run all the same, with a warning; a database that was
// named must work.

import { Recorder } from '#db/recorder.ts';
import { StoreError } from '#db/store-error.ts';
import type { PolicyChoice } from '#lab/policy.ts';
import type { RunEnd, RunHead } from '#lab/record/run-record.ts';
import type { Recorded } from '#lab/record/segment.ts';
import { defaultDatabase } from '#db/data-folder.ts';
import type { ScenarioFile } from './load.ts';
import { printError } from './print.ts';
import { programHash, programVersion } from '#db/program.ts';

/** Options of every command that runs a machine. */
export interface RecordingArguments {
  /** A file; default the user's. */
  readonly db?: string;
  /** False for --no-record. */
  readonly record?: boolean;
}

/** What the command knows of a run that starts. */
export type RunPlan = Omit<RunHead, 'engineVersion' | 'programHash'>;

/** A run of a scenario from its begin; `over` says what is not as usual. */
export const planOf = (
  { scenario, text }: ScenarioFile,
  policy: PolicyChoice,
  over: Partial<RunPlan> = {},
): RunPlan => ({
  scenarioFile: scenario.file,
  scenarioName: scenario.name,
  scenarioText: text,
  variant: scenario.machine.variant,
  policy: policy.name,
  seed: policy.seed,
  untilNs: null,
  scripted: true,
  live: false,
  parent: null,
  ...over,
});

const now = (): string => new Date().toISOString();

/** One run that is kept, or not. */
export class Recording {
  /** File of the database. */
  readonly file: string;
  private readonly recorder: Recorder | null;

  /** Throws StoreError when a database that was asked for cannot be used. */
  constructor(plan: RunPlan, settings: RecordingArguments) {
    this.file = settings.db ?? defaultDatabase();
    this.recorder = settings.record === false ? null : this.begin(plan, settings.db !== undefined);
  }

  private begin(plan: RunPlan, isAsked: boolean): Recorder | null {
    const head = { ...plan, engineVersion: programVersion(), programHash: programHash() };
    try {
      return new Recorder(this.file, head, now());
    } catch (error) {
      if (isAsked || !(error instanceof StoreError)) throw error;
      printError(`this run is not kept: ${error.message}`);
      return null;
    }
  }

  /** What has happened before is recorded as well. */
  watch(machine: Recorded): void {
    this.recorder?.watch(machine);
  }

  /** How far the disk is, in words. */
  get said(): string {
    if (this.recorder === null) return 'this run is not kept';
    const { behind, failure } = this.recorder.state;
    if (failure !== null) return `this run is kept up to a point only: ${failure.message}`;
    const lag = behind === 0 ? 'every event is on the disk' : `${behind} events are not there yet`;
    return `kept in ${this.file}: ${lag}`;
  }

  /** Sends what a live session has added. */
  flush(): void {
    this.recorder?.flush();
  }

  /** Waits for the disk; the run's number, or null when it is not kept. Throws StoreError. */
  async finish(end: RunEnd): Promise<number | null> {
    return (await this.recorder?.finish(end, now())) ?? null;
  }
}

/** The line that says where a run is. */
export const keptText = (run: number, { file }: Recording): string =>
  `kept as run ${run} in ${file}`;
