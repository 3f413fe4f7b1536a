// The lanes of locks and references: who holds, who wants it meanwhile, how many references there
// are. And which waits cannot end: those of a cycle that has closed, and those for something that
// one of its members (or of those behind them) holds.
//
// Holders are known as in lab/fold/graph.ts: locks tell of their holds by *.acquired and of the end
// by hold.end (spinlocks by spin.unlock), everything else by hold.begin and hold.end. Actors,
// tasks and works alike, are numbers of texts.

import type { Trace } from '#trace/trace.ts';
import type { LaneEvent, Take, Takes } from './event.ts';
import type { Labels } from './labels.ts';
import type { LaneKind, Lanes, LaneTrack } from './lanes.ts';
import { spanStyle } from './styles.ts';
import { Stuck } from './stuck.ts';
import type { WaitWords } from './tasks.ts';

/** Kinds of resource that have a lane here. */
const laneKinds: ReadonlySet<string> = new Set<LaneKind>([
  'mutex',
  'rwsem',
  'semaphore',
  'spinlock',
  'reference',
  'activeReference',
]);

/** Something that can be held and waited for. */
export interface Resource {
  /** Its number in the trace; a rename changes it. */
  handle: number;
  kind: string;
  lane: LaneTrack | undefined;
  /** Actors; one that holds it twice is there twice. */
  readonly holders: number[];
  /** Holders to whom it was handed over and who have not run since. */
  readonly handed: number[];
  readonly waiters: number[];
  /** References, once one was counted. */
  count: number | undefined;
}

/** What the graph must know of the tasks. */
export interface TasksOf {
  nameOf(task: number): number;
  laneOf(name: number): number;
  waitChanged(actor: number, event: LaneEvent): void;
}

/** Draws locks and references. */
export class GraphLanes {
  readonly takes: Takes;
  private readonly trace: Trace;
  private readonly labels: Labels;
  private readonly lanes: Lanes;
  private readonly resources = new Map<number, Resource>();
  /** What an actor waits for, the last one last. */
  private readonly waits = new Map<number, Resource[]>();
  private readonly waitedFor = new Set<Resource>();
  private readonly stuck = new Stuck();
  private tasks: TasksOf | undefined;

  constructor(trace: Trace, labels: Labels, lanes: Lanes) {
    this.trace = trace;
    this.labels = labels;
    this.lanes = lanes;
    this.takes = this.table();
  }

  /** The two draw each other's words. */
  meet(tasks: TasksOf): void {
    this.tasks = tasks;
  }

  private table(): Takes {
    const acquired =
      (kind: string): Take =>
      (event) =>
        this.acquired(kind, event);
    return {
      'mutex.acquired': acquired('mutex'),
      'rwsem.acquired': acquired('rwsem'),
      'sem.acquired': acquired('semaphore'),
      'spin.acquired': acquired('spinlock'),
      'spin.unlock': (event) => this.ends(event.object, this.doer(event), event),
      resource: (event) => this.told(event),
      'hold.begin': (event) => this.begins(this.known(event), event.value, event),
      'hold.handed': (event) => {
        const resource = this.known(event);
        resource.handed.push(event.value);
        this.begins(resource, event.value, event);
      },
      'hold.end': (event) => this.ends(event.object, event.value, event),
      // A work that is executed holds its queue.
      'work.start': (event) => {
        const { value, object } = event;
        this.begins(this.known(event, 'workqueue', value), object, event);
      },
      'work.end': (event) => this.ends(event.value, event.object, event),
      'wait.begin': (event) => this.waitBegins(event),
      'wait.end': (event) => this.waitEnds(event),
      'ref.hold': (event) => this.counts(event, 1),
      'ref.put': (event) => this.counts(event, -1),
      'ref.rename': (event) => this.renamed(event),
      deadlock: ({ object }) => this.stuck.opens(object),
      'deadlock.wait': ({ value }) => this.stuck.names(value),
      'deadlock.hold': (event) => {
        this.stuck.names(event.value);
        this.isNews(this.stuck.findAnew(this.waitedFor), event);
      },
      'deadlock.end': (event) => {
        this.stuck.ends(event.object);
        this.isNews(this.stuck.findAnew(this.waitedFor), event);
      },
    };
  }

  private doer = ({ task }: LaneEvent): number => this.tasks!.nameOf(task);

  /** The resource of an event; before anything is told of it, it can only be a count. */
  private known(event: LaneEvent, kind = 'reference', handle = event.object): Resource {
    const known = this.resources.get(handle);
    if (known !== undefined) return known;
    const rest = { holders: [], handed: [], waiters: [], count: undefined };
    const lane = laneKinds.has(kind) ? this.newLane(kind as LaneKind, handle, event) : undefined;
    const resource: Resource = { handle, kind, lane, ...rest };
    this.resources.set(handle, resource);
    return resource;
  }

  private newLane(kind: LaneKind, handle: number, { seq }: LaneEvent): LaneTrack {
    const lane = this.lanes.add(kind, this.trace.text(handle), seq);
    const isCount = kind === 'reference' || kind === 'activeReference';
    lane.addRow(isCount ? spanStyle.count : spanStyle.hold);
    lane.addRow(spanStyle.wanted, spanStyle.wantedStuck);
    return lane;
  }

