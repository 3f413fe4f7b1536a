// Long work on kept runs, done in another thread so that neither the engine nor a window waits: one
// errand after the other. Results are plain data; errors come back in their own words.

import { Worker } from 'node:worker_threads';
import type { StoreProblem } from '#db/store-error.ts';
import { StoreError } from '#db/store-error.ts';
import { workerFile } from '#db/worker-file.ts';
import { Refused } from '../bench/refused.ts';
import type { ErrandName, ErrandOf, ErrandResult, OnProgress } from './kinds.ts';

/** What the other thread is sent. */
export interface ToErrands {
  readonly id: number;
  readonly name: ErrandName;
  readonly body: unknown;
}

/** What it says. */
export type FromErrands =
  | {
      readonly kind: 'progress';
      readonly id: number;
      readonly done: number;
      readonly total: number;
    }
  | { readonly kind: 'done'; readonly id: number; readonly result: unknown }
  /** `problem` is null for what is no error of the database. */
  | {
      readonly kind: 'failed';
      readonly id: number;
      readonly problem: StoreProblem | null;
      readonly message: string;
    };

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly onProgress: OnProgress;
}

/** The other thread. It is started with the first errand. */
export class Errands {
  private worker: Worker | null = null;
  private nextId = 1;
  private readonly waiting = new Map<number, Waiting>();

  /** Throws StoreError and Refused. */
  run<N extends ErrandName>(
    name: N,
    body: ErrandOf<N>,
    onProgress: OnProgress = () => undefined,
  ): Promise<ErrandResult<N>> {
    this.worker ??= this.start();
    const id = this.nextId++;
    this.worker.postMessage({ id, name, body } satisfies ToErrands);
    return new Promise((resolve, reject) => {
      this.waiting.set(id, {
        resolve: resolve as (result: unknown) => void,
        reject,
        onProgress,
      });
    });
  }

  private start(): Worker {
    const worker = new Worker(workerFile(import.meta.url));
    worker.on('message', (message: FromErrands) => {
      this.hear(message);
    });
    worker.on('error', (error: Error) => {
      this.failAll(error);
    });
    return worker;
  }

  private hear(message: FromErrands): void {
    const waiting = this.waiting.get(message.id);
    if (message.kind === 'progress') {
      waiting?.onProgress(message.done, message.total);
      return;
    }
    this.waiting.delete(message.id);
    if (message.kind === 'done') waiting?.resolve(message.result);
    else if (message.problem === null) waiting?.reject(new Refused(message.message));
    else waiting?.reject(new StoreError(message.problem, message.message));
  }

  private failAll(error: Error): void {
    this.worker = null;
    for (const { reject } of this.waiting.values()) reject(error);
    this.waiting.clear();
  }

  /** Leaves what is under way: what it writes is there whole or not at all. */
  async close(): Promise<void> {
    const { worker } = this;
    this.failAll(new Refused('The lab is being closed.'));
    await worker?.terminate();
  }
}
