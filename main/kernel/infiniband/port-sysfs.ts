// /sys/class/infiniband/DEVICE/ports/N (core/sysfs.c). There is a directory for each port that the
// device was registered with: one while the card is bonded. Reading state, rate and the like asks
// the card each time.

import type { MaySleep } from '#sim/task.ts';
import { EINVAL } from '../errno.ts';
import type { KernfsNode } from '../fs/kernfs.ts';
import { sysfs_create_dir, sysfs_create_file, sysfs_remove_dir } from '../fs/sysfs.ts';
import { addPmaCounters } from './counters-sysfs.ts';
import { rdma_query_gid } from './gid-cache.ts';
import { gidBytes, gidText } from './gid-table.ts';
import { rdmaPorts } from './ib-device.ts';
import type { IbDevice } from './ib-device.ts';
import {
  IB_GID_TYPE_ROCE_UDP_ENCAP,
  IB_LINK_LAYER_ETHERNET,
  IB_LINK_LAYER_INFINIBAND,
  IB_SPEED_DDR,
  IB_SPEED_EDR,
  IB_SPEED_FDR,
  IB_SPEED_FDR10,
  IB_SPEED_QDR,
  ib_width_enum_to_int,
} from './ib-verbs.ts';
import type { IbGidAttr, IbPortAttr } from './ib-verbs.ts';
import { ib_query_pkey, ib_query_port, rdma_port_get_link_layer } from './port.ts';
import { addHwCounters, readStats } from './sysfs.ts';

const stateNames = ['NOP', 'DOWN', 'INIT', 'ARMED', 'ACTIVE', 'ACTIVE_DEFER'];
const physStateNames = ['<unknown>', 'Sleep', 'Polling', 'Disabled', 'PortConfigurationTraining'];
const laterPhysStateNames = ['LinkUp', 'LinkErrorRecovery', 'Phy Test'];

/** Name and rate of one lane, in tenths of Gb/s, by active_speed. */
const laneRates: ReadonlyMap<number, readonly [string, number]> = new Map([
  [IB_SPEED_DDR, [' DDR', 50]],
  [IB_SPEED_QDR, [' QDR', 100]],
  [IB_SPEED_FDR10, [' FDR10', 100]],
  [IB_SPEED_FDR, [' FDR', 140]],
  [IB_SPEED_EDR, [' EDR', 250]],
]);

/** `40 Gb/sec (4X QDR)`, or -EINVAL for a width that is none. */
export function rateText(attr: Pick<IbPortAttr, 'active_speed' | 'active_width'>): string | number {
  const [speed, lane] = laneRates.get(attr.active_speed) ?? [' SDR', 25];
  const lanes = ib_width_enum_to_int(attr.active_width);
  if (lanes < 0) return -EINVAL;
  const rate = lane * lanes;
  return `${Math.floor(rate / 10)}${rate % 10 === 0 ? '' : '.5'} Gb/sec (${lanes}X${speed})`;
}

/** `4: ACTIVE`. */
export const stateText = (state: number): string => `${state}: ${stateNames[state] ?? 'UNKNOWN'}`;

/** `5: LinkUp`. */
export const physStateText = (state: number): string =>
  `${state}: ${[...physStateNames, ...laterPhysStateNames][state] ?? '<unknown>'}`;

const hex = (value: number, digits = 0): string => `0x${value.toString(16).padStart(digits, '0')}`;

/** What the files of port_default_attrs show of a fresh query. */
const queriedFiles: ReadonlyMap<string, (attr: IbPortAttr) => string | number> = new Map<
  string,
  (attr: IbPortAttr) => string | number
>([
  ['state', (attr) => stateText(attr.state)],
  ['lid', (attr) => hex(attr.lid)],
  ['lid_mask_count', (attr) => String(attr.lmc)],
  ['sm_lid', (attr) => hex(attr.sm_lid)],
  ['sm_sl', (attr) => String(attr.sm_sl)],
  ['cap_mask', (attr) => hex(attr.port_cap_flags >>> 0, 8)],
  ['rate', rateText],
  ['phys_state', (attr) => physStateText(attr.phys_state)],
]);

/** link_layer. */
export function linkLayerText(device: IbDevice, port: number): string {
  const layer = rdma_port_get_link_layer(device, port);
  if (layer === IB_LINK_LAYER_INFINIBAND) return 'InfiniBand';
  return layer === IB_LINK_LAYER_ETHERNET ? 'Ethernet' : 'Unknown';
}

