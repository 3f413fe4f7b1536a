// Port keys (bond_3ad.c: __get_link_speed, __get_duplex, ad_update_actor_keys; facts/driver 10.7).
// The key says which ports may be aggregated: user key, speed code, duplex. A new speed restarts
// the machines; half duplex takes the port out of LACP.

import { pr_err } from '#kernel/printk.ts';
import type { Atomic } from '#sim/task.ts';
import { BOND_LINK_UP, DUPLEX_FULL, slave_err, SPEED_UNKNOWN } from '../bonding.ts';
import {
  AD_DUPLEX_KEY_MASKS,
  AD_PORT_BEGIN,
  AD_PORT_LACP_ENABLED,
  AD_SPEED_KEY_MASKS,
  port_dbg,
  setVars,
} from './ad.ts';
import type { port } from './ad.ts';

/** Speed codes by Mb/s. 1 Mb/s has code 1, which no driver reports. */
const speedCodes: ReadonlyMap<number, number> = new Map([
  [10, 2],
  [100, 3],
  [1000, 4],
  [2500, 5],
  [5000, 6],
  [10_000, 7],
  [14_000, 8],
  [20_000, 9],
  [25_000, 10],
  [40_000, 11],
  [50_000, 12],
  [56_000, 13],
  [100_000, 14],
  [200_000, 15],
  [400_000, 16],
]);

const speedsByCode: ReadonlyMap<number, number> = new Map(
  [...speedCodes].map(([speed, code]) => [code, speed]),
);

/** LACP's code of a speed, 0 for one that it does not know. */
export const speedCode = (speedMbps: number): number => speedCodes.get(speedMbps) ?? 0;

/** Mb/s of a speed code, 0 for an unknown one. */
export const speedOfCode = (code: number): number => speedsByCode.get(code) ?? 0;

/** The port's speed code; 0 while the slave's link is not UP. */
export function* __get_link_speed(port: port): Atomic<number> {
  const { slave } = port;
  if (slave === null || (yield* slave.link.read()) !== BOND_LINK_UP) return 0;
  const code = speedCode(slave.speed);
  const { bond } = slave;
  if (code === 0 && slave.speed !== SPEED_UNKNOWN && !bond.module.unknownSpeedPrinted) {
    bond.module.unknownSpeedPrinted = true;
    const what = `unknown ethtool speed (${slave.speed}) for port ${port.actor_port_number}`;
    pr_err(bond.k, `bonding: ${bond.dev.name}: (slave ${slave.dev.name}): ${what} (set it to 0)`);
  }
  port_dbg(port, `Port ${port.actor_port_number} Received link speed ${code} update from adapter`);
  return code;
}

/** 1 for full duplex; 0 while the slave's link is not UP. */
function* __get_duplex(port: port): Atomic<number> {
  const { slave } = port;
  if (slave === null || (yield* slave.link.read()) !== BOND_LINK_UP) return 0;
  return slave.duplex === DUPLEX_FULL ? 1 : 0;
}

/** Computes the keys anew; `reset` is for a link that went down: no speed, no duplex. */
export function* ad_update_actor_keys(port: port, reset: boolean): Atomic<void> {
  const before = port.actor_oper_port_key;
  const speed = reset ? 0 : yield* __get_link_speed(port);
  const duplex = reset ? 0 : yield* __get_duplex(port);
  const user = port.actor_admin_port_key & ~(AD_SPEED_KEY_MASKS | AD_DUPLEX_KEY_MASKS);
  port.actor_admin_port_key = user | (speed << 1) | duplex;
  port.actor_oper_port_key = port.actor_admin_port_key;
  if (before === port.actor_oper_port_key) return;
  setVars(port, AD_PORT_LACP_ENABLED, duplex === 1);
  if (reset) return;
  const { slave } = port;
  if (speed === 0) {
    if (slave === null) return;
    const text = `speed changed to 0 on port ${port.actor_port_number}`;
    slave_err(slave.bond.dev, slave.dev, text);
  } else if (duplex === 1 && (before & AD_SPEED_KEY_MASKS) >> 1 !== speed) {
    setVars(port, AD_PORT_BEGIN, true);
  }
}
