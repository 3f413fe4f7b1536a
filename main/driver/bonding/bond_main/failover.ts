// Choosing and changing the active slave (bond_main.c: bond_find_best_slave,
// bond_change_active_slave, bond_select_active_slave, bond_do_fail_over_mac; facts/driver 10.6).
// Under RTNL. Peers hear of a failover by NOTIFY_PEERS, for which inet sends gratuitous ARP; IGMP
// reports follow one jiffy later.

import {
  NETDEV_BONDING_FAILOVER,
  NETDEV_NOTIFY_PEERS,
  NETDEV_RESEND_IGMP,
} from '#kernel/net/events.ts';
import { dev_set_mac_address } from '#kernel/net/dev.ts';
import { netif_carrier_ok, netif_running } from '#kernel/net/netdevice.ts';
import { netdev_err, netdev_info } from '#kernel/net/netdev-log.ts';
import { call_netdevice_notifiers } from '#kernel/net/notifier.ts';
import { ASSERT_RTNL, rtnl_trylock, rtnl_unlock } from '#kernel/net/rtnetlink.ts';
import { ether_addr_equal } from '#kernel/net/skb.ts';
import { queue_delayed_work } from '#kernel/workqueue.ts';
import type { Atomic, MaySleep } from '#sim/task.ts';
import { bond_3ad_handle_link_change } from '../bond_3ad/link-change.ts';
import {
  BOND_FOM_ACTIVE,
  BOND_FOM_FOLLOW,
  bond_is_lb,
  BOND_LINK_BACK,
  BOND_LINK_UP,
  BOND_MODE,
  BOND_MODE_8023AD,
  BOND_MODE_ACTIVEBACKUP,
  BOND_MODE_ROUNDROBIN,
  BOND_PRI_RESELECT_ALWAYS,
  BOND_PRI_RESELECT_BETTER,
  BOND_PRI_RESELECT_FAILURE,
  bond_slave_is_up,
  bond_slaves,
  bond_uses_primary,
  slave_err,
  slave_info,
} from '../bonding.ts';
import type { bonding, slave } from '../bonding.ts';
import {
  bond_set_slave_active_flags,
  bond_set_slave_inactive_flags,
  bond_set_slave_link_state,
} from '../slave-state.ts';
import { bond_set_carrier } from './carrier.ts';
import { bond_hw_addr_swap, bond_set_dev_addr } from './hw-addr.ts';
import { tellActive } from './told.ts';

function* linkIsUp(slave: slave | null): Atomic<boolean> {
  return slave !== null && (yield* slave.link.read()) === BOND_LINK_UP;
}

/** The slave with the highest prio among those that are UP; the first of equals. */
function* highestPrio(bond: bonding): Atomic<slave | null> {
  let best: slave | null = null;
  for (const slave of bond_slaves(bond)) {
    if (!(yield* linkIsUp(slave))) continue;
    if (best === null || slave.prio > best.prio) best = slave;
  }
  return best;
}

/** primary_reselect, when both candidate and current slave are UP. */
function reselect(bond: bonding, candidate: slave, curr: slave): slave {
  switch (bond.params.primary_reselect) {
    case BOND_PRI_RESELECT_ALWAYS:
      return candidate;
    case BOND_PRI_RESELECT_BETTER: {
      // Unsigned: an unknown speed (-1) is the highest of all.
      const faster = (candidate.speed >>> 0) - (curr.speed >>> 0);
      if (faster !== 0) return faster < 0 ? curr : candidate;
      return candidate.duplex <= curr.duplex ? curr : candidate;
    }
    case BOND_PRI_RESELECT_FAILURE:
      return curr;
    default:
      netdev_err(bond.dev, `impossible primary_reselect ${bond.params.primary_reselect}`);
      return curr;
  }
}

