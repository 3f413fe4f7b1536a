// What windows are shown of the run on the bench, made from its trace: moments, lists, lanes. It is
// made as far as somebody asks; a recording is read to its end before it comes to the bench.

import { Lists } from '#lab/lists/lists.ts';
import type { MachineFacts } from '#lab/moment/facts.ts';
import { Moments } from '#lab/moment/moment.ts';
import { Timeline } from '#lab/timeline/timeline.ts';
import type { Trace } from '#trace/trace.ts';
import { inSlices } from './slices.ts';

/** Events between two looks at the clock. */
const lookEvents = 4096;

/** What is read: a run, and what its machine is made of. */
interface Readable {
  readonly trace: Trace;
  readonly facts: MachineFacts;
}

export class Reading {
  readonly trace: Trace;
  readonly moments: Moments;
  readonly lists: Lists;
  readonly timeline: Timeline;

  constructor({ trace, facts }: Readable) {
    this.trace = trace;
    this.moments = new Moments(trace, facts);
    this.lists = new Lists(trace);
    this.timeline = new Timeline(trace, 'time', 0);
  }

  /** Reads to the end of what the trace has now; told of events that were read. */
  async toEnd(onProgress: (done: number, total: number) => void): Promise<void> {
    const { moments, timeline, trace } = this;
    const total = trace.count;
    let done = 0;
    const step = (): boolean => {
      done = Math.min(total, done + lookEvents);
      moments.readTo(done);
      timeline.extend(done);
      return done < total;
    };
    await inSlices(step, () => {
      onProgress(done, total);
    });
  }
}
