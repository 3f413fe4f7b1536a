// What is in the picture of the waits: kinds, ids, names and letters of things. A thing's id is its
// kind and its name, so it is the same at every moment of a run.

import type { ResourceKind } from '#detect/graph.ts';
import type { Trace } from '#trace/trace.ts';
import type { Fold } from '../fold/fold.ts';
import { resourceKind, resourceName } from '../fold/naming.ts';
import { unnumbered } from './trace-index.ts';
import type { TraceIndex } from './trace-index.ts';

/** Kinds of thing, each with a shape of its own. */
export type ThingKind =
  'task' | 'lock' | 'reference' | 'work' | 'queue' | 'flush' | 'completion' | 'notifier' | 'cpu';

/** How it stands: of a task, a lock, a work. Others are `held` or `free`. */
export type ThingState =
  'running' | 'canRun' | 'waits' | 'sleeps' | 'ended' | 'free' | 'held' | 'queued' | 'executed';

/** A node of the picture. */
export interface Thing {
  /** `task:sh`. */
  readonly id: string;
  readonly kind: ThingKind;
  /** As the trace has it: the same in every run. */
  readonly name: string;
  /** What the window calls it, everywhere: `kworker/u8:0`, `sh:23`, `W31`, `eth0`, `intf_mutex`. */
  readonly shown: string;
  /** A, W3, IM; empty for what shows a count or a shape. */
  readonly letter: string;
  readonly state: ThingState;
  /** The second line. */
  readonly detail: string;
  /** Since when it is in this state. */
  readonly sinceNs: number;
  /** The letter of a task's state in `ps`. */
  readonly ps?: string;
  /** References: how many there are, and how few the waiter needs. */
  readonly count?: number;
  readonly needs?: number;
  /** Works: the queue that it waits in, or was taken from while it runs. */
  readonly queue?: string;
  /** Queues: works that wait in it, and those among them that are not drawn. */
  readonly queued?: number;
  readonly folded?: number;
  /** It is in the picture at every moment, also when nobody has it. */
  readonly lasts?: boolean;
}

const kinds: Readonly<Record<ResourceKind, ThingKind>> = {
  mutex: 'lock',
  rwsem: 'lock',
  semaphore: 'lock',
  spinlock: 'lock',
  reference: 'reference',
  activeReference: 'reference',
  workqueue: 'queue',
  flush: 'flush',
  completion: 'completion',
  notifier: 'notifier',
  cpu: 'cpu',
};

/** `mlx4_en_bond_work` of `mlx4_en_bond_work#25 CHANGEUPPER(eth0)`. */
const workFunction = (name: string): string => name.replace(/[#(\s].*$/, '');

/** Names things of one moment. */
export class Naming {
  readonly trace: Trace;
  readonly fold: Fold;
  readonly index: TraceIndex;

  constructor(trace: Trace, fold: Fold, index: TraceIndex) {
    this.trace = trace;
    this.fold = fold;
    this.index = index;
  }

  kindOf(handle: number): ResourceKind {
    return resourceKind(this.trace, this.fold, handle);
  }

  /** Name of a resource. */
  nameOf(handle: number): string {
    return resourceName(this.trace, this.fold, handle);
  }

  resourceId(handle: number): string {
    return `${kinds[this.kindOf(handle)]}:${this.nameOf(handle)}`;
  }

  thingKind(handle: number): ThingKind {
    return kinds[this.kindOf(handle)];
  }

  isWork(actor: number): boolean {
    return this.index.isWork(actor) || this.fold.works.has(actor);
  }

  actorId(actor: number): string {
    return `${this.isWork(actor) ? 'work' : 'task'}:${this.trace.text(actor)}`;
  }

  actorLetter(actor: number): string {
    const { index } = this;
    return this.isWork(actor) ? index.letterOfWork(actor) : index.letterOfTask(actor);
  }

  /** What the window calls a resource: `p1` for the reference `netdev p1`. */
  shownResource(handle: number): string {
    return this.nameOf(handle)
      .replace(/^netdev /, '')
      .replace(/\(card0\)$/, '');
  }

  /** What the window calls a task, and a work: by its number, or by its function. */
  shownActor(actor: number): string {
    if (!this.isWork(actor)) return this.index.shownTask(actor);
    const letter = this.index.letterOfWork(actor);
    return letter === unnumbered ? workFunction(this.trace.text(actor)) : letter;
  }

  /** A work in a sentence: `bond work W31`, `work W2`, `work bond_mii_monitor`. */
  workNoun(actor: number): string {
    const kind = /^mlx4_en_(\w+?)_work\b/.exec(this.trace.text(actor))?.[1];
    return kind === undefined || kind.includes('_') ? 'work' : `${kind} work`;
  }
}
