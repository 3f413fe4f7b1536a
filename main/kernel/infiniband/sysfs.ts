// /sys/class/infiniband/DEVICE (core/sysfs.c): files of the device itself, those of the driver,
// and hw_counters when the driver has some. Ports are in port-sysfs.ts. Counters are read again
// when the last reading is older than `lifespan`.

import type { MaySleep } from '#sim/task.ts';
import { EINVAL } from '../errno.ts';
import { device_create_file } from '../base/device.ts';
import type { Device, DeviceAttribute } from '../base/device.ts';
import type { KernfsNode } from '../fs/kernfs.ts';
import { sysfs_create_dir, sysfs_create_file } from '../fs/sysfs.ts';
import { guidText } from './gid-table.ts';
import { opsOf } from './ib-device.ts';
import type { IbDevice } from './ib-device.ts';
import type { RdmaStat } from './ib-ops.ts';
import { ib_get_device_fw_str } from './port.ts';

/** RDMA_HW_STATS_DEFAULT_LIFESPAN, ms. */
const defaultLifespanMs = 10;
const nodeDescBytes = 64;

const readOnly = (name: string, text: (device: IbDevice) => string): DeviceAttribute => ({
  name,
  mode: 0o444,
  *show(dev) {
    return `${text(dev as IbDevice)}\n`;
  },
});

function* node_desc_store(dev: Device, buf: string): MaySleep<number> {
  const device = dev as IbDevice;
  const text = buf.slice(0, nodeDescBytes);
  const err = yield* opsOf(device, 'modify_device').modify_device(device, text);
  return err < 0 ? err : buf.length;
}

/** ib_dev_attr_group. */
const ibDeviceAttributes: readonly DeviceAttribute[] = [
  readOnly('node_type', (device) => `${device.node_type}: CA`),
  readOnly('node_guid', (device) => guidText(device.node_guid)),
  readOnly('sys_image_guid', (device) => guidText(device.attrs?.sys_image_guid ?? 0n)),
  readOnly('fw_ver', ib_get_device_fw_str),
  {
    ...readOnly('node_desc', (device) => device.node_desc),
    mode: 0o644,
    store: node_desc_store,
  },
];

/** Asks for the device's counters once, so that a card without them shows none. */
export function* setupHwStats(device: IbDevice): MaySleep<void> {
  device.hw_stats = yield* readStats(device, 0);
}

/** Counters of the device (port 0) or of a port, read once; null when there are none. */
export function* readStats(device: IbDevice, port: number): MaySleep<RdmaStat[] | null> {
  const stats = opsOf(device, 'alloc_hw_stats').alloc_hw_stats(device, port);
  if (stats === null) return null;
  const count = yield* opsOf(device, 'get_hw_stats').get_hw_stats(device, port, stats);
  return count === stats.length ? stats : null;
}

/** hw_counters/ in a directory: a file for each counter, and lifespan. */
export function addHwCounters(
  device: IbDevice,
  port: number,
  parent: KernfsNode,
  stats: RdmaStat[],
): void {
  const { k } = device;
  const directory = sysfs_create_dir(parent, 'hw_counters');
  if (typeof directory === 'number') return;
  let lifespanMs = defaultLifespanMs;
  let readAtMs = k.sim.now() / 1e6;
  function* refresh(): MaySleep<number> {
    const nowMs = k.sim.now() / 1e6;
    if (nowMs - readAtMs < lifespanMs) return 0;
    const count = yield* opsOf(device, 'get_hw_stats').get_hw_stats(device, port, stats);
    readAtMs = nowMs;
    return count < 0 ? count : 0;
  }
  for (const stat of stats) {
    sysfs_create_file(directory, {
      name: stat.name,
      mode: 0o444,
      *show() {
        const err = yield* refresh();
        return err < 0 ? err : `${stat.value}\n`;
      },
    });
  }
  sysfs_create_file(directory, {
    name: 'lifespan',
    mode: 0o644,
    *show() {
      return `${lifespanMs}\n`;
    },
    *store(buf) {
      const value = Number(buf.trim());
      if (!Number.isInteger(value) || value < 0 || value > 10_000) return -EINVAL;
      lifespanMs = value;
      return buf.length;
    },
  });
}

/** Files of a device that device_add() has just put into sysfs. */
export function ib_setup_device_attrs(device: IbDevice): void {
  for (const attribute of ibDeviceAttributes) device_create_file(device, attribute);
  const { owner } = device.ops;
  for (const attribute of device.ops.device_group) {
    device_create_file(device, { ...attribute, owner });
  }
  const { kobj, hw_stats } = device;
  if (kobj !== null && hw_stats !== null) addHwCounters(device, 0, kobj, hw_stats);
}
