// The recorder's other thread: writes what it is sent, in order, and says what is on the disk.
// It owns the only writing connection of the run, so no lock is shared with the engine's thread.

import { parentPort, workerData } from 'node:worker_threads';
import type { FromWorker, ToWorker, WorkerData } from './messages.ts';
import { openRuns } from './open.ts';
import { storeErrorOf, StoreError } from './store-error.ts';
import { RunWriter } from './writer.ts';

const { file, head, startedAt, acknowledged } = workerData as WorkerData;
const written = new Int32Array(acknowledged);

const say = (message: FromWorker): void => {
  parentPort!.postMessage(message);
};

/** Says in our words why the recording ends here. Bugs stay exceptions. */
function fail(error: unknown): void {
  const known = storeErrorOf(file, error);
  if (!(known instanceof StoreError)) throw error;
  say({ kind: 'failed', problem: known.problem, message: known.message });
  parentPort!.close();
}

function start(): void {
  const db = openRuns(file);
  const writer = new RunWriter(db, head, startedAt);
  say({ kind: 'begun', run: writer.run });
  const handle = (message: ToWorker): void => {
    if (message.kind === 'segment') {
      writer.append(message.segment);
      Atomics.add(written, 0, 1);
      say({ kind: 'acknowledged' });
      return;
    }
    writer.end(message.end, message.endedAt);
    db.close();
    say({ kind: 'ended' });
    parentPort!.close();
  };
  parentPort!.on('message', (message: ToWorker) => {
    try {
      handle(message);
    } catch (error) {
      fail(error);
    }
  });
}

try {
  start();
} catch (error) {
  fail(error);
}
