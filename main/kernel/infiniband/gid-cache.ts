// Changes of GID tables (core/cache.c): RoCE entries hold their netdev and go into the card's
// table through the driver (a SET_PORT command each time); entries of InfiniBand ports are copies
// of what the card says. The netdev is given back when the entry is deleted. Linux does it after
// an RCU grace period, for readers that this slice does not have.

import type { Atomic, MaySleep } from '#sim/task.ts';
import { EINVAL, ENOSPC } from '../errno.ts';
import { mutex_lock, mutex_unlock } from '../locking/mutex.ts';
import { spin_lock_irqsave, spin_unlock_irqrestore } from '../locking/spinlock.ts';
import { dev_hold, dev_put } from '../net/netdevice.ts';
import type { NetDevice } from '../net/netdevice.ts';
import { dev_err, pr_warn } from '../printk.ts';
import { ib_dispatch_event_clients } from './event.ts';
import {
  find_gid,
  freeSlot,
  gidText,
  GidTable,
  make_default_gid,
  rdma_is_zero_gid,
} from './gid-table.ts';
import type { GidEntry, GidQuery } from './gid-table.ts';
import { opsOf, rdmaPorts } from './ib-device.ts';
import type { IbDevice } from './ib-device.ts';
import type { GidContext } from './ib-ops.ts';
import { IB_EVENT_GID_CHANGE, IB_GID_TYPE_SIZE } from './ib-verbs.ts';
import type { IbGidAttr } from './ib-verbs.ts';
import { rdma_protocol_roce, roce_gid_type_mask_support } from './port.ts';

/** A port's table; it is there while the device is registered. */
export const rdma_gid_table = (device: IbDevice, port: number): GidTable =>
  device.port_data[port]!.gid!;

/** Tells the handlers of a changed GID, in the changing context. */
function* dispatch_gid_change_event(device: IbDevice, port: number): MaySleep<void> {
  yield* ib_dispatch_event_clients({ device, event: IB_EVENT_GID_CHANGE, port_num: port });
}

function* store(table: GidTable, index: number, entry: GidEntry | null): Atomic<void> {
  yield* spin_lock_irqsave(table.rwlock);
  table.data_vec[index] = entry;
  yield* spin_unlock_irqrestore(table.rwlock);
}

/** Deletes the entry at an index. table.lock is held. */
function* del_gid(device: IbDevice, table: GidTable, index: number): MaySleep<void> {
  const entry = table.data_vec[index];
  if (entry === null || entry === undefined) return;
  const { attr, context } = entry;
  yield* store(table, index, null);
  const { ndev } = attr;
  attr.ndev = null;
  if (ndev !== null) yield* dev_put(ndev);
  if (context !== null) yield* opsOf(device, 'del_gid').del_gid(device, attr, context);
}

/** Puts a RoCE entry into the card's table. The driver's context or a negative error. */
function* add_roce_gid(device: IbDevice, attr: IbGidAttr): MaySleep<GidContext | number> {
  const where = `port=${attr.port_num} index=${attr.index}`;
  if (attr.ndev === null) {
    dev_err(device, `add_roce_gid NULL netdev ${where}`);
    return -EINVAL;
  }
  const context = yield* opsOf(device, 'add_gid').add_gid(device, attr);
  if (typeof context === 'number') dev_err(device, `add_roce_gid GID add failed ${where}`);
  return context;
}

/** Sets the entry at attr.index. A zero GID leaves it empty. table.lock is held. */
export function* add_modify_gid(
  device: IbDevice,
  table: GidTable,
  attr: IbGidAttr,
): MaySleep<number> {
  if (table.data_vec[attr.index] !== null) {
    yield* del_gid(device, table, attr.index);
  }
  if (rdma_is_zero_gid(attr.gid)) return 0;
  const entry: GidEntry = { attr: { ...attr }, context: null };
  if (attr.ndev !== null) yield* dev_hold(attr.ndev, null, 'GID table');
  if (rdma_protocol_roce(device, attr.port_num)) {
    const context = yield* add_roce_gid(device, entry.attr);
    if (typeof context === 'number') {
      if (attr.ndev !== null) yield* dev_put(attr.ndev);
      return context;
    }
    entry.context = context;
  }
  yield* store(table, attr.index, entry);
  return 0;
}

/** What a RoCE GID is to be. */
interface RoceGid {
  readonly gid: Uint8Array;
  readonly gid_type: number;
  readonly ndev: NetDevice;
}

