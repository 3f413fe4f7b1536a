// A node of a list that walkers stand on (lib/klist.c): whoever walks the list holds the node it
// looks at, and who takes the node off with klist_remove() waits until it has gone on. So a driver
// is unregistered only when no device that was just added is being probed by it.

import { Resource } from '#detect/graph.ts';
import { preempt } from '#sim/task.ts';
import type { Atomic, MaySleep } from '#sim/task.ts';
import { K } from '#trace/kinds.ts';
import type { Kernel } from '../kernel.ts';
import { currentActor, schedule } from '../sched.ts';
import { WaitQueue, wakeAll } from '../wait.ts';

export class KlistNode {
  readonly k: Kernel;
  readonly object: number;
  readonly resource: Resource;
  readonly gone: WaitQueue;
  walkers = 0;

  constructor(k: Kernel, name: string) {
    this.k = k;
    this.object = k.trace.intern(name);
    this.resource = new Resource(name, 'activeReference');
    this.gone = new WaitQueue(k, name);
  }
}

/** A walker comes to the node. */
export function* klist_hold(node: KlistNode): Atomic<void> {
  const { k } = node;
  if (k.sim.point(K['ref.hold'], node.object, node.walkers + 1)) yield preempt;
  node.walkers++;
  k.graph.hold(node.resource, currentActor(k), 'walks the list');
}

/** A walker leaves the node. */
export function* klist_release(node: KlistNode): Atomic<void> {
  const { k } = node;
  if (k.sim.point(K['ref.put'], node.object, node.walkers - 1)) yield preempt;
  node.walkers--;
  k.graph.release(node.resource, currentActor(k));
  if (node.walkers === 0) wakeAll(node.gone);
}

/** Waits until no walker is at a node, which the caller has taken off its list. */
export function* klist_remove(node: KlistNode): MaySleep<void> {
  if (node.walkers === 0) return;
  const { k } = node;
  const task = k.sim.current;
  const actor = currentActor(k);
  k.trace.emit(K['ref.wait'], node.object, node.walkers);
  k.graph.wait(actor, node.resource);
  while (node.walkers > 0) {
    node.gone.sleepers.push(task);
    yield* schedule(k, 'D', node.resource.name, node.object);
  }
  k.graph.endWait(actor, node.resource);
}
