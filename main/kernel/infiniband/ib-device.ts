// struct ib_device (ib_verbs.h, core/device.c): the device, its references, what the core keeps
// per port. A reference (ib_device_try_get) says that the device stays registered; unregistering
// waits for the last one, and every holder is named in the wait graph.
// Locks: event_handler_rwsem protects the handlers, client_data_rwsem the clients' data,
// cache_lock the caches of port state and P_Keys (a rwlock in Linux, a spinlock here),
// unregistration_lock fences unregister.

import { Oops } from '#sim/shared.ts';
import type { Atomic, MaySleep } from '#sim/task.ts';
import { Device, device_initialize, put_device } from '../base/device.ts';
import type { KernfsNode } from '../fs/kernfs.ts';
import type { Kernel } from '../kernel.ts';
import { complete, init_completion } from '../locking/completion.ts';
import type { Completion } from '../locking/completion.ts';
import { mutex_init } from '../locking/mutex.ts';
import type { Mutex } from '../locking/mutex.ts';
import { down_write, init_rwsem, up_write } from '../locking/rwsem.ts';
import type { RwSemaphore } from '../locking/rwsem.ts';
import { spin_lock_init } from '../locking/spinlock.ts';
import type { SpinLock } from '../locking/spinlock.ts';
import { module_text } from '../module.ts';
import type { PciDevice } from '../pci/pci-device.ts';
import { Reference } from '../reference.ts';
import { currentActor } from '../sched.ts';
import { warn_on } from '../warn.ts';
import type { ClientData } from './client.ts';
import type { IbEventHandler } from './event.ts';
import type { GidTable } from './gid-table.ts';
import type { IbDeviceOps, RdmaStat } from './ib-ops.ts';
import { RDMA_NODE_IB_CA } from './ib-verbs.ts';
import type { IbDeviceAttr, IbPortImmutable } from './ib-verbs.ts';

/** struct ib_port_data: what the core keeps of one port. */
export interface IbPortData {
  readonly immutable: IbPortImmutable;
  /** Caches; protected by cache_lock. Null: not there yet. */
  gid: GidTable | null;
  pkey: readonly number[] | null;
  lmc: number;
  port_state: number;
  subnet_prefix: bigint;
  /** ports/N in sysfs while it is there. */
  sysfs: KernfsNode | null;
}

/** An RDMA device. `D` is the driver's structure around it. */
export class IbDevice<D = unknown> extends Device {
  readonly ops: IbDeviceOps;
  /**
   * Unique among all devices ever made: `mlx4_ib@card0`, `mlx4_ib@card0#2`. Locks are named by it.
   */
  readonly instanceName: string;
  /** The driver's structure; read it with ibDriverOf(). */
  driverData: D | null = null;
  readonly node_type = RDMA_NODE_IB_CA;
  node_guid = 0n;
  /** 64 bytes of text at most. */
  node_desc = '';
  local_dma_lkey = 0;
  phys_port_cnt = 0;
  num_comp_vectors = 1;
  /** From query_device(), at registration. */
  attrs: IbDeviceAttr | null = null;
  /** By port number; index 0 is unused. */
  port_data: (IbPortData | null)[] = [];
  /** Device whose DMA the buffers of clients are for; from registration on. */
  dma_device: PciDevice | null = null;
  /** Number among the core's devices; -1 without a name. */
  index = -1;
  /** DEVICE_REGISTERED. */
  registered = false;
  /** DEVICE_GID_UPDATES: the GID table may be changed by events. */
  gidUpdates = false;
  /** All mandatory operations are there. */
  readonly kverbs_provider = true;
  /** References that keep it registered; made when it gets its name. Count 0: not registered. */
  refs: Reference | null = null;
  readonly unreg_completion: Completion;
  readonly unregistration_lock: Mutex;
  readonly event_handler_rwsem: RwSemaphore;
  readonly event_handler_list: IbEventHandler[] = [];
  readonly client_data_rwsem: RwSemaphore;
  readonly client_data = new Map<number, ClientData>();
  readonly cache_lock: SpinLock;
  /** hw_counters of the device. */
  hw_stats: RdmaStat[] | null = null;
  /** The directory ports/ while it is there. */
  ports_kobj: KernfsNode | null = null;