function* __ib_cache_gid_add(
  device: IbDevice,
  port: number,
  wanted: RoceGid,
  query: GidQuery,
  isDefault: boolean,
): MaySleep<number> {
  if (rdma_is_zero_gid(wanted.gid)) return -EINVAL;
  const table = rdma_gid_table(device, port);
  let ret = 0;
  yield* mutex_lock(table.lock);
  if (find_gid(table, query) < 0) {
    const index = freeSlot(table, isDefault);
    ret =
      index < 0
        ? -ENOSPC
        : yield* add_modify_gid(device, table, { ...wanted, index, port_num: port });
    if (ret === 0) yield* dispatch_gid_change_event(device, port);
  }
  yield* mutex_unlock(table.lock);
  if (ret !== 0) {
    pr_warn(device.k, `__ib_cache_gid_add: unable to add gid ${gidText(wanted.gid)} error=${ret}`);
  }
  return ret;
}

/** Adds a GID of a netdev's address unless it is there. */
export function* ib_cache_gid_add(
  device: IbDevice,
  port: number,
  wanted: RoceGid,
): MaySleep<number> {
  return yield* __ib_cache_gid_add(device, port, wanted, wanted, false);
}

function* _ib_cache_gid_del(device: IbDevice, port: number, query: GidQuery): MaySleep<number> {
  const table = rdma_gid_table(device, port);
  yield* mutex_lock(table.lock);
  const index = find_gid(table, query);
  if (index >= 0) {
    yield* del_gid(device, table, index);
    yield* dispatch_gid_change_event(device, port);
  }
  yield* mutex_unlock(table.lock);
  return index < 0 ? -EINVAL : 0;
}

/** Deletes a GID of a netdev's address. */
export const ib_cache_gid_del = (
  device: IbDevice,
  port: number,
  wanted: RoceGid,
): MaySleep<number> => _ib_cache_gid_del(device, port, { ...wanted, isDefault: false });

/** Deletes every GID of a netdev. */
export function* ib_cache_gid_del_all_netdev_gids(
  device: IbDevice,
  port: number,
  ndev: NetDevice,
): MaySleep<void> {
  const table = rdma_gid_table(device, port);
  let deleted = false;
  yield* mutex_lock(table.lock);
  for (let index = find_gid(table, { ndev }); index >= 0; index = find_gid(table, { ndev })) {
    yield* del_gid(device, table, index);
    deleted = true;
  }
  yield* mutex_unlock(table.lock);
  if (deleted) yield* dispatch_gid_change_event(device, port);
}

/** Sets or deletes the default GIDs of a netdev, one for each kind that the port has. */
export function* ib_cache_gid_set_default_gid(
  device: IbDevice,
  port: number,
  ndev: NetDevice,
  mode: 'set' | 'delete',
): MaySleep<void> {
  const mask = roce_gid_type_mask_support(device, port);
  for (let gid_type = 0; gid_type < IB_GID_TYPE_SIZE; gid_type++) {
    if ((mask & (1 << gid_type)) === 0) continue;
    const query: GidQuery = { gid_type, ndev, isDefault: true };
    if (mode === 'delete') yield* _ib_cache_gid_del(device, port, query);
    else {
      const gid = make_default_gid(ndev.dev_addr);
      yield* __ib_cache_gid_add(device, port, { gid, gid_type, ndev }, query, true);
    }
  }
}

/** An empty table for every port. */
export function gid_table_setup(device: IbDevice): void {
  for (const port of rdmaPorts(device)) {
    const data = device.port_data[port]!;
    const kinds = roce_gid_type_mask_support(device, port).toString(2).replaceAll('0', '').length;
    const name = `${device.instanceName}/${port}`;
    data.gid = new GidTable(device.k, name, data.immutable.gid_tbl_len, kinds);
  }
}

/** Deletes every entry of every port. */
export function* gid_table_cleanup_one(device: IbDevice): MaySleep<void> {
  for (const port of rdmaPorts(device)) {
    const table = device.port_data[port]?.gid ?? null;
    if (table === null) continue;
    yield* mutex_lock(table.lock);
    for (const index of table.data_vec.keys()) yield* del_gid(device, table, index);
    yield* mutex_unlock(table.lock);
  }
}

/** rdma_query_gid(): the GID at an index from the cache, or null when the slot is empty. */
export function* rdma_query_gid(
  device: IbDevice,
  port: number,
  index: number,
): Atomic<IbGidAttr | null> {
  const table = rdma_gid_table(device, port);
  yield* spin_lock_irqsave(table.rwlock);
  const entry = table.data_vec[index] ?? null;
  yield* spin_unlock_irqrestore(table.rwlock);
  return entry?.attr ?? null;
}
