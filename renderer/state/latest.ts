// One question at a time, and only the newest: while one is under way, later ones replace each
// other. So a scrubbing hand never builds a queue.

import { untrack } from 'svelte';

/** Nothing for a while: what is asked meanwhile is asked once, afterwards. */
export const rest = (ms: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, ms));

/** Asks with the newest question whenever the one before is answered. */
export class Latest<Q> {
  private readonly ask: (question: Q) => Promise<void>;
  private busy = false;
  private waiting: { readonly question: Q } | null = null;

  constructor(ask: (question: Q) => Promise<void>) {
    this.ask = ask;
  }

  put(question: Q): void {
    this.waiting = { question };
    // What the question reads is no reason to ask it again.
    if (!this.busy) untrack(() => void this.run());
  }

  private async run(): Promise<void> {
    this.busy = true;
    try {
      for (let next = this.waiting; next !== null; next = this.waiting) {
        this.waiting = null;
        await this.ask(next.question);
      }
    } finally {
      this.busy = false;
    }
  }
}
