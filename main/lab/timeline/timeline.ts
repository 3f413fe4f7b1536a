// The timeline of a run, recorded or under way: what a trace says, as lanes of spans. It is read
// once, event by event, and extended as the trace grows; tiles, flags, folds, single spans and
// finds are answered from columns of numbers.

import { kindTable } from '#trace/kinds.ts';
import type { Trace } from '#trace/trace.ts';
import { pieces } from '../record/piece.ts';
import { census } from './census.ts';
import type { Census } from './census.ts';
import type { LaneEvent, Take, Takes } from './event.ts';
import { Finder } from './find.ts';
import type { FindOptions, Found } from './find.ts';
import { GraphLanes } from './graph.ts';
import { HardwareLanes } from './hardware.ts';
import { Labels } from './labels.ts';
import { Lanes } from './lanes.ts';
import type { Lane } from './lanes.ts';
import { Marks } from './marks.ts';
import type { Mark, OwnMark } from './marks.ts';
import { around, nextSpan, spansAt } from './next.ts';
import type { LaneAround, SpanWords } from './next.ts';
import { QueueLanes } from './queues.ts';
import { Quiet } from './quiet.ts';
import type { FoldGap } from './quiet.ts';
import { stretchesOf } from './stretches.ts';
import type { Stretch } from './stretches.ts';
import { TaskTracks } from './tasks.ts';
import { makeTile } from './tiles.ts';
import type { Tile, TileQuery } from './tiles.ts';

/** What a timeline counts along its length: virtual time, or events that are all equally long. */
export type Scale = 'time' | 'events';

/** Answers everything that a timeline draws. */
export class Timeline {
  /** Events that it is made of. */
  seq = 0;
  /** Time of the last of them, ns; their number where events are counted. */
  nowNs = 0;
  private readonly scale: Scale;
  private readonly trace: Trace;
  /** What labels of spans say. */
  readonly labels: Labels;
  /** Lanes with their rows of spans. */
  readonly tracks = new Lanes();
  private readonly tasks: TaskTracks;
  private readonly marks: Marks;
  private readonly quiet = new Quiet();
  private readonly finder: Finder;
  private readonly takes: readonly (Take | undefined)[];

  /**
   * With the scale `events`, every `Ns` in what goes in and comes out is a number of events.
   * Events up to `to` are taken in at once, the others by extend().
   */
  constructor(trace: Trace, scale: Scale = 'time', to = trace.count) {
    this.trace = trace;
    this.scale = scale;
    const labels = new Labels(trace);
    this.labels = labels;
    const graph = new GraphLanes(trace, labels, this.tracks);
    this.tasks = new TaskTracks(trace, labels, this.tracks, graph);
    graph.meet(this.tasks);
    this.marks = new Marks(trace);
    this.finder = new Finder(trace, this.tracks, labels);
    const hardware = new HardwareLanes(trace, labels, this.tracks, (task, name) =>
      this.tasks.commands(task, name),
    );
    const queues = new QueueLanes(trace, this.tracks);
    // The graph comes before the tasks: a lane says what it waits for.
    const parts = [this.quiet, this.marks, graph, this.tasks, queues, hardware];
    this.takes = together(parts.map(({ takes }) => takes));
    this.extend(to);
  }

  /** Takes in what has been added to the trace, up to event `to`; true when there was something. */
  extend(to = this.trace.count): boolean {
    const { trace, takes } = this;
    const from = this.seq;
    const countsEvents = this.scale === 'events';
    const none = { task: 0, object: 0, value: 0, place: 0 };
    const event: LaneEvent = { seq: from, timeNs: this.nowNs, kind: 0, ...none };
    for (const { count, f64, u32, u16, u8 } of pieces(trace, from, Math.max(from, to))) {
      for (let at = 0; at < count; at++) {
        const kind = u8[at * 24 + 22]!;
        event.timeNs = countsEvents ? this.seq : f64[at * 3]!;
        const take = takes[kind];
        if (take !== undefined) {
          event.seq = this.seq;
          event.kind = kind;
          event.task = u16[at * 12 + 10]!;
          event.object = u32[at * 6 + 2]!;
          event.value = u32[at * 6 + 3]!;
          event.place = u32[at * 6 + 4]!;
          take(event);
        }
        this.seq++;
      }
    }
    this.nowNs = event.timeNs;
    return this.seq > from;
  }

  /** All lanes, or those from a number on. */
  lanes(from = 0): Lane[] {
    return this.tracks.all.slice(from).map(({ lane }) => lane);
  }

  /** A stretch of some lanes. Throws RangeError for one without length. */
  tile(query: TileQuery): Tile {
    return makeTile(query, this.tracks, this.tasks, this.labels, this.nowNs);
  }

  /** A whole lane as plain data. */
  stretches(lane: number): Stretch[] {
    return stretchesOf(this.tracks.get(lane), this.labels, this.nowNs);
  }

  /** Flags from one time up to another. */
  marksBetween(fromNs: number, toNs: number): readonly Mark[] {
    return this.marks.between(fromNs, toNs);
  }

  /** The flag after a moment (1) or before it (-1); null for none. */
  nextMark(seq: number, direction: 1 | -1): Mark | null {
    return this.marks.next(seq, direction);
  }

  /** What a person has marked takes its places among the flags. */
  set ownMarks(marks: readonly OwnMark[]) {
    this.marks.own = marks;
  }

  /** What can be folded between two times, in a view of this width. */
  gaps(fromNs: number, toNs: number, viewNs: number): FoldGap[] {
    return this.quiet.gaps(fromNs, toNs, viewNs, this.nowNs, this.marks);
  }

  /** The spans of a lane at a moment, row by row. */
  at(lane: number, timeNs: number): SpanWords[] {
    return spansAt(this.tracks, this.labels, lane, timeNs);
  }

  /** What a lane has at a moment, and beside it. */
  around(lane: number, timeNs: number): LaneAround {
    return around(this.tracks, this.labels, lane, timeNs);
  }

  /** The span of a lane that begins after a time (1) or before it (-1); null for none. */
  next(lane: number, timeNs: number, direction: 1 | -1): SpanWords | null {
    return nextSpan(this.tracks, this.labels, lane, timeNs, direction);
  }

  /** What happens between two times. */
  census(fromNs: number, toNs: number): Census {
    return census(this.trace, fromNs, toNs);
  }

  /** Events or spans that a query means. */
  find(text: string, options: Omit<FindOptions, 'nowNs'>): Found {
    return this.finder.find(text, { ...options, nowNs: this.nowNs });
  }

  /** Bytes of its buffers. */
  get bytes(): number {
    const rows = this.tracks.all.flatMap((lane) => lane.rows);
    const { time, from, to } = this.tasks.wakes;
    const wakes = [time, from, to].reduce((sum, { values }) => sum + values.byteLength, 0);
    return rows.reduce((sum, row) => sum + row.bytes, wakes);
  }

  /** Spans of all lanes. */
  get spans(): number {
    return this.tracks.all.flatMap(({ rows }) => rows).reduce((sum, { count }) => sum + count, 0);
  }
}

/** One function for each kind: what all parts do with it, in their order. */
function together(parts: readonly Takes[]): readonly (Take | undefined)[] {
  return kindTable.map(({ name }) => {
    const takes = parts.flatMap((part) => part[name] ?? []);
    if (takes.length < 2) return takes[0];
    return (event) => {
      for (const take of takes) take(event);
    };
  });
}
