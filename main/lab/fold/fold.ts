// What the lab knows at a moment, made from the events before it and from nothing else: who runs
// and who sleeps on what, who holds and who waits for what, which works wait or run, the last word
// about every port, link, bond and module, and what terminals and detectors have come to. The parts
// are scheduling.ts, graph.ts, panel.ts and told.ts.

import { kindTable } from '#trace/kinds.ts';
import type { Piece } from '../record/piece.ts';
import type { Apply, FoldedEvent } from './event.ts';
import { graphApplies } from './graph.ts';
import type { FoldedDeadlock, FoldedHold, FoldedResource, FoldedWait } from './graph.ts';
import { panelApplies } from './panel.ts';
import type { ByPlace } from './panel.ts';
import { schedulingApplies } from './scheduling.ts';
import type { FoldedTask, FoldedWork } from './scheduling.ts';
import { toldApplies } from './told.ts';
import type { FoldedTerminal, FoldedWarning } from './told.ts';

/** The state after a number of events. Values in the maps and lists are never changed in place. */
export class Fold {
  /** Events that it is made of. */
  seq = 0;
  timeNs = 0;
  /** Task that ran last; 0 before the first. */
  running = 0;
  readonly tasks = new Map<number, FoldedTask>();
  /** Names of every task that there ever was. */
  readonly names = new Map<number, number>();
  readonly works = new Map<number, FoldedWork>();
  readonly modules = new Set<number>();
  /** Drivers by device. */
  readonly drivers = new Map<number, number>();
  readonly resources = new Map<number, FoldedResource>();
  /** Works that have held something or waited. */
  readonly workActors = new Set<number>();
  /** By resource; one that nobody holds is not there. */
  readonly holds = new Map<number, readonly FoldedHold[]>();
  readonly waits = new Map<number, readonly FoldedWait[]>();
  /** Counts of references. */
  readonly references = new Map<number, number>();
  deadlocks: readonly FoldedDeadlock[] = [];
  /** Last values by kind and object. */
  readonly notes = new Map<number, Map<number, number>>();
  /** Ports by cable and end. */
  readonly cableEnds = new Map<number, ByPlace>();
  /** How many are armed, by name and cable. */
  readonly faults = new Map<number, ByPlace>();
  /** When a packet last passed, by port. */
  readonly traffic = new Map<number, number>();
  /** Events by which card and driver parted, by what they differ in. */
  readonly parted = new Map<number, number>();
  readonly terminals = new Map<number, FoldedTerminal>();
  /** Numbers of events: findings and oopses, reports of the kernel. */
  findings: readonly number[] = [];
  reports: readonly number[] = [];
  warnings: readonly FoldedWarning[] = [];
  hungLooksNs: readonly number[] = [];

  /** A copy that goes its own way. */
  copy(): Fold {
    const fold = new Fold();
    for (const name of scalars) Object.assign(fold, { [name]: this[name] });
    for (const name of maps) copyMap<unknown>(this[name], fold[name]);
    for (const name of this.modules) fold.modules.add(name);
    for (const name of this.workActors) fold.workActors.add(name);
    for (const [kind, values] of this.notes) fold.notes.set(kind, new Map(values));
    return fold;
  }

  /** Takes some records in a row in; they must be the next ones. */
  apply({ from, count, f64, u32, u16, u8 }: Piece): void {
    if (from !== this.seq) throw new RangeError(`event ${from} after ${this.seq} events`);
    const { timeNs } = this;
    const event: FoldedEvent = { timeNs, kind: 0, task: 0, object: 0, value: 0, place: 0 };
    for (let at = 0; at < count; at++) {
      const kind = u8[at * 24 + 22]!;
      event.timeNs = f64[at * 3]!;
      const change = changes[kind];
      if (change !== undefined) {
        event.kind = kind;
        event.task = u16[at * 12 + 10]!;
        event.object = u32[at * 6 + 2]!;
        event.value = u32[at * 6 + 3]!;
        event.place = u32[at * 6 + 4]!;
        change(this, event);
      }
      this.seq++;
    }
    this.timeNs = event.timeNs;
  }
}

/** Members that copy() takes over as they are … */
const scalars = [
  'seq',
  'timeNs',
  'running',
  'deadlocks',
  'findings',
  'reports',
  'warnings',
  'hungLooksNs',
] as const;

/** … and maps that it copies. */
const maps = [
  'tasks',
  'names',
  'works',
  'drivers',
  'resources',
  'holds',
  'waits',
  'references',
  'cableEnds',
  'faults',
  'traffic',
  'parted',
  'terminals',
] as const;

function copyMap<T>(from: ReadonlyMap<number, T>, to: Map<number, T>): void {
  for (const [key, value] of from) to.set(key, value);
}

const all = { ...schedulingApplies, ...graphApplies, ...panelApplies, ...toldApplies };

/** By kind; a kind that changes nothing has none. */
const changes: readonly (Apply | undefined)[] = kindTable.map(({ name }) => all[name]);
