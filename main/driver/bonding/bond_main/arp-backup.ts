// The ARP monitor of active-backup (bond_main.c: bond_activebackup_arp_mon, bond_ab_arp_inspect,
// bond_ab_arp_commit, bond_ab_arp_probe). While nobody is active the slaves take turns as the ARP
// slave, which probes until one of them gets an answer. Only this monitor raises BONDING_INFO for
// link changes that were made with NOTIFY_LATER (facts/driver 5.1).

import { NETDEV_NOTIFY_PEERS } from '#kernel/net/events.ts';
import { netdev_info } from '#kernel/net/netdev-log.ts';
import { call_netdevice_notifiers } from '#kernel/net/notifier.ts';
import { rtnl_trylock, rtnl_unlock } from '#kernel/net/rtnetlink.ts';
import { rcu_read_lock, rcu_read_unlock } from '#kernel/rcu.ts';
import { msecs_to_jiffies } from '#kernel/time/timer.ts';
import { queue_delayed_work } from '#kernel/workqueue.ts';
import type { Atomic, MaySleep } from '#sim/task.ts';
import {
  bond_has_slaves,
  bond_is_active_slave,
  BOND_LINK_BACK,
  BOND_LINK_DOWN,
  BOND_LINK_FAIL,
  BOND_LINK_NOCHANGE,
  BOND_LINK_UP,
  bond_slave_is_up,
  bond_slaves,
  slave_info,
} from '../bonding.ts';
import type { bonding, slave } from '../bonding.ts';
import {
  activeFlagsLater,
  bond_propose_link_state,
  bond_set_slave_inactive_flags,
  bond_set_slave_link_state,
  bond_slave_link_notify,
  bond_slave_state_notify,
  inactiveFlagsLater,
  linkStateLater,
} from '../slave-state.ts';
import { bond_arp_send_all, bond_time_in_interval, slave_last_rx } from './arp-probe.ts';
import { bond_set_carrier } from './carrier.ts';
import { bond_select_active_slave, bond_should_notify_peers } from './failover.ts';

/** The link that a slave's times speak for; NOCHANGE when it has that already. */
function* proposalFor(bond: bonding, slave: slave): Atomic<number> {
  const { missed_max } = bond.params;
  const heard = (intervals: number): boolean =>
    bond_time_in_interval(bond, slave_last_rx(bond, slave), intervals);
  const link = yield* slave.link.read();
  if (link !== BOND_LINK_UP) {
    if (heard(1)) return BOND_LINK_UP;
    return link === BOND_LINK_BACK ? BOND_LINK_FAIL : BOND_LINK_NOCHANGE;
  }
  // Two intervals of grace after joining or becoming active.
  if (bond_time_in_interval(bond, slave.last_link_up, 2)) return BOND_LINK_NOCHANGE;
  if (yield* bond_is_active_slave(slave)) {
    const talks = bond_time_in_interval(bond, slave.last_tx, missed_max) && heard(missed_max);
    return talks ? BOND_LINK_NOCHANGE : BOND_LINK_DOWN;
  }
  const searching = (yield* bond.current_arp_slave.read()) !== null;
  return searching || heard(missed_max + 1) ? BOND_LINK_NOCHANGE : BOND_LINK_DOWN;
}

/** Under RCU. True when there is something to commit. */
function* bond_ab_arp_inspect(bond: bonding): Atomic<boolean> {
  let commit = false;
  for (const slave of bond_slaves(bond)) {
    const proposal = yield* proposalFor(bond, slave);
    bond_propose_link_state(slave, proposal);
    if (proposal !== BOND_LINK_NOCHANGE) commit = true;
  }
  return commit;
}

/** A slave has heard an answer. True when a failover is wanted. */
function* commitUp(bond: bonding, slave: slave): MaySleep<boolean> {
  const active = yield* bond.curr_active_slave.read();
  if (active === slave) return false;
  const probing = yield* bond.current_arp_slave.read();
  yield* bond_set_slave_link_state(slave, BOND_LINK_UP);
  if (probing !== null) {
    yield* bond_set_slave_inactive_flags(probing);
    yield* bond.current_arp_slave.write(null);
  }
  slave_info(bond.dev, slave.dev, 'link status definitely up');
  const primary = yield* bond.primary_slave.read();
  return active === null || slave === primary || slave.prio > active.prio;
}

function* commitDown(bond: bonding, slave: slave): MaySleep<boolean> {
  slave.link_failure_count++;
  yield* bond_set_slave_link_state(slave, BOND_LINK_DOWN);
  yield* bond_set_slave_inactive_flags(slave);
  slave_info(bond.dev, slave.dev, 'link status definitely down, disabling slave');
  if ((yield* bond.curr_active_slave.read()) !== slave) return false;
  yield* bond.current_arp_slave.write(null);
  return true;
}

