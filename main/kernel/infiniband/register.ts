// Registering an RDMA device (core/device.c: ib_register_device): name, queries of the card,
// caches, sysfs, then the clients. The uevent comes last, when all is there. Ports and their
// number are what they are at this moment: a device learns nothing new until it is registered
// again.

import { Oops } from '#sim/shared.ts';
import type { MaySleep } from '#sim/task.ts';
import { EINVAL, ENFILE } from '../errno.ts';
import { device_add, device_del } from '../base/device.ts';
import { kobject_uevent } from '../base/uevent.ts';
import { down_read, down_write, downgrade_write, up_read, up_write } from '../locking/rwsem.ts';
import type { PciDevice } from '../pci/pci-device.ts';
import { dev_warn } from '../printk.ts';
import { ib_cache_cleanup_one, ib_cache_setup_one } from './cache.ts';
import { add_client_context } from './client.ts';
import { enableReferences, ib_device_put, opsOf, rdmaPorts } from './ib-device.ts';
import type { IbDevice } from './ib-device.ts';
import type { IbPortImmutable } from './ib-verbs.ts';
import { IB_PORT_NOP } from './ib-verbs.ts';
import { setupHwStats, ib_setup_device_attrs } from './sysfs.ts';
import { ib_setup_port_attrs } from './port-sysfs.ts';

/** Lowest number that no device with this pattern has (alloc_name); devices_rwsem is held. */
function alloc_name(device: IbDevice, pattern: string): string {
  const { devices } = device.k.infiniband;
  for (let i = 0; ; i++) {
    const name = pattern.replace('%d', String(i));
    if (!devices.some((other) => other.name === name)) return name;
  }
}

/** Gives the device its name and number. 0, or -ENFILE when the name is taken. */
function* assign_name(device: IbDevice, pattern: string): MaySleep<number> {
  const { infiniband } = device.k;
  yield* down_write(infiniband.devices_rwsem);
  device.name = pattern.includes('%') ? alloc_name(device, pattern) : pattern;
  const taken = infiniband.devices.some((other) => other.name === device.name);
  if (!taken) infiniband.remember(device);
  yield* up_write(infiniband.devices_rwsem);
  return taken ? -ENFILE : 0;
}

/** Asks the driver what each port is. 0 or a negative error. */
function* setup_port_data(device: IbDevice): MaySleep<number> {
  if (device.phys_port_cnt === 0) return -EINVAL;
  const unknown: IbPortImmutable = {
    core_cap_flags: 0,
    max_mad_size: 0,
    pkey_tbl_len: 0,
    gid_tbl_len: 0,
  };
  const fresh = (immutable: IbPortImmutable) => ({
    immutable,
    gid: null,
    pkey: null,
    lmc: 0,
    port_state: IB_PORT_NOP,
    subnet_prefix: 0n,
    sysfs: null,
  });
  device.port_data = [null, ...rdmaPorts(device).map(() => fresh(unknown))];
  for (const port of rdmaPorts(device)) {
    const found = yield* opsOf(device, 'get_port_immutable').get_port_immutable(device, port);
    if (typeof found === 'number') return found;
    device.port_data[port] = fresh(found);
  }
  return 0;
}

/** What needs the driver's operations before anybody sees the device. */
function* setup_device(device: IbDevice): MaySleep<number> {
  const err = yield* setup_port_data(device);
  if (err !== 0) {
    dev_warn(device, "Couldn't create per-port data");
    return err;
  }
  const attrs = yield* opsOf(device, 'query_device').query_device(device);
  if (typeof attrs === 'number') {
    dev_warn(device, "Couldn't query the device attributes");
    return attrs;
  }
  device.attrs = attrs;
  return 0;
}

/** Makes the device visible to clients; gives the caller a reference. */
function* enable_device_and_get(device: IbDevice): MaySleep<void> {
  const { infiniband } = device.k;
  yield* enableReferences(device);
  yield* down_write(infiniband.devices_rwsem);
  device.registered = true;
  // As a reader: nobody can clear the mark while the clients are told.
  yield* downgrade_write(infiniband.devices_rwsem);
  yield* down_read(infiniband.clients_rwsem);
  const clients = [...infiniband.clients.values()].filter((each) => each.registered);
  for (const entry of clients) yield* add_client_context(device, entry);
  yield* up_read(infiniband.clients_rwsem);
  yield* up_read(infiniband.devices_rwsem);
}

/** Everything in sysfs. 0 or a negative error with it removed again. */
function* addToSysfs(device: IbDevice): MaySleep<number> {
  yield* setupHwStats(device);
  device.uevent_suppress = true;
  const added = yield* device_add(device);
  if (added !== 0) return added;
  ib_setup_device_attrs(device);
  const err = yield* ib_setup_port_attrs(device);
  if (err === 0) return 0;
  dev_warn(device, "Couldn't register device with driver model");
  yield* device_del(device);
  return err;
}

/**
 * Registers a device under a name such as `mlx4_%d`, and tells every client of it. 0, or a
 * negative error: then the caller gives it back with ib_dealloc_device(). A client that fails is
 * no error.
 */
export function* ib_register_device(
  device: IbDevice,
  name: string,
  dma_device: PciDevice,
): MaySleep<number> {
  if (device.freed) throw new Oops(`KASAN: slab-use-after-free in ${device.instanceName}`);
  let err = yield* assign_name(device, name);
  device.dma_device = dma_device;
  if (err === 0) err = yield* setup_device(device);
  if (err !== 0) return err;
  err = yield* ib_cache_setup_one(device);
  if (err !== 0) {
    dev_warn(device, "Couldn't set up InfiniBand P_Key/GID cache");
    return err;
  }
  err = yield* addToSysfs(device);
  if (err !== 0) {
    device.uevent_suppress = false;
    yield* ib_cache_cleanup_one(device);
    return err;
  }
  yield* enable_device_and_get(device);
  device.uevent_suppress = false;
  const { devices_rwsem } = device.k.infiniband;
  yield* down_read(devices_rwsem);
  kobject_uevent(device, 'add');
  yield* up_read(devices_rwsem);
  yield* ib_device_put(device);
  return 0;
}
