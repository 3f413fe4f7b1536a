// The MII monitor (bond_main.c: bond_mii_monitor, bond_miimon_inspect, bond_miimon_commit;
// facts/driver 10.5): every miimon ms it inspects the slaves under RCU and, when something is to be
// done, commits under RTNL. RTNL is only tried: while it is busy the same inspection comes again
// every jiffy, with its lines. The table of facts/driver 10.5 is inspectSlave(), which is pure.

import { NETDEV_NOTIFY_PEERS } from '#kernel/net/events.ts';
import { call_netdevice_notifiers } from '#kernel/net/notifier.ts';
import { ASSERT_RTNL, rtnl_trylock, rtnl_unlock } from '#kernel/net/rtnetlink.ts';
import { rcu_read_lock, rcu_read_unlock } from '#kernel/rcu.ts';
import { msecs_to_jiffies } from '#kernel/time/timer.ts';
import { queue_delayed_work } from '#kernel/workqueue.ts';
import type { Atomic, MaySleep } from '#sim/task.ts';
import {
  bond_3ad_adapter_speed_duplex_changed,
  bond_3ad_handle_link_change,
} from '../bond_3ad/link-change.ts';
import {
  bond_has_slaves,
  bond_is_active_slave,
  BOND_LINK_BACK,
  BOND_LINK_DOWN,
  BOND_LINK_FAIL,
  BOND_LINK_NOCHANGE,
  BOND_LINK_UP,
  BOND_MODE,
  BOND_MODE_8023AD,
  BOND_MODE_ACTIVEBACKUP,
  BOND_MODE_XOR,
  bond_needs_speed_duplex,
  bond_slaves,
  DUPLEX_HALF,
  slave_dbg,
  slave_info,
  slave_warn,
  SPEED_UNKNOWN,
} from '../bonding.ts';
import type { bonding, slave } from '../bonding.ts';
import {
  bond_propose_link_state,
  bond_set_active_slave,
  bond_set_backup_slave,
  bond_set_slave_inactive_flags,
  bond_set_slave_link_state,
  commitLinkLater,
} from '../slave-state.ts';
import { bond_check_dev_link, bond_set_carrier, bond_update_speed_duplex } from './carrier.ts';
import { bond_select_active_slave, bond_should_notify_peers } from './failover.ts';
import { bond_update_slave_arr } from './slave-array.ts';

/** What an inspection looks at. Delays are ticks. */
export interface Inspected {
  readonly link: number;
  readonly delay: number;
  /** The netdev runs and has carrier. */
  readonly linkOk: boolean;
  readonly updelay: number;
  readonly downdelay: number;
  readonly miimon: number;
  /** Nobody else could carry traffic: do not wait for updelay. */
  readonly ignoreUpdelay: boolean;
  /** `active ` or `backup ` in active-backup, else empty. */
  readonly role: string;
}

/** What an inspection finds. */
export interface Verdict {
  /** The link to propose, or NOCHANGE. */
  readonly proposal: number;
  readonly delay: number;
  /** Line to print; `late` marks those that 6.12 limits in number. */
  readonly line: { readonly text: string; readonly limited: boolean } | null;
}

/** A link that was UP is gone, or still gone. */
function inspectFail(at: Inspected, delay: number, text: string | null): Verdict {
  const line = text === null ? null : { text, limited: true };
  if (delay <= 0) return { proposal: BOND_LINK_DOWN, delay, line };
  const started = at.link === BOND_LINK_UP;
  return { proposal: started ? BOND_LINK_FAIL : BOND_LINK_NOCHANGE, delay: delay - 1, line };
}

/** A link that was DOWN is back, or still back. */
function inspectBack(at: Inspected, delay: number, text: string | null): Verdict {
  const line = text === null ? null : { text, limited: true };
  const left = at.ignoreUpdelay ? 0 : delay;
  if (left <= 0) return { proposal: BOND_LINK_UP, delay: left, line };
  const started = at.link === BOND_LINK_DOWN;
  return { proposal: started ? BOND_LINK_BACK : BOND_LINK_NOCHANGE, delay: left - 1, line };
}