/** The ARP slave got no answer. */
function* commitFail(bond: bonding, slave: slave): MaySleep<void> {
  yield* bond_set_slave_link_state(slave, BOND_LINK_FAIL);
  yield* bond_set_slave_inactive_flags(slave);
  const active = yield* bond.curr_active_slave.read();
  if (active !== null) yield* bond.current_arp_slave.write(null);
}

/** RTNL is held. */
function* bond_ab_arp_commit(bond: bonding): MaySleep<void> {
  let failover = false;
  for (const slave of bond_slaves(bond)) {
    const { link_new_state } = slave;
    if (link_new_state === BOND_LINK_FAIL) yield* commitFail(bond, slave);
    const wanted =
      (link_new_state === BOND_LINK_UP && (yield* commitUp(bond, slave))) ||
      (link_new_state === BOND_LINK_DOWN && (yield* commitDown(bond, slave)));
    if (wanted) failover = true;
  }
  if (failover) yield* bond_select_active_slave(bond);
  yield* bond_set_carrier(bond);
}

/** A slave that is marked UP and has no carrier: simultaneous failures leave such ones. */
function* takeDown(bond: bonding, slave: slave): Atomic<void> {
  if (bond_slave_is_up(slave) || (yield* slave.link.read()) !== BOND_LINK_UP) return;
  yield* linkStateLater(slave, BOND_LINK_DOWN);
  slave.link_failure_count++;
  yield* inactiveFlagsLater(slave);
  slave_info(bond.dev, slave.dev, 'backup interface is now down');
}

/** The next slave with carrier after `from`, around the list; null when there is none. */
function nextInTurn(slaves: readonly slave[], from: slave): slave | null {
  const at = slaves.indexOf(from) + 1;
  const around = [...slaves.slice(at), ...slaves.slice(0, at)];
  return around.find(bond_slave_is_up) ?? null;
}

/** Sends probes, and passes the turn on while nobody is active. True when events are due. */
function* bond_ab_arp_probe(bond: bonding): Atomic<boolean> {
  const probing = yield* bond.current_arp_slave.read();
  const active = yield* bond.curr_active_slave.read();
  if (active !== null) {
    const both = probing === null ? null : `c_arp ${probing.dev.name} && cas ${active.dev.name}`;
    if (both !== null) netdev_info(bond.dev, `PROBE: ${both} BAD`);
    yield* bond_arp_send_all(bond, active);
    return false;
  }
  const slaves = bond_slaves(bond);
  const from = probing ?? slaves[0];
  if (from === undefined) return false;
  for (const slave of slaves) yield* takeDown(bond, slave);
  const next = nextInTurn(slaves, from);
  if (next !== null) {
    yield* linkStateLater(next, BOND_LINK_BACK);
    yield* activeFlagsLater(next);
    yield* bond_arp_send_all(bond, next);
    next.last_link_up = bond.k.jiffies;
    yield* bond.current_arp_slave.write(next);
  }
  return slaves.some((slave) => slave.should_notify || slave.should_notify_link);
}

/** What is to be told when RTNL can be had. */
interface News {
  readonly peers: boolean;
  readonly slaves: boolean;
  /** Jiffies until the next look. */
  readonly delay: number;
}

function* lookAtSlaves(bond: bonding): MaySleep<News> {
  const { k } = bond;
  const delay = msecs_to_jiffies(k, bond.params.arp_interval);
  if (!bond_has_slaves(bond)) return { peers: false, slaves: false, delay };
  yield* rcu_read_lock(k);
  const peers = yield* bond_should_notify_peers(bond);
  const commit = yield* bond_ab_arp_inspect(bond);
  yield* rcu_read_unlock(k);
  if (commit) {
    if (!(yield* rtnl_trylock(k))) return { peers: false, slaves: false, delay: 1 };
    yield* bond_ab_arp_commit(bond);
    yield* rtnl_unlock(k);
  }
  yield* rcu_read_lock(k);
  const slaves = yield* bond_ab_arp_probe(bond);
  yield* rcu_read_unlock(k);
  return { peers, slaves, delay };
}

/** One look at the slaves of an active-backup bond. */
export function* bond_activebackup_arp_mon(bond: bonding): MaySleep<void> {
  const news = yield* lookAtSlaves(bond);
  if (bond.params.arp_interval !== 0) {
    yield* queue_delayed_work(bond.wq, bond.arp_work, news.delay);
  }
  if (!news.peers && !news.slaves) return;
  if (!(yield* rtnl_trylock(bond.k))) return;
  if (news.peers) {
    yield* bond.send_peer_notif.modify((left) => left - 1);
    yield* call_netdevice_notifiers(NETDEV_NOTIFY_PEERS, bond.dev);
  }
  if (news.slaves) {
    yield* bond_slave_state_notify(bond);
    yield* bond_slave_link_notify(bond);
  }
  yield* rtnl_unlock(bond.k);
}
