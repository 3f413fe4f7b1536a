// Caches of an RDMA device (core/cache.c): state, LMC, subnet prefix and P_Keys of every port, and
// the GID tables. They are filled at registration and brought up to date by events. An InfiniBand
// port asks the card for every GID and every P_Key, one firmware command or two for each: with 128
// of both that is the bulk of the time that its registration takes.

import type { Atomic, MaySleep } from '#sim/task.ts';
import { EINVAL } from '../errno.ts';
import { down_write, up_write } from '../locking/rwsem.ts';
import { mutex_lock, mutex_unlock } from '../locking/mutex.ts';
import { spin_lock_irqsave, spin_unlock_irqrestore } from '../locking/spinlock.ts';
import { dev_warn } from '../printk.ts';
import { flush_workqueue } from '../workqueue.ts';
import {
  add_modify_gid,
  gid_table_cleanup_one,
  gid_table_setup,
  rdma_gid_table,
} from './gid-cache.ts';
import { gidPrefix } from './gid-table.ts';
import { opsOf, rdma_is_port_valid, rdmaPorts } from './ib-device.ts';
import type { IbDevice } from './ib-device.ts';
import { IB_GID_TYPE_IB } from './ib-verbs.ts';
import type { IbPortAttr } from './ib-verbs.ts';
import { ib_query_pkey, ib_query_port, rdma_protocol_roce } from './port.ts';
import { rdma_roce_rescan_device } from './roce-gid-mgmt.ts';

/** State of a port as it was when somebody last asked, or null for a port that is not there. */
export function* ib_get_cached_port_state(device: IbDevice, port: number): Atomic<number | null> {
  if (!rdma_is_port_valid(device, port)) return null;
  yield* spin_lock_irqsave(device.cache_lock);
  const state = device.port_data[port]?.port_state ?? null;
  yield* spin_unlock_irqrestore(device.cache_lock);
  return state;
}

export function* ib_get_cached_subnet_prefix(device: IbDevice, port: number): Atomic<bigint> {
  yield* spin_lock_irqsave(device.cache_lock);
  const prefix = device.port_data[port]?.subnet_prefix ?? 0n;
  yield* spin_unlock_irqrestore(device.cache_lock);
  return prefix;
}

/** The P_Key at an index from the cache, or -EINVAL. */
export function* ib_get_cached_pkey(device: IbDevice, port: number, index: number): Atomic<number> {
  yield* spin_lock_irqsave(device.cache_lock);
  const pkey = device.port_data[port]?.pkey?.[index] ?? -EINVAL;
  yield* spin_unlock_irqrestore(device.cache_lock);
  return pkey;
}

/** Copies an InfiniBand port's GIDs from the card. */
function* config_non_roce_gid_cache(
  device: IbDevice,
  port: number,
  attr: IbPortAttr,
): MaySleep<number> {
  const table = rdma_gid_table(device, port);
  let err = 0;
  yield* mutex_lock(table.lock);
  for (let index = 0; index < attr.gid_tbl_len; index++) {
    const gid = yield* opsOf(device, 'query_gid').query_gid(device, port, index);
    if (typeof gid === 'number') {
      dev_warn(device, `query_gid failed (${gid}) for index ${index}`);
      err = gid;
      break;
    }
    attr.subnet_prefix = gidPrefix(gid);
    const entry = { gid, gid_type: IB_GID_TYPE_IB, ndev: null, index, port_num: port };
    yield* add_modify_gid(device, table, entry);
  }
  yield* mutex_unlock(table.lock);
  return err;
}

/** Asks the card for every P_Key of a port. */
function* queryPkeys(device: IbDevice, port: number, count: number): MaySleep<number[] | number> {
  const pkeys: number[] = [];
  for (let index = 0; index < count; index++) {
    const pkey = yield* ib_query_pkey(device, port, index);
    if (pkey < 0) {
      dev_warn(device, `ib_query_pkey failed (${pkey}) for index ${index}`);
      return pkey;
    }
    pkeys.push(pkey);
  }
  return pkeys;
}

/** Brings a port's caches up to date. 0 or a negative error; then they stay as they were. */
export function* ib_cache_update(
  device: IbDevice,
  port: number,
  updateGids: boolean,
  updatePkeys: boolean,
): MaySleep<number> {
  if (!rdma_is_port_valid(device, port)) return -EINVAL;
  const attr = yield* ib_query_port(device, port);
  if (typeof attr === 'number') {
    dev_warn(device, `ib_query_port failed (${attr})`);
    return attr;
  }
  if (!rdma_protocol_roce(device, port) && updateGids) {
    const err = yield* config_non_roce_gid_cache(device, port, attr);
    if (err !== 0) return err;
  }
  let pkeys: number[] | null = null;
  if (updatePkeys && attr.pkey_tbl_len > 0) {
    const found = yield* queryPkeys(device, port, attr.pkey_tbl_len);
    if (typeof found === 'number') return found;
    pkeys = found;
  }
  yield* spin_lock_irqsave(device.cache_lock);
  const data = device.port_data[port]!;
  if (pkeys !== null) data.pkey = pkeys;
  data.lmc = attr.lmc;
  data.port_state = attr.state;
  data.subnet_prefix = attr.subnet_prefix;
  yield* spin_unlock_irqrestore(device.cache_lock);
  return 0;
}

/** ib_device_enable_gid_updates() and its opposite: may events change the GID tables? */
function* markGidUpdates(device: IbDevice, on: boolean): MaySleep<void> {
  const { devices_rwsem } = device.k.infiniband;
  yield* down_write(devices_rwsem);
  device.gidUpdates = on;
  yield* up_write(devices_rwsem);
}

/** Makes and fills the caches. 0 or a negative error, with the GIDs given back. */
export function* ib_cache_setup_one(device: IbDevice): MaySleep<number> {
  gid_table_setup(device);
  yield* markGidUpdates(device, true);
  yield* rdma_roce_rescan_device(device);
  for (const port of rdmaPorts(device)) {
    const err = yield* ib_cache_update(device, port, true, true);
    if (err !== 0) {
      yield* gid_table_cleanup_one(device);
      return err;
    }
  }
  return 0;
}

/** Waits for events in progress and deletes every GID. */
export function* ib_cache_cleanup_one(device: IbDevice): MaySleep<void> {
  const { ib_wq } = device.k.infiniband;
  yield* markGidUpdates(device, false);
  yield* flush_workqueue(ib_wq);
  yield* gid_table_cleanup_one(device);
  yield* flush_workqueue(ib_wq);
}