/** One row of the table: a link state and what the netdev says. */
export function inspectSlave(at: Inspected): Verdict {
  const { delay, linkOk, updelay, downdelay, miimon } = at;
  const unchanged: Verdict = { proposal: BOND_LINK_NOCHANGE, delay, line: null };
  switch (at.link) {
    case BOND_LINK_UP: {
      if (linkOk) return unchanged;
      const ms = downdelay * miimon;
      const text = `link status down for ${at.role}interface, disabling it in ${ms} ms`;
      return inspectFail(at, downdelay, downdelay > 0 ? text : null);
    }
    case BOND_LINK_FAIL: {
      if (!linkOk) return inspectFail(at, delay, null);
      const text = `link status up again after ${(downdelay - delay) * miimon} ms`;
      return { proposal: BOND_LINK_UP, delay, line: { text, limited: true } };
    }
    case BOND_LINK_DOWN: {
      if (!linkOk) return unchanged;
      const ms = at.ignoreUpdelay ? 0 : updelay * miimon;
      const text = `link status up, enabling it in ${ms} ms`;
      return inspectBack(at, updelay, updelay > 0 ? text : null);
    }
    case BOND_LINK_BACK: {
      if (linkOk) return inspectBack(at, delay, null);
      const text = `link status down again after ${(updelay - delay) * miimon} ms`;
      return { proposal: BOND_LINK_DOWN, delay, line: { text, limited: true } };
    }
    default:
      return unchanged;
  }
}

/** Nobody carries traffic: the first link that comes back need not wait. */
function* ignoresUpdelay(bond: bonding): Atomic<boolean> {
  if (BOND_MODE(bond) === BOND_MODE_ACTIVEBACKUP) {
    return (yield* bond.curr_active_slave.read()) === null;
  }
  const usable = yield* bond.usable_slaves.read();
  return usable !== null && usable.length === 0;
}

function* roleOf(bond: bonding, slave: slave): Atomic<string> {
  if (BOND_MODE(bond) !== BOND_MODE_ACTIVEBACKUP) return '';
  return (yield* bond_is_active_slave(slave)) ? 'active ' : 'backup ';
}

/** Proposes new links; under RCU. True when there is something to commit. */
export function* bond_miimon_inspect(bond: bonding): Atomic<boolean> {
  const { updelay, downdelay, miimon } = bond.params;
  let ignoreUpdelay = yield* ignoresUpdelay(bond);
  let commit = false;
  for (const slave of bond_slaves(bond)) {
    const link = yield* slave.link.read();
    const linkOk = bond_check_dev_link(bond, slave);
    const role = yield* roleOf(bond, slave);
    const { delay } = slave;
    const seen = { link, delay, linkOk, updelay, downdelay, miimon, ignoreUpdelay, role };
    const verdict = inspectSlave(seen);
    bond_propose_link_state(slave, verdict.proposal);
    slave.delay = verdict.delay;
    if (verdict.line !== null) printVerdict(bond, slave, verdict.line);
    if (verdict.proposal === BOND_LINK_NOCHANGE) continue;
    commit = true;
    if (verdict.proposal !== BOND_LINK_UP) continue;
    if (link === BOND_LINK_FAIL) slave.last_link_up = bond.k.jiffies;
    else ignoreUpdelay = false;
  }
  return commit;
}

function printVerdict(bond: bonding, slave: slave, line: NonNullable<Verdict['line']>): void {
  if (bond.k.is612 && line.limited && !bond.module.netRatelimit.allow()) return;
  slave_info(bond.dev, slave.dev, line.text);
}

/** What the mode does about a link that is UP or DOWN now. */
function* bond_miimon_link_change(bond: bonding, slave: slave, link: number): MaySleep<void> {
  const mode = BOND_MODE(bond);
  if (mode === BOND_MODE_8023AD) yield* bond_3ad_handle_link_change(slave, link);
  else if (mode === BOND_MODE_XOR) yield* bond_update_slave_arr(bond, null);
}

