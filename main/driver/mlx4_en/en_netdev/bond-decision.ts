// What mlx4_en makes of a netdev event: nothing, or a bond work with its request and port map.
// Pure, so that the tables of facts/driver 5.4 (kept or dropped) and 5.5 (the map) can be tested
// row by row. The reads of pndev[] and upper[] and the queueing are in notifier.ts.

import type { BondRequest } from '../../mlx4_core/main/bond.ts';
import type { mlx4_port_map } from '../../mlx4_core/mlx4.ts';

/** enum bond modes that the card can carry (include/uapi/linux/if_bonding.h). */
export const BOND_MODE_ACTIVEBACKUP = 1;
export const BOND_MODE_XOR = 2;
export const BOND_MODE_8023AD = 4;

/** struct ifslave: link. */
export const BOND_LINK_UP = 0;
export const BOND_LINK_FAIL = 1;
export const BOND_LINK_DOWN = 2;
export const BOND_LINK_BACK = 3;
/** struct ifslave: state. */
export const BOND_STATE_ACTIVE = 0;
export const BOND_STATE_BACKUP = 1;

/** What NETDEV_BONDING_INFO carries and this driver looks at (facts/driver 5.2). */
export interface BondingInfo {
  readonly slave: { readonly link: number; readonly state: number };
  readonly master: { readonly bond_mode: number; readonly num_slaves: number };
}

/** What the walk over the card's Ethernet ports found. */
export interface PortWalk {
  /** Ethernet ports of the card. */
  readonly ethPorts: number;
  /** Port number of the event's netdev; 0 when it is not ours. */
  readonly portNumber: number;
  /** Every Ethernet port has a netdev, and all of them the same master. */
  readonly sameMaster: boolean;
}

const both: mlx4_port_map = { port1: 1, port2: 2 };
const allOnPort1: mlx4_port_map = { port1: 1, port2: 1 };
const allOnPort2: mlx4_port_map = { port1: 2, port2: 2 };

/**
 * The port map for the slave that the event is about; null for a bond that the card cannot carry.
 */
export function bondPortMap(portNumber: number, info: BondingInfo): mlx4_port_map | null {
  const { bond_mode, num_slaves } = info.master;
  const thisOne = portNumber === 1 ? allOnPort1 : allOnPort2;
  const theOther = portNumber === 1 ? allOnPort2 : allOnPort1;
  if (num_slaves !== 2) return null;
  if (bond_mode === BOND_MODE_ACTIVEBACKUP) {
    return info.slave.state === BOND_STATE_ACTIVE ? thisOne : theOther;
  }
  if (bond_mode === BOND_MODE_XOR || bond_mode === BOND_MODE_8023AD) {
    const { link } = info.slave;
    return link === BOND_LINK_UP || link === BOND_LINK_FAIL ? both : theOther;
  }
  return null;
}

/**
 * Decides about one event. `info` is what NETDEV_BONDING_INFO carries, null for every other event.
 * Null means that the event is dropped. With both ports under one master only BONDING_INFO counts;
 * otherwise EVERY event of an own port asks for an unbond, which does nothing on a card that is not
 * bonded.
 */
export function decideBondEvent(walk: PortWalk, info: BondingInfo | null): BondRequest | null {
  const mayBond = walk.sameMaster && walk.ethPorts === 2;
  if (walk.portNumber === 0 || (mayBond && info === null)) return null;
  const map = mayBond && info !== null ? bondPortMap(walk.portNumber, info) : null;
  return map === null ? { isBonded: false, map: { port1: 0, port2: 0 } } : { isBonded: true, map };
}
