// Changes of a slave's state and link, and who hears of them (inline functions of bonding.h;
// facts/driver 5.1, 5.2). NOTIFY_NOW raises CHANGELOWERSTATE at once and queues BONDING_INFO;
// NOTIFY_LATER only leaves a mark, because its callers hold mode_lock. The kernel's argument
// `notify` is two functions here, since the first kind may sleep and the second must not.

import type { Atomic, MaySleep } from '#sim/task.ts';
import { bond_lower_state_changed, bond_queue_slave_event } from './bond_main/notify.ts';
import {
  bond_is_lb,
  BOND_LINK_NOCHANGE,
  BOND_MODE,
  BOND_MODE_8023AD,
  bond_slaves,
  BOND_STATE_ACTIVE,
  BOND_STATE_BACKUP,
} from './bonding.ts';
import type { bonding, slave } from './bonding.ts';

/** bond_set_slave_state() with BOND_SLAVE_NOTIFY_NOW. */
export function* bond_set_slave_state(slave: slave, state: number): MaySleep<void> {
  if ((yield* slave.backup.read()) === state) return;
  yield* slave.backup.write(state);
  yield* bond_lower_state_changed(slave);
  yield* bond_queue_slave_event(slave);
  slave.should_notify = false;
}

/** With BOND_SLAVE_NOTIFY_LATER: there and back again needs no event. */
function* stateLater(slave: slave, state: number): Atomic<void> {
  if ((yield* slave.backup.read()) === state) return;
  yield* slave.backup.write(state);
  slave.should_notify = !slave.should_notify;
}

/** Makes the slave active; the event is queued first. */
export function* bond_set_active_slave(slave: slave): MaySleep<void> {
  if ((yield* slave.backup.read()) === BOND_STATE_ACTIVE) return;
  yield* slave.backup.write(BOND_STATE_ACTIVE);
  yield* bond_queue_slave_event(slave);
  yield* bond_lower_state_changed(slave);
}

/** Makes the slave a backup. */
export function* bond_set_backup_slave(slave: slave): MaySleep<void> {
  if ((yield* slave.backup.read()) === BOND_STATE_BACKUP) return;
  yield* slave.backup.write(BOND_STATE_BACKUP);
  yield* bond_queue_slave_event(slave);
  yield* bond_lower_state_changed(slave);
}

function markInactive(slave: slave): void {
  if (slave.bond.params.all_slaves_active === 0) slave.inactive = true;
  if (BOND_MODE(slave.bond) === BOND_MODE_8023AD) slave.rx_disabled = true;
}

function markActive(slave: slave): void {
  slave.inactive = false;
  if (BOND_MODE(slave.bond) === BOND_MODE_8023AD) slave.rx_disabled = false;
}

/** The slave neither sends nor receives; in balance-tlb and -alb it goes on sending. */
export function* bond_set_slave_inactive_flags(slave: slave): MaySleep<void> {
  if (!bond_is_lb(slave.bond)) yield* bond_set_slave_state(slave, BOND_STATE_BACKUP);
  markInactive(slave);
}

export function* bond_set_slave_active_flags(slave: slave): MaySleep<void> {
  yield* bond_set_slave_state(slave, BOND_STATE_ACTIVE);
  markActive(slave);
}

/** As bond_set_slave_inactive_flags(), with NOTIFY_LATER. */
export function* inactiveFlagsLater(slave: slave): Atomic<void> {
  if (!bond_is_lb(slave.bond)) yield* stateLater(slave, BOND_STATE_BACKUP);
  markInactive(slave);
}

/** As bond_set_slave_active_flags(), with NOTIFY_LATER. */
export function* activeFlagsLater(slave: slave): Atomic<void> {
  yield* stateLater(slave, BOND_STATE_ACTIVE);
  markActive(slave);
}

/** bond_set_slave_tx_disabled_flags() with NOTIFY_LATER: receiving goes on. */
export function* txDisabledLater(slave: slave): Atomic<void> {
  yield* stateLater(slave, BOND_STATE_BACKUP);
}

/** Raises what NOTIFY_LATER has left: CHANGELOWERSTATE, and no BONDING_INFO. */
export function* bond_slave_state_notify(bond: bonding): MaySleep<void> {
  for (const slave of bond_slaves(bond)) {
    if (!slave.should_notify) continue;
    yield* bond_lower_state_changed(slave);
    slave.should_notify = false;
  }
}

export function bond_propose_link_state(slave: slave, link: number): void {
  slave.link_new_state = link;
}

/** Commits the proposal with NOTIFY_LATER, which here means: nobody is told (facts/driver 5.1). */
export function* commitLinkLater(slave: slave): Atomic<void> {
  if (slave.link_new_state === BOND_LINK_NOCHANGE) return;
  yield* slave.link.write(slave.link_new_state);
  slave.should_notify_link = !slave.should_notify_link;
}

/** Sets the link with NOTIFY_NOW, even to what it is already. */
export function* bond_set_slave_link_state(slave: slave, link: number): MaySleep<void> {
  bond_propose_link_state(slave, link);
  yield* slave.link.write(link);
  yield* bond_queue_slave_event(slave);
  yield* bond_lower_state_changed(slave);
  slave.should_notify_link = false;
}

/** The same with NOTIFY_LATER; the ARP monitor uses it under RCU. */
export function* linkStateLater(slave: slave, link: number): Atomic<void> {
  bond_propose_link_state(slave, link);
  yield* commitLinkLater(slave);
}

/** Raises what link changes with NOTIFY_LATER have left; only the ARP monitor calls it. */
export function* bond_slave_link_notify(bond: bonding): MaySleep<void> {
  for (const slave of bond_slaves(bond)) {
    if (!slave.should_notify_link) continue;
    yield* bond_queue_slave_event(slave);
    yield* bond_lower_state_changed(slave);
    slave.should_notify_link = false;
  }
}
