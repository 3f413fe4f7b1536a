// The netdev notifier of bonding (bond_main.c: bond_netdev_event; facts/driver 5.1, 7.1, 10.4): a
// bond's /proc file follows its name, a slave that is unregistered leaves its bond, links and names
// of slaves are kept up with. Under RTNL, for every netdev of the machine.

import {
  NETDEV_CHANGE,
  NETDEV_CHANGENAME,
  netdev_cmd_to_name,
  NETDEV_DOWN,
  NETDEV_FEAT_CHANGE,
  NETDEV_REGISTER,
  NETDEV_RESEND_IGMP,
  NETDEV_UNREGISTER,
  NETDEV_UP,
} from '#kernel/net/events.ts';
import { ARPHRD_ETHER, IFF_BONDING, IFF_MASTER, IFF_SLAVE } from '#kernel/net/flags.ts';
import { netdev_priv } from '#kernel/net/netdevice.ts';
import type { NetDevice } from '#kernel/net/netdevice.ts';
import { netdev_info } from '#kernel/net/netdev-log.ts';
import { call_netdevice_notifiers } from '#kernel/net/notifier.ts';
import type { NetdevNotifierBlock } from '#kernel/net/notifier.ts';
import { NOTIFY_DONE } from '#kernel/notifier.ts';
import type { MaySleep } from '#sim/task.ts';
import { bond_3ad_adapter_speed_duplex_changed } from '../bond_3ad/link-change.ts';
import { bond_create_proc_entry, bond_remove_proc_entry } from '../bond_procfs.ts';
import {
  bond_dbg,
  BOND_LINK_DOWN,
  BOND_LINK_FAIL,
  BOND_MODE,
  BOND_MODE_8023AD,
  bond_mode_can_use_xmit_hash,
  bond_slave_get,
  bond_uses_primary,
  slave_dbg,
} from '../bonding.ts';
import type { bonding, slave } from '../bonding.ts';
import { bond_update_speed_duplex } from './carrier.ts';
import { bond_select_active_slave } from './failover.ts';
import { bond_compute_features } from './features.ts';
import { __bond_release_one, bond_release_and_destroy } from './release.ts';
import { bond_update_slave_arr } from './slave-array.ts';

/** Something happened to a bond. */
function bond_master_netdev_event(event: number, bond_dev: NetDevice): void {
  const bond = netdev_priv<bonding>(bond_dev);
  bond_dbg(bond_dev, 'bond_master_netdev_event called');
  if (event === NETDEV_CHANGENAME || event === NETDEV_UNREGISTER) bond_remove_proc_entry(bond);
  if (event === NETDEV_CHANGENAME || event === NETDEV_REGISTER) bond_create_proc_entry(bond);
}

/** The slave's link may have another speed; without one, 802.3ad takes it for failing. */
function* speedMayHaveChanged(slave: slave): MaySleep<void> {
  const { bond } = slave;
  const unknown = yield* bond_update_speed_duplex(slave);
  if (BOND_MODE(bond) !== BOND_MODE_8023AD) return;
  if (unknown) {
    yield* slave.link.write(slave.last_link_up !== 0 ? BOND_LINK_FAIL : BOND_LINK_DOWN);
  }
  yield* bond_3ad_adapter_speed_duplex_changed(slave);
}

/** A slave has another name: it may have become the primary, or be it no more. */
function* nameChanged(slave: slave): MaySleep<void> {
  const { bond, dev: slave_dev } = slave;
  if (!bond_uses_primary(bond) || bond.params.primary === '') return;
  const primary = yield* bond.primary_slave.read();
  if (slave === primary) yield* bond.primary_slave.write(null);
  else if (slave_dev.name === bond.params.primary) yield* bond.primary_slave.write(slave);
  else return;
  const now = primary === null ? 'none' : slave_dev.name;
  netdev_info(bond.dev, `Primary slave changed to ${now}, reselecting active slave`);
  yield* bond_select_active_slave(bond);
}

/** The slave's features changed; those of the bond follow, but not in a circle. */
function* featuresChanged(bond: bonding): MaySleep<void> {
  if (bond.notifier_ctx) return;
  bond.notifier_ctx = true;
  yield* bond_compute_features(bond);
  bond.notifier_ctx = false;
}

/** Something happened to a slave. */
function* bond_slave_netdev_event(event: number, slave_dev: NetDevice): MaySleep<void> {
  const slave = bond_slave_get(slave_dev);
  // Events of an enslave that has not registered its rx handler yet.
  if (slave === null) return;
  const { bond } = slave;
  slave_dbg(bond.dev, slave_dev, 'bond_slave_netdev_event called');
  switch (event) {
    case NETDEV_UNREGISTER:
      if (bond.dev.type !== ARPHRD_ETHER) yield* bond_release_and_destroy(bond.dev, slave_dev);
      else yield* __bond_release_one(bond.dev, slave_dev, false, true);
      break;
    case NETDEV_UP:
    case NETDEV_CHANGE:
    case NETDEV_DOWN:
      if (event !== NETDEV_DOWN) yield* speedMayHaveChanged(slave);
      // Without a monitor nobody else would notice.
      if (bond_mode_can_use_xmit_hash(bond)) yield* bond_update_slave_arr(bond, null);
      break;
    case NETDEV_CHANGENAME:
      yield* nameChanged(slave);
      break;
    case NETDEV_FEAT_CHANGE:
      yield* featuresChanged(bond);
      break;
    case NETDEV_RESEND_IGMP:
      yield* call_netdevice_notifiers(event, bond.dev);
  }
}

/** The callback. */
export function* bond_netdev_event(event: number, dev: NetDevice): MaySleep<number> {
  if ((dev.priv_flags & IFF_BONDING) === 0) return NOTIFY_DONE;
  if ((dev.flags & IFF_MASTER) !== 0) {
    bond_dbg(dev, `bond_netdev_event received NETDEV_${netdev_cmd_to_name(event)}`);
    bond_master_netdev_event(event, dev);
  }
  if ((dev.flags & IFF_SLAVE) !== 0) yield* bond_slave_netdev_event(event, dev);
  return NOTIFY_DONE;
}

/** The block that the module registers. */
export const bond_netdev_notifier = (): NetdevNotifierBlock => ({
  name: 'bond_netdev_event',
  priority: 0,
  notifier_call: (event, info) => bond_netdev_event(event, info.dev),
});
