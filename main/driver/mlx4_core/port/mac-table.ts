// Changes of a port's MAC table (port.c: __mlx4_register_mac, __mlx4_unregister_mac,
// __mlx4_replace_mac; facts/device 9.5). The caller holds the table's mutex.

import { EINVAL, ENOSPC } from '#kernel/errno.ts';
import { macTableEntry, MLX4_SET_PORT } from '#prm/port.ts';
import type { MaySleep } from '#sim/task.ts';
import { mlx4_dbg, mlx4_err, mlx4_warn } from '../mlx4.ts';
import type { mlx4_dev } from '../mlx4.ts';
import { MAC_TABLE_PLACES, setEthernetPort } from './tables.ts';
import type { mlx4_address_table } from './tables.ts';

function mlx4_set_port_mac_table(
  dev: mlx4_dev,
  port: number,
  table: mlx4_address_table,
): MaySleep<number> {
  const { sizeBytes } = macTableEntry;
  const box = new Uint8Array(MAC_TABLE_PLACES * sizeBytes);
  for (const [index, mac] of table.entries.entries()) {
    if (mac === null) continue;
    const [mac_h, mac_l] = [Math.floor(mac / 2 ** 32), mac % 2 ** 32];
    macTableEntry.write(box, { valid: true, mac_h, mac_l }, index * sizeBytes);
  }
  return setEthernetPort(dev, port, MLX4_SET_PORT.MAC_TABLE, box);
}

/** Place of a MAC that somebody uses, or -1. */
export const placeOfMac = (table: mlx4_address_table, mac: number): number =>
  table.entries.findIndex((entry, index) => entry === mac && table.refs[index]! > 0);

const hex = (mac: number): string => `0x${mac.toString(16)}`;

/** Place of a MAC, where it is put if it is not there yet; or a negative error. */
export function* addMac(
  dev: mlx4_dev,
  port: number,
  table: mlx4_address_table,
  mac: number,
): MaySleep<number> {
  const known = placeOfMac(table, mac);
  if (known >= 0) {
    table.refs[known] = table.refs[known]! + 1;
    return known;
  }
  const free = table.refs.indexOf(0);
  mlx4_dbg(dev, `Free MAC index is ${free}`);
  if (table.total === table.max || free < 0) return -ENOSPC;
  table.entries[free] = mac;
  const err = yield* mlx4_set_port_mac_table(dev, port, table);
  if (err !== 0) {
    mlx4_err(dev, `Failed adding MAC: ${hex(mac)}`);
    table.entries[free] = null;
    return err;
  }
  table.refs[free] = 1;
  table.total++;
  return free;
}

/** 0, or -EINVAL with a warning for a place without a MAC. */
function validate_index(dev: mlx4_dev, table: mlx4_address_table, index: number): number {
  if (index >= 0 && index < table.max && table.entries[index] !== null) return 0;
  mlx4_warn(dev, 'No valid Mac entry for the given index');
  return -EINVAL;
}

export function* removeMac(
  dev: mlx4_dev,
  port: number,
  table: mlx4_address_table,
  mac: number,
): MaySleep<void> {
  const index = placeOfMac(table, mac);
  if (validate_index(dev, table, index) !== 0) return;
  const left = table.refs[index]! - 1;
  table.refs[index] = left;
  if (left > 0) {
    const what = `Have more references for index ${index}`;
    mlx4_dbg(dev, `${what}, no need to modify mac table`);
    return;
  }
  table.entries[index] = null;
  if ((yield* mlx4_set_port_mac_table(dev, port, table)) !== 0) {
    mlx4_warn(dev, `Fail to set mac in port ${port} during unregister`);
  }
  table.total--;
}

/** Puts another MAC into a place. 0 or a negative error, with the place then empty. */
export function* replaceMac(
  dev: mlx4_dev,
  port: number,
  table: mlx4_address_table,
  index: number,
  mac: number,
): MaySleep<number> {
  const invalid = validate_index(dev, table, index);
  if (invalid !== 0) return invalid;
  table.entries[index] = mac;
  const err = yield* mlx4_set_port_mac_table(dev, port, table);
  if (err === 0) return 0;
  mlx4_err(dev, `Failed adding MAC: ${hex(mac)}`);
  table.entries[index] = null;
  return err;
}