/** The primary when it is UP, else the highest prio, else the current one; null when none is UP. */
function* bond_choose_primary_or_current(bond: bonding): Atomic<slave | null> {
  const curr = yield* bond.curr_active_slave.read();
  let candidate = yield* bond.primary_slave.read();
  if (yield* linkIsUp(candidate)) {
    if (bond.force_primary) {
      bond.force_primary = false;
      return candidate;
    }
  } else {
    candidate = yield* highestPrio(bond);
    if (candidate === null || candidate === curr) return (yield* linkIsUp(curr)) ? curr : null;
  }
  if (candidate === null || curr === null || !(yield* linkIsUp(curr))) return candidate;
  return reselect(bond, candidate, curr);
}

/** Who should be active: see above, else the first UP, else the one that comes back soonest. */
function* bond_find_best_slave(bond: bonding): Atomic<slave | null> {
  const chosen = yield* bond_choose_primary_or_current(bond);
  if (chosen !== null) return chosen;
  let best: slave | null = null;
  let shortest = bond.params.updelay;
  for (const slave of bond_slaves(bond)) {
    const link = yield* slave.link.read();
    if (link === BOND_LINK_UP) return slave;
    if (link !== BOND_LINK_BACK || !bond_slave_is_up(slave) || slave.delay >= shortest) continue;
    shortest = slave.delay;
    best = slave;
  }
  return best;
}

/** Another notification to the peers is due, and would reach them. */
export function* bond_should_notify_peers(bond: bonding): Atomic<boolean> {
  const slave = yield* bond.curr_active_slave.read();
  const left = yield* bond.send_peer_notif.read();
  if (slave === null || left === 0) return false;
  if (left % Math.max(1, bond.params.peer_notif_delay) !== 0) return false;
  return netif_carrier_ok(bond.dev) && !slave.dev.linkwatchPending;
}

/** The slave that has the bond's address, other than the new active one. */
const bond_get_old_active = (bond: bonding, new_active: slave): slave | null =>
  bond_slaves(bond).find(
    (slave) => slave !== new_active && ether_addr_equal(slave.dev.dev_addr, 0, bond.dev.dev_addr),
  ) ?? null;

/**
 * fail_over_mac follow: the new active slave gets the bond's address, the old one what that had.
 */
function* swapAddresses(
  bond: bonding,
  new_active: slave,
  old_active: slave | null,
): MaySleep<void> {
  const old = old_active ?? bond_get_old_active(bond, new_active);
  const given = new_active.dev.dev_addr.slice();
  const taken = (old ?? bond).dev.dev_addr.slice();
  const first = yield* dev_set_mac_address(new_active.dev, taken);
  if (first !== 0) {
    slave_err(bond.dev, new_active.dev, `Error ${-first} setting MAC of new active slave`);
    return;
  }
  if (old === null) return;
  const second = yield* dev_set_mac_address(old.dev, given);
  if (second !== 0)
    slave_err(bond.dev, old.dev, `Error ${-second} setting MAC of old active slave`);
}

function* bond_do_fail_over_mac(
  bond: bonding,
  new_active: slave,
  old_active: slave | null,
): MaySleep<void> {
  const policy = bond.params.fail_over_mac;
  if (policy === BOND_FOM_FOLLOW) yield* swapAddresses(bond, new_active, old_active);
  else if (policy === BOND_FOM_ACTIVE) {
    const err = yield* bond_set_dev_addr(bond.dev, new_active.dev);
    if (err === 0) return;
    slave_err(bond.dev, new_active.dev, `Error ${-err} setting bond MAC from slave`);
  } else netdev_err(bond.dev, `bond_do_fail_over_mac impossible: bad policy ${policy}`);
}

/** Prepares the new active slave: one that was only coming back is UP from now on. */
function* welcomeSlave(bond: bonding, slave: slave): MaySleep<void> {
  slave.last_link_up = bond.k.jiffies;
  const early = (yield* slave.link.read()) === BOND_LINK_BACK;
  if (bond_uses_primary(bond)) {
    const ms = (bond.params.updelay - slave.delay) * bond.params.miimon;
    const when = early ? ` ${ms} ms earlier` : '';
    slave_info(bond.dev, slave.dev, `making interface the new active one${when}`);
  }
  if (!early) return;
  slave.delay = 0;
  yield* bond_set_slave_link_state(slave, BOND_LINK_UP);
  if (BOND_MODE(bond) === BOND_MODE_8023AD) {
    yield* bond_3ad_handle_link_change(slave, BOND_LINK_UP);
  }
}

