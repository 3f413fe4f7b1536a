// Addresses that the card knows of a port (port.c: struct mlx4_mac_table, struct mlx4_vlan_table;
// facts/device
// 9.5): 128 places each, with a count of users. The whole table goes to the card at every change.
// The members are protected by the table's mutex.
// Left out: copies of a table on the other port, which only bonded cards with virtual functions
// have.

import { mutex_init } from '#kernel/locking/mutex.ts';
import type { Mutex } from '#kernel/locking/mutex.ts';
import {
  MLX4_MAX_MAC_NUM,
  MLX4_MAX_VLAN_NUM,
  MLX4_SET_PORT_ETH_OPCODE,
  setPortModifier,
} from '#prm/port.ts';
import type { MaySleep } from '#sim/task.ts';
import { sendMailbox } from '../cmd/query.ts';
import { cardName, mlx4_priv } from '../mlx4.ts';
import type { mlx4_dev } from '../mlx4.ts';
import { notNull } from '../tables.ts';

/** A table of MACs or VLANs. */
export interface mlx4_address_table {
  readonly mutex: Mutex;
  /** What is in each place; null = nothing. */
  readonly entries: (number | null)[];
  readonly refs: number[];
  /** Most entries in use at once. */
  readonly max: number;
  total: number;
}

/** Both tables of a port. */
export interface mlx4_port_tables {
  readonly mac_table: mlx4_address_table;
  readonly vlan_table: mlx4_address_table;
  /** First queue pair of the port's MACs under A0 steering. */
  readonly base_qpn: number;
}

/** An empty table with places for `size` addresses. */
export const emptyTable = (
  dev: mlx4_dev,
  name: string,
  size: number,
  max: number,
): mlx4_address_table => ({
  mutex: mutex_init(dev.k, `${name}.mutex(${cardName(dev)})`),
  entries: Array.from({ length: size }, () => null),
  refs: Array.from({ length: size }, () => 0),
  max,
  total: 0,
});

export const MAC_TABLE_PLACES = MLX4_MAX_MAC_NUM;
export const VLAN_TABLE_PLACES = MLX4_MAX_VLAN_NUM;

/** The tables of a port; a fault when the port is not set up. */
export const tablesOfPort = (dev: mlx4_dev, port: number): mlx4_port_tables =>
  notNull(mlx4_priv(dev).port[port]?.tables ?? null);

/** Sends an Ethernet form of SET_PORT; `type` is one of MLX4_SET_PORT. */
export const setEthernetPort = (
  dev: mlx4_dev,
  port: number,
  type: number,
  box: Uint8Array,
): MaySleep<number> =>
  sendMailbox(dev, 'MLX4_CMD_SET_PORT', box, {
    in_modifier: setPortModifier(type, port),
    op_modifier: MLX4_SET_PORT_ETH_OPCODE,
  });