  constructor(k: Kernel, instanceName: string, parent: Device, ops: IbDeviceOps) {
    super(k, instanceName, parent);
    this.ops = ops;
    this.instanceName = instanceName;
    this.className = 'infiniband';
    this.release = ib_device_release;
    this.uevent = () => ({ NAME: this.name });
    this.unreg_completion = init_completion(k, `unreg_completion(${instanceName})`);
    this.unregistration_lock = mutex_init(k, `unregistration_lock(${instanceName})`);
    this.event_handler_rwsem = init_rwsem(k, `event_handler_rwsem(${instanceName})`);
    this.client_data_rwsem = init_rwsem(k, `client_data_rwsem(${instanceName})`);
    this.cache_lock = spin_lock_init(k, `cache_lock(${instanceName})`);
  }
}

/** The last put of the device object. */
function* ib_device_release(device: Device): Atomic<void> {
  const { refs, k } = device as IbDevice;
  if (refs !== null && refs.count !== 0) {
    warn_on(k, 'drivers/infiniband/core/device.c:494', 'ib_device_release');
  }
}

/** container_of(): the driver's structure around the device; an oops when its memory was freed. */
export function ibDriverOf<D>(device: IbDevice): D {
  if (device.freed) throw new Oops(`KASAN: slab-use-after-free in ${device.instanceName}`);
  return device.driverData as D;
}

/** The driver's operations; an oops when its module is gone. */
export function opsOf(device: IbDevice, operation: keyof IbDeviceOps): IbDeviceOps {
  const { ops } = device;
  if (ops.owner !== null) module_text(ops.owner, operation);
  return ops;
}

/** ib_alloc_device(): a device without a name; ib_dealloc_device() gives it back. */
export function* ib_alloc_device<D>(
  k: Kernel,
  name: string,
  parent: Device,
  ops: IbDeviceOps,
): Atomic<IbDevice<D>> {
  const device = new IbDevice<D>(k, k.infiniband.instanceName(name), parent, ops);
  yield* device_initialize(device);
  return device;
}

/** Gives back what ib_alloc_device() made; the device must not be registered. */
export function* ib_dealloc_device(device: IbDevice): MaySleep<void> {
  const { infiniband } = device.k;
  yield* down_write(infiniband.devices_rwsem);
  infiniband.forget(device);
  yield* up_write(infiniband.devices_rwsem);
  yield* put_device(device);
}

/** Takes a reference that keeps the device registered; false when it is not, or is going. */
export function* ib_device_try_get(device: IbDevice, why: string): Atomic<boolean> {
  const { refs, k } = device;
  if (refs === null || refs.count === 0) return false;
  yield* refs.hold(currentActor(k), why);
  return true;
}

/** Gives a reference back; `owner` says whose: the running context's, or the core's own (null). */
export function* ib_device_put(
  device: IbDevice,
  owner: 'current' | null = 'current',
): Atomic<void> {
  const { refs, k } = device;
  if (refs === null) return;
  const left = yield* refs.put(owner === null ? null : currentActor(k));
  if (left === 0) yield* complete(device.unreg_completion);
}

/** refcount_set(2): one reference belongs to the core, the other to the caller. */
export function* enableReferences(device: IbDevice): Atomic<void> {
  const { k } = device;
  device.refs = new Reference(k, `RDMA device ${device.name} (${device.instanceName})`);
  yield* device.refs.hold(currentActor(k), 'ib_register_device');
}

/** Ports of a device, from 1. */
export const rdmaPorts = (device: IbDevice): number[] =>
  Array.from({ length: device.phys_port_cnt }, (_, i) => i + 1);

export const rdma_is_port_valid = (device: IbDevice, port: number): boolean =>
  port >= 1 && port <= device.phys_port_cnt;
