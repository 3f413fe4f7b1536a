// The lanes of workqueues: the works that are executed, side by side in as many rows as it takes,
// since when each of them had waited, and above them how many wait. A work that is queued again
// while it is executed does both.

import type { Trace } from '#trace/trace.ts';
import type { LaneEvent, Takes } from './event.ts';
import type { Lanes, LaneTrack } from './lanes.ts';
import { SideBySide } from './side-by-side.ts';
import { spanStyle } from './styles.ts';

/** A queue. */
interface Queue {
  readonly lane: LaneTrack;
  readonly works: SideBySide;
  /** Those that have begun, while they waited: nobody knows before which one has its turn. */
  readonly turns: SideBySide;
  waiting: number;
}

/** A work that waits. */
interface Waiting {
  readonly queue: Queue;
  /** When it was queued, and by which event. */
  readonly sinceNs: number;
  readonly seq: number;
}

/** Draws workqueues. */
export class QueueLanes {
  readonly takes: Takes;
  private readonly trace: Trace;
  private readonly lanes: Lanes;
  private readonly queues = new Map<number, Queue>();
  /** By work. */
  private readonly waiting = new Map<number, Waiting>();

  constructor(trace: Trace, lanes: Lanes) {
    this.trace = trace;
    this.lanes = lanes;
    this.takes = {
      'work.queue': (event) => this.queued(event),
      'work.start': (event) => this.starts(event),
      'work.end': (event) => this.ends(event),
      'work.cancel': (event) => this.leaves(event),
    };
  }

  private of(event: LaneEvent): Queue {
    const known = this.queues.get(event.value);
    if (known !== undefined) return known;
    const lane = this.lanes.add('queue', this.trace.text(event.value), event.seq);
    lane.addRow(spanStyle.queued);
    const works = new SideBySide(lane, spanStyle.work);
    const turns = new SideBySide(lane, spanStyle.turn);
    const queue: Queue = { lane, works, turns, waiting: 0 };
    this.queues.set(event.value, queue);
    return queue;
  }

  private drawWaiting({ lane, waiting }: Queue, { timeNs, seq }: LaneEvent): void {
    const row = lane.rows[0]!;
    if (waiting === 0) row.close(timeNs);
    else row.change(timeNs, 0, 0, waiting, seq);
  }

  private queued(event: LaneEvent): void {
    if (this.waiting.has(event.object)) return;
    const queue = this.of(event);
    this.waiting.set(event.object, { queue, sinceNs: event.timeNs, seq: event.seq });
    queue.waiting++;
    this.drawWaiting(queue, event);
  }

  /** It waits no longer. */
  private leaves(event: LaneEvent): Waiting | undefined {
    const waiting = this.waiting.get(event.object);
    if (waiting === undefined) return undefined;
    const { queue } = waiting;
    this.waiting.delete(event.object);
    queue.waiting--;
    this.drawWaiting(queue, event);
    return waiting;
  }

  private starts(event: LaneEvent): void {
    const waiting = this.leaves(event);
    if (waiting !== undefined && waiting.sinceNs < event.timeNs) {
      const { queue, sinceNs, seq } = waiting;
      queue.turns.past(sinceNs, event, event.object, seq);
    }
    this.of(event).works.begin(event.object, event, event.object, 0);
  }

  private ends(event: LaneEvent): void {
    this.of(event).works.end(event.object, event);
  }
}
