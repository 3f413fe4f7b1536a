// The thread of the errands: takes one at a time, says how far it is, and brings back the result or
// why there is none. Bugs stay exceptions and end the thread.

import { parentPort } from 'node:worker_threads';
import { StoreError } from '#db/store-error.ts';
import { ScenarioError } from '#lab/scenario/reader.ts';
import { Refused } from '../bench/refused.ts';
import { carryOutWith } from './carry-out.ts';
import type { FromErrands, ToErrands } from './errands.ts';
import { LoadedRuns } from './loaded.ts';
import type { OnProgress } from './kinds.ts';

/** Shortest time between two words about progress, ms. */
const wordMs = 50;

const carryOut = carryOutWith(new LoadedRuns());

const say = (message: FromErrands): void => {
  parentPort!.postMessage(message);
};

function progressOf(id: number): OnProgress {
  let saidMs = 0;
  return (done, total) => {
    if (performance.now() - saidMs < wordMs) return;
    saidMs = performance.now();
    say({ kind: 'progress', id, done, total });
  };
}

parentPort!.on('message', ({ id, name, body }: ToErrands) => {
  try {
    const errand = carryOut[name] as (body: unknown, onProgress: OnProgress) => unknown;
    say({ kind: 'done', id, result: errand(body, progressOf(id)) });
  } catch (error) {
    const isStore = error instanceof StoreError;
    if (!isStore && !(error instanceof Refused) && !(error instanceof ScenarioError)) throw error;
    say({ kind: 'failed', id, problem: isStore ? error.problem : null, message: error.message });
  }
});
