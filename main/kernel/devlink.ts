// devlink (net/devlink/leftover.c in 6.1, net/devlink/ in 6.12; facts/driver 6.4, 6.8, 9.13): an
// instance per card with a lock, ports with types, parameters. The user's commands are in
// devlink-netlink.ts. In 6.1 devlink_unregister() waits for commands in progress; in 6.12 they find
// the instance gone. Left out: regions (crdump is refused), health reporters, traps, rates, the
// one-hour type warning.

import { preempt } from '#sim/task.ts';
import type { Atomic, MaySleep } from '#sim/task.ts';
import { K } from '#trace/kinds.ts';
import type { Device } from './base/device.ts';
import { EEXIST } from './errno.ts';
import type { Kernel } from './kernel.ts';
import { complete, init_completion, wait_for_completion } from './locking/completion.ts';
import type { Completion } from './locking/completion.ts';
import { mutex_init, mutex_lock, mutex_unlock } from './locking/mutex.ts';
import type { Mutex } from './locking/mutex.ts';
import { Reference } from './reference.ts';
import { call_rcu } from './rcu.ts';
import { currentActor } from './sched.ts';
import { warn_on } from './warn.ts';

export const DEVLINK_PORT_TYPE_NOTSET = 0;
export const DEVLINK_PORT_TYPE_AUTO = 1;
export const DEVLINK_PORT_TYPE_ETH = 2;
export const DEVLINK_PORT_TYPE_IB = 3;

/** What a driver lets users do. */
export interface DevlinkOps {
  port_type_set?(port: DevlinkPort, type: number): MaySleep<number>;
  /** Takes the card down; `netnsChange` when the user asked for another namespace. */
  reload_down?(devlink: Devlink, netnsChange: boolean): MaySleep<number>;
  reload_up?(devlink: Devlink): MaySleep<number>;
  /** Lines of `devlink dev info`. */
  info_get?(devlink: Devlink): MaySleep<Record<string, string> | number>;
}

/** When a parameter's value takes effect. */
export type DevlinkParamMode = 'runtime' | 'driverinit';

/**
 * A parameter in one configuration mode; one that has both modes is two rows. Values are texts as
 * `devlink` prints them.
 */
export interface DevlinkParam {
  readonly name: string;
  readonly cmode: DevlinkParamMode;
  /** Defined by devlink itself, or by the driver. */
  readonly generic: boolean;
  readonly type: 'bool' | 'u32';
  get(): MaySleep<string>;
  /** 0 or a negative error. */
  set(value: string): MaySleep<number>;
}

export class DevlinkPort {
  devlink: Devlink | null = null;
  /** As in `pci/0000:06:00.0/1`. */
  index = 0;
  type = DEVLINK_PORT_TYPE_NOTSET;
  desiredType = DEVLINK_PORT_TYPE_NOTSET;
  /** Name of the netdev or RDMA device behind it; empty without one. */
  deviceName: () => string = () => '';
}

export class Devlink {
  readonly k: Kernel;
  readonly dev: Device;
  readonly ops: DevlinkOps;
  /** `pci/0000:06:00.0`. */
  readonly handle: string;
  /** devl_lock(). */
  readonly lock: Mutex;
  readonly ports: DevlinkPort[] = [];
  params: readonly DevlinkParam[] = [];
  registered = false;
  /** NL_SET_ERR_MSG(): what the command in progress tells its user beside the error number. */
  extack = '';
  /** Commands in progress, and one while registered (6.1). */
  readonly references: Reference;
  /** Completed a grace period after the last reference was given back. */
  readonly comp: Completion;
  freed = false;
  /** What the driver keeps here. */
  priv: unknown = null;

  constructor(k: Kernel, ops: DevlinkOps, dev: Device) {
    this.k = k;
    this.ops = ops;
    this.dev = dev;
    this.handle = `${dev.bus?.name ?? 'pci'}/${dev.name}`;
    this.lock = mutex_init(k, `devlink->lock(${this.handle})`);
    this.references = new Reference(k, `devlink ${this.handle}`);
    this.comp = init_completion(k, `devlink->comp(${this.handle})`);
  }
}

/** Instances of one machine, whether registered or not. */
export class Devlinks {
  readonly k: Kernel;
  readonly list: Devlink[] = [];

  constructor(k: Kernel) {
    this.k = k;
  }

  /** The registered instance with a handle such as `pci/0000:06:00.0`. */
  find(handle: string): Devlink | undefined {
    return this.list.find((devlink) => devlink.registered && devlink.handle === handle);
  }
}

/** A new instance, not yet visible to users. */
export function devlink_alloc(k: Kernel, ops: DevlinkOps, dev: Device): Devlink {
  const devlink = new Devlink(k, ops, dev);
  k.devlinks.list.push(devlink);
  return devlink;
}