/** active-backup: states, addresses, and the news for the neighbours. */
function* takeOver(
  bond: bonding,
  new_active: slave | null,
  old_active: slave | null,
): MaySleep<void> {
  if (old_active !== null) yield* bond_set_slave_inactive_flags(old_active);
  if (new_active === null) return;
  yield* bond_set_slave_active_flags(new_active);
  const { num_peer_notif, peer_notif_delay, fail_over_mac } = bond.params;
  if (fail_over_mac !== 0) yield* bond_do_fail_over_mac(bond, new_active, old_active);
  let notifyPeers = false;
  if (netif_running(bond.dev)) {
    yield* bond.send_peer_notif.write(num_peer_notif * Math.max(1, peer_notif_delay));
    notifyPeers = yield* bond_should_notify_peers(bond);
  }
  yield* call_netdevice_notifiers(NETDEV_BONDING_FAILOVER, bond.dev);
  if (!notifyPeers) return;
  yield* bond.send_peer_notif.modify((left) => left - 1);
  yield* call_netdevice_notifiers(NETDEV_NOTIFY_PEERS, bond.dev);
}

/** Makes `new_active` (or nobody) the active slave. */
export function* bond_change_active_slave(bond: bonding, new_active: slave | null): MaySleep<void> {
  ASSERT_RTNL(bond.k, 'drivers/net/bonding/bond_main.c (1195)');
  const old_active = yield* bond.curr_active_slave.read();
  if (old_active === new_active) return;
  if (new_active !== null) yield* welcomeSlave(bond, new_active);
  if (bond_uses_primary(bond)) yield* bond_hw_addr_swap(bond, new_active, old_active);
  yield* bond.curr_active_slave.write(new_active);
  tellActive(bond, new_active);
  if (bond_is_lb(bond)) {
    if (old_active !== null) yield* bond_set_slave_inactive_flags(old_active);
    if (new_active !== null) yield* bond_set_slave_active_flags(new_active);
  }
  if (BOND_MODE(bond) === BOND_MODE_ACTIVEBACKUP) yield* takeOver(bond, new_active, old_active);
  const affected =
    (bond_uses_primary(bond) && new_active !== null) || BOND_MODE(bond) === BOND_MODE_ROUNDROBIN;
  if (netif_running(bond.dev) && bond.params.resend_igmp > 0 && affected) {
    bond.igmp_retrans = bond.params.resend_igmp;
    yield* queue_delayed_work(bond.wq, bond.mcast_work, 1);
  }
}

/** Looks for the best slave and changes to it when it is another one. */
export function* bond_select_active_slave(bond: bonding): MaySleep<void> {
  ASSERT_RTNL(bond.k, 'drivers/net/bonding/bond_main.c (1306)');
  const best = yield* bond_find_best_slave(bond);
  if (best === (yield* bond.curr_active_slave.read())) return;
  yield* bond_change_active_slave(bond, best);
  if (!(yield* bond_set_carrier(bond))) return;
  if (netif_carrier_ok(bond.dev)) netdev_info(bond.dev, 'active interface up!');
  else netdev_info(bond.dev, 'now running without any active interface!');
}

/** The work behind resend_igmp: raises RESEND_IGMP, some times every fifth of a second. */
export function* bond_resend_igmp_join_requests_delayed(bond: bonding): MaySleep<void> {
  const { k } = bond;
  if (!(yield* rtnl_trylock(k))) {
    yield* queue_delayed_work(bond.wq, bond.mcast_work, 1);
    return;
  }
  yield* call_netdevice_notifiers(NETDEV_RESEND_IGMP, bond.dev);
  if (bond.igmp_retrans > 1) {
    bond.igmp_retrans--;
    yield* queue_delayed_work(bond.wq, bond.mcast_work, Math.floor(k.HZ / 5));
  }
  yield* rtnl_unlock(k);
}
