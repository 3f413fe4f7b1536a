// The tree under /sys and /proc (fs/kernfs/, fs/proc/generic.c; facts/driver 1.9, 9.8). A read or
// write in progress holds an ACTIVE reference on its file; removing the file waits until those are
// back. That wait is a resource of the wait graph. One node class serves both file systems.
// Left out: inodes, poll, mmap, binary files, permissions beyond those of root.

import { Resource } from '#detect/graph.ts';
import { preempt } from '#sim/task.ts';
import type { Atomic, MaySleep } from '#sim/task.ts';
import { K } from '#trace/kinds.ts';
import { EEXIST } from '../errno.ts';
import type { Kernel } from '../kernel.ts';
import { currentActor, schedule } from '../sched.ts';
import { WaitQueue, wakeAll } from '../wait.ts';

export type KernfsKind = 'directory' | 'file' | 'link';

/**
 * What a file does. Texts keep their newlines; numbers are negative errors (write: or the count).
 */
export interface KernfsOps {
  seq_show?(): MaySleep<string | number>;
  write?(text: string): MaySleep<number>;
}

/** Entries that are made when somebody looks, as /proc/PID. */
export interface DynamicEntries {
  lookup(name: string): KernfsNode | undefined;
  list(): KernfsNode[];
}

/** Active references of one file. */
class ActiveReferences {
  count = 0;
  readonly resource: Resource;
  readonly object: number;
  readonly drained: WaitQueue;

  constructor(k: Kernel, name: string) {
    this.resource = new Resource(name, 'activeReference');
    this.object = k.trace.intern(name);
    this.drained = new WaitQueue(k, name);
  }
}

export interface KernfsOptions {
  readonly kind: KernfsKind;
  readonly mode: number;
  readonly ops?: KernfsOps;
  readonly target?: KernfsNode;
  readonly dynamic?: DynamicEntries;
}

export class KernfsNode {
  readonly k: Kernel;
  name: string;
  parent: KernfsNode | null;
  readonly kind: KernfsKind;
  readonly mode: number;
  readonly ops: KernfsOps;
  /** Where a link points to. */
  readonly target: KernfsNode | null;
  readonly children = new Map<string, KernfsNode>();
  readonly dynamic: DynamicEntries | null;
  /** No new active references: the node is being removed, or is gone. */
  deactivated = false;
  /** Somebody removes the file from inside its own store. */
  suicidal = false;
  private activeNow: ActiveReferences | null = null;

  constructor(k: Kernel, name: string, parent: KernfsNode | null, options: KernfsOptions) {
    this.k = k;
    this.name = name;
    this.parent = parent;
    this.kind = options.kind;
    this.mode = options.mode;
    this.ops = options.ops ?? {};
    this.target = options.target ?? null;
    this.dynamic = options.dynamic ?? null;
  }

  /** Path from the root, for example `/sys/bus/pci`. */
  get path(): string {
    if (this.parent === null) return '/';
    const above = this.parent.path;
    return above === '/' ? `/${this.name}` : `${above}/${this.name}`;
  }

  /** Active references; made at the first use, as most files are never opened. */
  get active(): ActiveReferences {
    this.activeNow ??= new ActiveReferences(this.k, `kn->active(${this.name})`);
    return this.activeNow;
  }

  get activeCount(): number {
    return this.activeNow?.count ?? 0;
  }

  /** True below /proc. */
  get isProc(): boolean {
    const { parent } = this;
    return parent?.parent ? parent.isProc : this.name === 'proc';
  }

  child(name: string): KernfsNode | undefined {
    return this.children.get(name) ?? this.dynamic?.lookup(name);
  }
}

/** Adds a node; -EEXIST when the name is taken. */
function kernfs_add_one(
  parent: KernfsNode,
  name: string,
  options: KernfsOptions,
): KernfsNode | number {
  if (parent.children.has(name)) return -EEXIST;
  const node = new KernfsNode(parent.k, name, parent, options);
  parent.children.set(name, node);
  return node;
}

export const kernfs_create_dir = (
  parent: KernfsNode,
  name: string,
  dynamic?: DynamicEntries,
): KernfsNode | number =>
  kernfs_add_one(parent, name, {
    kind: 'directory',
    mode: 0o755,
    ...(dynamic === undefined ? {} : { dynamic }),
  });