export function* devl_lock(devlink: Devlink): MaySleep<void> {
  yield* mutex_lock(devlink.lock);
}

export function* devl_unlock(devlink: Devlink): Atomic<void> {
  yield* mutex_unlock(devlink.lock);
}

/** lockdep's check that the caller holds the instance lock. */
export function devl_assert_locked(devlink: Devlink): void {
  if (devlink.lock.owner === devlink.k.sim.current) return;
  warn_on(devlink.k, 'net/devlink/core.c', 'devl_assert_locked');
}

/** Lets users see the instance. */
export function* devlink_register(devlink: Devlink): MaySleep<void> {
  const { sim, trace, is612 } = devlink.k;
  if (is612) yield* devl_lock(devlink);
  if (sim.point(K['cell.write'], trace.intern(`devlink ${devlink.handle}`))) yield preempt;
  devlink.registered = true;
  if (is612) yield* devl_unlock(devlink);
}

/** Takes a reference for a command. False when the instance is going (6.1). */
export function* devlink_try_get(devlink: Devlink): Atomic<boolean> {
  if (devlink.references.count <= 0) return false;
  yield* devlink.references.grab(currentActor(devlink.k), 'command in progress');
  return true;
}

export function* devlink_put(devlink: Devlink, isCommand = true): Atomic<void> {
  const actor = isCommand ? currentActor(devlink.k) : null;
  if ((yield* devlink.references.put(actor)) !== 0) return;
  yield* call_rcu(devlink.k, function* __devlink_put_rcu() {
    yield* complete(devlink.comp);
  });
}

/** Hides the instance; in 6.1 waits until no command uses it. */
export function* devlink_unregister(devlink: Devlink): MaySleep<void> {
  const { k, references } = devlink;
  if (k.is612) {
    yield* devl_lock(devlink);
    devlink.registered = false;
    yield* devl_unlock(devlink);
    return;
  }
  devlink.registered = false;
  yield* devlink_put(devlink, false);
  const actor = currentActor(k);
  k.graph.wait(actor, references.resource);
  yield* wait_for_completion(devlink.comp);
  k.graph.endWait(actor, references.resource);
}

/** The end of an instance; warns when the driver has left ports behind (facts 6.8). */
export function* devlink_free(devlink: Devlink): MaySleep<void> {
  const { k } = devlink;
  if (k.sim.point(K['cell.write'], k.trace.intern(`devlink ${devlink.handle}`))) yield preempt;
  if (devlink.ports.length > 0) {
    warn_on(k, k.is612 ? 'net/devlink/core.c' : 'net/devlink/leftover.c:9801', 'devlink_free');
  }
  devlink.freed = true;
  if (k.is612) yield* devlink_put(devlink, false);
  const { list } = k.devlinks;
  list.splice(list.indexOf(devlink), 1);
}

/** Adds a port; the caller holds the lock. 0, or -EEXIST when the index is taken. */
export function devl_port_register(devlink: Devlink, port: DevlinkPort, index: number): number {
  devl_assert_locked(devlink);
  if (devlink.ports.some((other) => other.index === index)) return -EEXIST;
  port.devlink = devlink;
  port.index = index;
  devlink.ports.push(port);
  return 0;
}

/** Removes a port; the caller holds the lock. */
export function devl_port_unregister(port: DevlinkPort): void {
  const { devlink } = port;
  if (devlink === null) return;
  devl_assert_locked(devlink);
  devlink.ports.splice(devlink.ports.indexOf(port), 1);
  port.devlink = null;
}

/** The port is Ethernet; `deviceName` gives its netdev's present name. */
export function devlink_port_type_eth_set(
  port: DevlinkPort,
  deviceName: () => string = () => '',
): void {
  port.type = DEVLINK_PORT_TYPE_ETH;
  port.deviceName = deviceName;
}

/** The port is InfiniBand; `deviceName` gives its RDMA device's name. */
export function devlink_port_type_ib_set(
  port: DevlinkPort,
  deviceName: () => string = () => '',
): void {
  port.type = DEVLINK_PORT_TYPE_IB;
  port.deviceName = deviceName;
}

export function devlink_port_type_clear(port: DevlinkPort): void {
  port.type = DEVLINK_PORT_TYPE_NOTSET;
  port.deviceName = () => '';
}

/** Adds parameters. Always 0 here. */
export function devlink_params_register(devlink: Devlink, params: readonly DevlinkParam[]): number {
  devlink.params = [...devlink.params, ...params];
  return 0;
}

export function devlink_params_unregister(devlink: Devlink, params: readonly DevlinkParam[]): void {
  devlink.params = devlink.params.filter((each) => !params.includes(each));
}