function addDefaultFiles(device: IbDevice, port: number, directory: KernfsNode): void {
  for (const [name, text] of queriedFiles) {
    sysfs_create_file(directory, {
      name,
      mode: 0o444,
      *show() {
        const attr = yield* ib_query_port(device, port);
        const shown = typeof attr === 'number' ? attr : text(attr);
        return typeof shown === 'number' ? shown : `${shown}\n`;
      },
    });
  }
  sysfs_create_file(directory, {
    name: 'link_layer',
    mode: 0o444,
    *show() {
      return `${linkLayerText(device, port)}\n`;
    },
  });
}

/** A directory of files 0 to count - 1. */
function addTable(
  parent: KernfsNode,
  name: string,
  count: number,
  show: (index: number) => MaySleep<string | number>,
): void {
  const directory = sysfs_create_dir(parent, name);
  if (typeof directory === 'number') return;
  for (let index = 0; index < count; index++) {
    sysfs_create_file(directory, { name: String(index), mode: 0o444, show: () => show(index) });
  }
}

/** An empty slot reads as the zero GID, not as an error. */
function* show_port_gid(device: IbDevice, port: number, index: number): MaySleep<string> {
  const attr = yield* rdma_query_gid(device, port, index);
  return `${gidText(attr?.gid ?? new Uint8Array(gidBytes))}\n`;
}

/** A property of an entry; an empty slot is -EINVAL, for compatibility. */
function* show_port_gid_attr(
  device: IbDevice,
  port: number,
  index: number,
  print: (attr: IbGidAttr) => string | null,
): MaySleep<string | number> {
  const attr = yield* rdma_query_gid(device, port, index);
  const text = attr === null ? null : print(attr);
  return text === null ? -EINVAL : `${text}\n`;
}

function* show_port_pkey(device: IbDevice, port: number, index: number): MaySleep<string | number> {
  const pkey = yield* ib_query_pkey(device, port, index);
  return pkey < 0 ? pkey : `${hex(pkey, 4)}\n`;
}

const gidTypeText = (attr: IbGidAttr): string =>
  attr.gid_type === IB_GID_TYPE_ROCE_UDP_ENCAP ? 'RoCE v2' : 'IB/RoCE v1';

function setup_gid_attrs(device: IbDevice, port: number, parent: KernfsNode, count: number): void {
  const directory = sysfs_create_dir(parent, 'gid_attrs');
  if (typeof directory === 'number') return;
  addTable(directory, 'ndevs', count, (index) =>
    show_port_gid_attr(device, port, index, (attr) => attr.ndev?.name ?? null),
  );
  addTable(directory, 'types', count, (index) =>
    show_port_gid_attr(device, port, index, gidTypeText),
  );
}

/** ports/N with all that is in it. 0 or a negative error. */
function* setup_port(device: IbDevice, ports: KernfsNode, port: number): MaySleep<number> {
  const attr = yield* ib_query_port(device, port);
  if (typeof attr === 'number') return attr;
  const stats = yield* readStats(device, port);
  const directory = sysfs_create_dir(ports, String(port));
  if (typeof directory === 'number') return directory;
  device.port_data[port]!.sysfs = directory;
  addDefaultFiles(device, port, directory);
  addTable(directory, 'gids', attr.gid_tbl_len, (index) => show_port_gid(device, port, index));
  if (attr.pkey_tbl_len > 0) {
    addTable(directory, 'pkeys', attr.pkey_tbl_len, (index) => show_port_pkey(device, port, index));
  }
  if (stats !== null) addHwCounters(device, port, directory, stats);
  yield* addPmaCounters(device, port, directory);
  setup_gid_attrs(device, port, directory, attr.gid_tbl_len);
  return 0;
}

/** ports/ of a device that is in sysfs. 0, or a negative error with nothing left. */
export function* ib_setup_port_attrs(device: IbDevice): MaySleep<number> {
  const ports = sysfs_create_dir(device.kobj!, 'ports');
  if (typeof ports === 'number') return ports;
  device.ports_kobj = ports;
  for (const port of rdmaPorts(device)) {
    const err = yield* setup_port(device, ports, port);
    if (err === 0) continue;
    yield* ib_free_port_attrs(device);
    return err;
  }
  return 0;
}

/** Removes ports/; waits until nobody reads in it. */
export function* ib_free_port_attrs(device: IbDevice): MaySleep<void> {
  const { ports_kobj } = device;
  if (ports_kobj === null) return;
  yield* sysfs_remove_dir(ports_kobj);
  device.ports_kobj = null;
  for (const port of rdmaPorts(device)) device.port_data[port]!.sysfs = null;
}