  /** resource: what it is. A lane that stood for something unknown says so now. */
  private told(event: LaneEvent): void {
    const kind = this.trace.text(event.value);
    const known = this.known(event, kind);
    known.kind = kind;
    if (known.lane !== undefined && laneKinds.has(kind)) known.lane.kind = kind as LaneKind;
  }

  private acquired(kind: string, event: LaneEvent): void {
    const resource = this.known(event, kind);
    const actor = this.doer(event);
    const at = resource.handed.indexOf(actor);
    if (at >= 0) resource.handed.splice(at, 1);
    else this.begins(resource, actor, event);
  }

  private begins(resource: Resource, actor: number, event: LaneEvent): void {
    resource.holders.push(actor);
    this.drawHolds(resource, event);
    if (this.stuck.any && resource.waiters.length > 0) this.spread(resource, event);
  }

  /** The actor's own hold; of a spinlock that somebody else frees, whoever has it. */
  private ends(handle: number, actor: number, event: LaneEvent): void {
    const resource = this.resources.get(handle);
    if (resource === undefined || resource.holders.length === 0) return;
    const own = resource.holders.lastIndexOf(actor);
    if (own < 0 && resource.kind !== 'spinlock') return;
    resource.holders.splice(Math.max(0, own), 1);
    this.drawHolds(resource, event);
  }

  private drawHolds({ lane, holders }: Resource, { timeNs, seq }: LaneEvent): void {
    const row = lane?.rows[0];
    if (row === undefined || row.styles[0] !== spanStyle.hold) return;
    const [first] = holders;
    if (first === undefined) return row.close(timeNs);
    const others = holders.length - 1;
    const label =
      others === 0 ? first : this.labels.of(`${this.trace.text(first)} and ${others} more`);
    row.change(timeNs, 0, label, this.tasks!.laneOf(first), seq);
  }

  private drawWaiters({ lane, waiters }: Resource, { timeNs, seq }: LaneEvent): void {
    const row = lane?.rows[1];
    if (row === undefined) return;
    const [first] = waiters;
    if (first === undefined) return row.close(timeNs);
    const slot = waiters.some((actor) => this.stuck.has(actor)) ? 1 : 0;
    row.change(timeNs, slot, first, waiters.length, seq);
  }

  private waitBegins(event: LaneEvent): void {
    const actor = event.value;
    const resource = this.known(event);
    resource.waiters.push(actor);
    this.waitedFor.add(resource);
    const waits = this.waits.get(actor);
    if (waits === undefined) this.waits.set(actor, [resource]);
    else waits.push(resource);
    if (this.stuck.any) this.spread(resource, event);
    this.drawWaiters(resource, event);
    this.tasks!.waitChanged(actor, event);
  }

  private waitEnds(event: LaneEvent): void {
    const actor = event.value;
    const resource = this.known(event);
    const at = resource.waiters.indexOf(actor);
    if (at >= 0) resource.waiters.splice(at, 1);
    if (resource.waiters.length === 0) this.waitedFor.delete(resource);
    const waits = this.waits.get(actor) ?? [];
    const last = waits.lastIndexOf(resource);
    if (last >= 0) waits.splice(last, 1);
    if (waits.length === 0) this.waits.delete(actor);
    this.drawWaiters(resource, event);
    this.tasks!.waitChanged(actor, event);
  }

  /** Whoever waits for this may have become stuck. */
  private spread(resource: Resource, event: LaneEvent): void {
    if (!this.stuck.holdsUp(resource)) return;
    for (const waiter of resource.waiters) {
      if (!this.stuck.has(waiter)) this.isNews(this.stuck.add(waiter, this.waitedFor), event);
    }
  }

  /** Says in their lanes of whom it is news that they are stuck, or that they are no longer. */
  private isNews(actors: readonly number[], event: LaneEvent): void {
    for (const actor of actors) {
      this.tasks!.waitChanged(actor, event);
      for (const resource of this.waits.get(actor) ?? []) this.drawWaiters(resource, event);
    }
  }

  /** The values are of the moment before the doer went on: only the first is taken as it is. */
  private counts(event: LaneEvent, change: 1 | -1): void {
    const resource = this.known(event);
    const { count, lane } = resource;
    resource.count = count === undefined ? event.value : count + change;
    const row = lane?.rows[0];
    if (row?.styles[0] !== spanStyle.count) return;
    row.change(event.timeNs, 0, 0, Math.max(0, resource.count), event.seq);
  }

  /** The lane goes with the name, unless the new name has one already. */
  private renamed({ object, value }: LaneEvent): void {
    const resource = this.resources.get(object);
    if (resource === undefined) return;
    this.resources.delete(object);
    const other = this.resources.get(value);
    const lane = other?.lane ?? resource.lane;
    if (lane !== undefined) lane.name = this.trace.text(value);
    resource.handle = value;
    resource.lane = lane;
    this.resources.set(value, resource);
  }

  /** What an actor waits for, as its lane says it. */
  of(actor: number): WaitWords | undefined {
    const resource = this.waits.get(actor)?.at(-1);
    return resource === undefined ? undefined : this.words(resource, this.stuck.has(actor));
  }

  /** As of(), of a lock by its number. */
  on(handle: number): WaitWords {
    const resource = this.resources.get(handle);
    if (resource !== undefined) return this.words(resource, false);
    return { label: handle, value: 0, stuck: false };
  }

  private words({ handle, lane }: Resource, stuck: boolean): WaitWords {
    return { label: handle, value: lane === undefined ? 0 : lane.id + 1, stuck };
  }
}
