// Records a run while it runs. The engine's thread only cuts segments and says where they are: the
// other thread reads the records in shared memory. It is at most `windowSegments` behind what it
// was told; what it was not told yet stays in the run's own memory. So the engine never waits for
// the disk, and the queue never grows: the recorder falls visibly behind and catches up.

import { Worker } from 'node:worker_threads';
import type { RunEnd, RunHead } from '#lab/record/run-record.ts';
import { Cutter } from '#lab/record/segment.ts';
import type { Recorded } from '#lab/record/segment.ts';
import type { FromWorker, ToWorker, WorkerData } from './messages.ts';
import { openRuns } from './open.ts';
import { StoreError } from './store-error.ts';
import { workerFile } from './worker-file.ts';

/** Most segments that were sent and are not on the disk yet; each has at most 65,536 events. */
const windowSegments = 8;

/** How far the disk is. */
export interface RecorderState {
  /** Events that are not on the disk yet. */
  readonly behind: number;
  /** The recording ended early: why. */
  readonly failure: StoreError | null;
}

/** Recorder of one run. */
export class Recorder {
  /** The run is in the database and has its number. */
  onBegin: () => void = () => undefined;
  private readonly worker: Worker;
  private readonly acknowledged = new Int32Array(new SharedArrayBuffer(4));
  private readonly exited: Promise<void>;
  private cutter: Cutter | null = null;
  private machine: Recorded | null = null;
  private sent = 0;
  /** Events up to the end of each segment that was sent and not seen on the disk. */
  private readonly sentEvents: number[] = [];
  private safeEvents = 0;
  private seen = 0;
  private run: number | null = null;
  private ended = false;
  private failure: StoreError | null = null;
  private ending: (() => void) | null = null;

  /** Throws StoreError when the file cannot be used. `startedAt`: wall clock, ISO 8601. */
  constructor(file: string, head: RunHead, startedAt: string) {
    openRuns(file).close();
    const workerData: WorkerData = {
      file,
      head,
      startedAt,
      acknowledged: this.acknowledged.buffer,
    };
    this.worker = new Worker(workerFile(import.meta.url), { workerData });
    this.worker.on('message', (message: FromWorker) => {
      this.hear(message);
    });
    this.exited = new Promise((resolve, reject) => {
      this.worker.on('error', reject);
      this.worker.on('exit', () => {
        resolve();
      });
    });
    // Whoever calls finish() sees it; before that nobody may be waiting.
    this.exited.catch(() => undefined);
  }

  /** What has happened before is recorded as well. */
  watch(machine: Recorded): void {
    this.machine = machine;
    this.cutter = new Cutter(machine);
    machine.k.trace.onChunk = () => {
      this.flush();
    };
  }

  /** Sends what was added, as far as the disk keeps up. */
  flush(): void {
    this.cutter?.cut();
    this.pump();
  }

  /** The run's number in the database; null before the disk has begun. */
  get number(): number | null {
    return this.run;
  }

  get state(): RecorderState {
    this.look();
    const events = this.machine?.k.trace.count ?? 0;
    return { behind: events - this.safeEvents, failure: this.failure };
  }

  /**
   * Sends the rest and the end, and waits for the disk. Gives the run's number in the database.
   * Throws StoreError when the recording failed.
   */
  async finish(end: RunEnd, endedAt: string): Promise<number> {
    this.flush();
    while (this.failure === null && (this.cutter?.waiting ?? 0) > 0) await this.nextWord();
    this.post({ kind: 'end', end, endedAt });
    await this.exited;
    if (this.failure !== null) throw this.failure;
    if (!this.ended || this.run === null) throw new Error('the recorder left without a word');
    return this.run;
  }

  private nextWord(): Promise<void> {
    return Promise.race([
      this.exited,
      new Promise<void>((resolve) => {
        this.ending = resolve;
      }),
    ]);
  }

  private hear(message: FromWorker): void {
    if (message.kind === 'begun') {
      this.run = message.run;
      this.onBegin();
    }
    if (message.kind === 'ended') this.ended = true;
    else if (message.kind === 'failed') {
      this.failure = new StoreError(message.problem, message.message);
    }
    this.pump();
    this.ending?.();
  }

  /** Notes what has reached the disk. Also seen while the engine keeps this thread. */
  private look(): void {
    const written = Atomics.load(this.acknowledged, 0);
    while (this.seen < written) {
      this.seen++;
      this.safeEvents = this.sentEvents.shift() ?? this.safeEvents;
    }
  }

  private pump(): void {
    const { cutter } = this;
    if (cutter === null || this.failure !== null) return;
    this.look();
    while (this.sent - this.seen < windowSegments) {
      const segment = cutter.take();
      if (segment === null) return;
      this.sent++;
      this.sentEvents.push(cutter.takenEvents);
      this.post({ kind: 'segment', segment });
    }
  }

  private post(message: ToWorker): void {
    this.worker.postMessage(message);
  }
}
