// What link changes mean for 802.3ad (bond_3ad.c: bond_3ad_handle_link_change,
// bond_3ad_adapter_speed_duplex_changed; facts/driver 10.5, 10.7). Called under RTNL by the MII
// monitor and by the netdev notifier.

import { spin_lock_bh, spin_unlock_bh } from '#kernel/locking/spinlock.ts';
import type { Atomic, MaySleep } from '#sim/task.ts';
import { bond_update_slave_arr } from '../bond_main/slave-array.ts';
import { BOND_LINK_UP, slave_dbg, slave_warn } from '../bonding.ts';
import type { slave } from '../bonding.ts';
import { SLAVE_AD_INFO } from './ad.ts';
import { ad_update_actor_keys } from './keys.ts';
import { ad_agg_selection_logic } from './selection.ts';

/** The slave's link is UP now, or down. */
export function* bond_3ad_handle_link_change(slave: slave, link: number): MaySleep<void> {
  const { bond } = slave;
  const { port } = SLAVE_AD_INFO(slave);
  if (port.slave === null) {
    slave_warn(bond.dev, slave.dev, 'link status changed for uninitialized port');
    return;
  }
  const up = link === BOND_LINK_UP;
  yield* spin_lock_bh(bond.mode_lock);
  port.is_enabled = up;
  yield* ad_update_actor_keys(port, !up);
  yield* ad_agg_selection_logic(bond, { updateSlaveArray: false });
  yield* spin_unlock_bh(bond.mode_lock);
  const status = `changed link status to ${up ? 'UP' : 'DOWN'}`;
  slave_dbg(bond.dev, slave.dev, `Port ${port.actor_port_number} ${status}`);
  yield* bond_update_slave_arr(bond, null);
}

/** The slave's speed or duplex may be another one. */
export function* bond_3ad_adapter_speed_duplex_changed(slave: slave): Atomic<void> {
  const { bond } = slave;
  const { port } = SLAVE_AD_INFO(slave);
  if (port.slave === null) {
    slave_warn(bond.dev, slave.dev, 'speed/duplex changed for uninitialized port');
    return;
  }
  yield* spin_lock_bh(bond.mode_lock);
  yield* ad_update_actor_keys(port, false);
  yield* spin_unlock_bh(bond.mode_lock);
  slave_dbg(bond.dev, slave.dev, `Port ${port.actor_port_number} changed speed/duplex`);
}