export const kernfs_create_file = (
  parent: KernfsNode,
  name: string,
  mode: number,
  ops: KernfsOps,
): KernfsNode | number => kernfs_add_one(parent, name, { kind: 'file', mode, ops });

export const kernfs_create_link = (
  parent: KernfsNode,
  name: string,
  target: KernfsNode,
): KernfsNode | number => kernfs_add_one(parent, name, { kind: 'link', mode: 0o777, target });

/** Moves a node to another name in its directory; -EEXIST when that is taken. */
export function kernfs_rename(node: KernfsNode, name: string): number {
  const siblings = node.parent?.children;
  if (siblings === undefined || siblings.has(name)) return -EEXIST;
  siblings.delete(node.name);
  node.name = name;
  siblings.set(name, node);
  return 0;
}

/** Takes an active reference; false when the node is being removed. */
export function* kernfs_get_active(node: KernfsNode): Atomic<boolean> {
  const { active, k } = node;
  if (k.sim.point(K['ref.hold'], active.object, active.count + 1)) yield preempt;
  if (node.deactivated) return false;
  active.count++;
  k.graph.hold(active.resource, currentActor(k), 'read or write in progress');
  return true;
}

export function* kernfs_put_active(node: KernfsNode): Atomic<void> {
  const { active, k } = node;
  if (k.sim.point(K['ref.put'], active.object, active.count - 1)) yield preempt;
  active.count--;
  k.graph.release(active.resource, currentActor(k));
  if (node.deactivated && active.count === 0) wakeAll(active.drained);
}

/** Waits until nobody reads or writes the file any more. Inlined into __kernfs_remove in stacks. */
function* drainFile(node: KernfsNode): MaySleep<void> {
  if (node.activeCount === 0) return;
  const { k, active } = node;
  const task = k.sim.current;
  const actor = currentActor(k);
  k.trace.emit(K['ref.wait'], active.object, active.count);
  k.graph.wait(actor, active.resource);
  while (active.count > 0) {
    active.drained.sleepers.push(task);
    yield* schedule(k, 'D', active.resource.name, active.object);
  }
  k.graph.endWait(actor, active.resource);
}

function subtree(node: KernfsNode): KernfsNode[] {
  return [...[...node.children.values()].flatMap((child) => subtree(child)), node];
}

const isLinked = (node: KernfsNode): boolean => node.parent?.children.get(node.name) === node;

/**
 * Removes a node and all below it: first nobody can get in, then those inside must leave. Who finds
 * another at it waits as well.
 */
export function* __kernfs_remove(node: KernfsNode): MaySleep<void> {
  if (!isLinked(node)) return;
  const doomed = subtree(node);
  for (const each of doomed) each.deactivated = true;
  for (const each of doomed) {
    yield* drainFile(each);
    if (isLinked(each)) each.parent?.children.delete(each.name);
    if (each.suicidal) wakeAll(each.active.drained);
  }
}

export function* kernfs_remove(node: KernfsNode): MaySleep<void> {
  yield* __kernfs_remove(node);
}

/** Removes a child by name; a name that is not there is no error here. */
export function* kernfs_remove_by_name_ns(parent: KernfsNode, name: string): MaySleep<void> {
  const node = parent.children.get(name);
  if (node !== undefined) yield* __kernfs_remove(node);
}

/**
 * Removes the file from inside its own store: the caller's active reference does not count. False
 * when somebody else is removing it already.
 */
export function* kernfs_remove_self(node: KernfsNode): MaySleep<boolean> {
  const first = !node.suicidal;
  node.suicidal = true;
  yield* kernfs_put_active(node);
  if (first) yield* __kernfs_remove(node);
  else yield* waitUntilGone(node);
  // The caller gives its reference back when its store returns.
  node.active.count++;
  node.k.graph.hold(node.active.resource, currentActor(node.k), 'removes itself');
  return first;
}

/** Another removes the file from inside its store: whoever came second waits for that. */
function* waitUntilGone(node: KernfsNode): MaySleep<void> {
  const { k, active } = node;
  while (isLinked(node)) {
    active.drained.sleepers.push(k.sim.current);
    yield* schedule(k, 'D', active.resource.name, active.object);
  }
}