/** The link is UP. True when a failover is wanted. */
function* commitUp(bond: bonding, slave: slave): MaySleep<boolean> {
  const mode = BOND_MODE(bond);
  if ((yield* bond_update_speed_duplex(slave)) && bond_needs_speed_duplex(bond)) {
    yield* slave.link.write(BOND_LINK_DOWN);
    if (bond.module.netRatelimit.allow()) {
      slave_warn(bond.dev, slave.dev, 'failed to get link speed/duplex');
    }
    return false;
  }
  yield* bond_set_slave_link_state(slave, BOND_LINK_UP);
  slave.last_link_up = bond.k.jiffies;
  const primary = yield* bond.primary_slave.read();
  if (mode === BOND_MODE_8023AD) yield* bond_set_backup_slave(slave);
  else if (mode !== BOND_MODE_ACTIVEBACKUP) yield* bond_set_active_slave(slave);
  const speed = slave.speed === SPEED_UNKNOWN ? 0 : slave.speed;
  const duplex = slave.duplex === DUPLEX_HALF ? 'half' : 'full';
  const text = `link status definitely up, ${speed} Mbps ${duplex} duplex`;
  slave_info(bond.dev, slave.dev, text);
  yield* bond_miimon_link_change(bond, slave, BOND_LINK_UP);
  const active = yield* bond.curr_active_slave.read();
  return active === null || slave === primary || slave.prio > active.prio;
}

/** The link is DOWN. True when a failover is wanted. */
function* commitDown(bond: bonding, slave: slave): MaySleep<boolean> {
  const mode = BOND_MODE(bond);
  slave.link_failure_count++;
  yield* bond_set_slave_link_state(slave, BOND_LINK_DOWN);
  if (mode === BOND_MODE_ACTIVEBACKUP || mode === BOND_MODE_8023AD) {
    yield* bond_set_slave_inactive_flags(slave);
  }
  slave_info(bond.dev, slave.dev, 'link status definitely down, disabling slave');
  yield* bond_miimon_link_change(bond, slave, BOND_LINK_DOWN);
  return slave === (yield* bond.curr_active_slave.read());
}

/** Carries one proposal out. True when a failover is wanted. */
function* commitSlave(bond: bonding, slave: slave): MaySleep<boolean> {
  switch (slave.link_new_state) {
    case BOND_LINK_UP:
      return yield* commitUp(bond, slave);
    case BOND_LINK_DOWN:
      return yield* commitDown(bond, slave);
    case BOND_LINK_NOCHANGE:
      // A port that had no speed once may have one now.
      if (BOND_MODE(bond) === BOND_MODE_8023AD && (yield* slave.link.read()) === BOND_LINK_UP) {
        yield* bond_3ad_adapter_speed_duplex_changed(slave);
      }
      return false;
    default:
      slave_dbg(bond.dev, slave.dev, `link_new_state ${slave.link_new_state} on slave`);
      return false;
  }
}

/** Carries the proposals out; under RTNL. */
export function* bond_miimon_commit(bond: bonding): MaySleep<void> {
  ASSERT_RTNL(bond.k, 'drivers/net/bonding/bond_main.c (2707)');
  let failover = false;
  for (const slave of bond_slaves(bond)) {
    if (yield* commitSlave(bond, slave)) failover = true;
  }
  if (failover) yield* bond_select_active_slave(bond);
  yield* bond_set_carrier(bond);
}

/** One tick. The jiffies until the next one. */
function* monitorOnce(bond: bonding): MaySleep<number> {
  const { k } = bond;
  const delay = msecs_to_jiffies(k, bond.params.miimon);
  if (!bond_has_slaves(bond)) return delay;
  yield* rcu_read_lock(k);
  const notifyPeers = yield* bond_should_notify_peers(bond);
  const commit = yield* bond_miimon_inspect(bond);
  yield* rcu_read_unlock(k);
  if (!commit && (yield* bond.send_peer_notif.read()) === 0) return delay;
  if (!(yield* rtnl_trylock(k))) return 1;
  if (commit) {
    for (const slave of bond_slaves(bond)) yield* commitLinkLater(slave);
    yield* bond_miimon_commit(bond);
  }
  if ((yield* bond.send_peer_notif.read()) > 0) {
    yield* bond.send_peer_notif.modify((left) => left - 1);
    if (notifyPeers) yield* call_netdevice_notifiers(NETDEV_NOTIFY_PEERS, bond.dev);
  }
  yield* rtnl_unlock(k);
  return delay;
}

/** The work. */
export function* bond_mii_monitor(bond: bonding): MaySleep<void> {
  const delay = yield* monitorOnce(bond);
  if (bond.params.miimon !== 0) yield* queue_delayed_work(bond.wq, bond.mii_work, delay);
}
