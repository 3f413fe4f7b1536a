// The VLAN table of a port (port.c: mlx4_register_vlan, mlx4_unregister_vlan; facts/device 9.5).
// The first two places stand for "no VLAN" and "VLAN miss" and are never given out.

import { EINVAL, ENOENT, ENOMEM, ENOSPC } from '#kernel/errno.ts';
import { mutex_lock, mutex_unlock } from '#kernel/locking/mutex.ts';
import { MLX4_SET_PORT, MLX4_VLAN_REGULAR, vlanTableEntry } from '#prm/port.ts';
import type { MaySleep } from '#sim/task.ts';
import { mlx4_dbg, mlx4_warn } from '../mlx4.ts';
import type { mlx4_dev } from '../mlx4.ts';
import { setEthernetPort, tablesOfPort, VLAN_TABLE_PLACES } from './tables.ts';
import type { mlx4_address_table } from './tables.ts';

const highestVlan = 4095;

function mlx4_set_port_vlan_table(
  dev: mlx4_dev,
  port: number,
  table: mlx4_address_table,
): MaySleep<number> {
  const box = new Uint8Array(VLAN_TABLE_PLACES * vlanTableEntry.sizeBytes);
  for (const [index, vlan] of table.entries.entries()) {
    if (vlan !== null) {
      vlanTableEntry.write(box, { valid: true, vlan }, index * vlanTableEntry.sizeBytes);
    }
  }
  return setEthernetPort(dev, port, MLX4_SET_PORT.VLAN_TABLE, box);
}

const placeOf = (table: mlx4_address_table, vlan: number): number =>
  table.entries.findIndex((entry, index) => entry === vlan && table.refs[index]! > 0);

/** Place of a VLAN, or -ENOENT. */
export function mlx4_find_cached_vlan(dev: mlx4_dev, port: number, vlan: number): number {
  const index = placeOf(tablesOfPort(dev, port).vlan_table, vlan);
  return index < 0 ? -ENOENT : index;
}

/** Under the table's mutex. */
function* addVlan(
  dev: mlx4_dev,
  port: number,
  table: mlx4_address_table,
  vlan: number,
): MaySleep<number> {
  if (table.total === table.max) return -ENOSPC;
  const known = placeOf(table, vlan);
  if (known >= MLX4_VLAN_REGULAR) {
    mlx4_dbg(dev, `vlan ${vlan} is already registered.`);
    table.refs[known] = table.refs[known]! + 1;
    return known;
  }
  const free = table.refs.indexOf(0, MLX4_VLAN_REGULAR);
  if (free < 0) return -ENOMEM;
  table.refs[free] = 1;
  table.entries[free] = vlan;
  const err = yield* mlx4_set_port_vlan_table(dev, port, table);
  if (err === 0) {
    table.total++;
    return free;
  }
  mlx4_warn(dev, `Failed adding vlan: ${vlan}`);
  table.refs[free] = 0;
  table.entries[free] = null;
  return err;
}

/** Place of a VLAN in the table, where it is put if it is not there yet; or a negative error. */
export function* mlx4_register_vlan(dev: mlx4_dev, port: number, vlan: number): MaySleep<number> {
  if (vlan > highestVlan) return -EINVAL;
  const table = tablesOfPort(dev, port).vlan_table;
  mlx4_dbg(dev, `Registering VLAN: ${vlan} for port ${port} without duplicate`);
  yield* mutex_lock(table.mutex);
  const index = yield* addVlan(dev, port, table, vlan);
  yield* mutex_unlock(table.mutex);
  return index;
}

/** Under the table's mutex. */
function* removeVlan(
  dev: mlx4_dev,
  port: number,
  table: mlx4_address_table,
  vlan: number,
): MaySleep<void> {
  const index = placeOf(table, vlan);
  if (index < 0) {
    mlx4_warn(dev, `vlan 0x${vlan.toString(16)} is not in the vlan table`);
    return;
  }
  if (index < MLX4_VLAN_REGULAR) {
    mlx4_warn(dev, `Trying to free special vlan index ${index}`);
    return;
  }
  const left = table.refs[index]! - 1;
  table.refs[index] = left;
  if (left > 0) {
    const what = `Have ${left} more references for index ${index}`;
    mlx4_dbg(dev, `${what}, no need to modify vlan table`);
    return;
  }
  table.entries[index] = null;
  if ((yield* mlx4_set_port_vlan_table(dev, port, table)) !== 0) {
    mlx4_warn(dev, `Fail to set vlan in port ${port} during unregister`);
  }
  table.total--;
}

export function* mlx4_unregister_vlan(dev: mlx4_dev, port: number, vlan: number): MaySleep<void> {
  const table = tablesOfPort(dev, port).vlan_table;
  yield* mutex_lock(table.mutex);
  yield* removeVlan(dev, port, table, vlan);
  yield* mutex_unlock(table.mutex);
}
