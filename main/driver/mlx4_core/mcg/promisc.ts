// Promiscuous queue pairs under B0 steering (mcg.c; facts/device 5.29): one is a member of every
// entry of its port, beside the list that the card has for packets without an entry. Who would be a
// member anyway is noted as a duplicate, so that ending either does not end the other. Entries are
// known by their index. The lists are protected by mcg_table.mutex.

import { EINVAL, ENOMEM } from '#kernel/errno.ts';
import { mutex_lock, mutex_unlock } from '#kernel/locking/mutex.ts';
import { MLX4_PROT_ETH } from '#prm/steering.ts';
import type { MaySleep } from '#sim/task.ts';
import { mlx4_alloc_cmd_mailbox, mlx4_free_cmd_mailbox } from '../cmd.ts';
import type { mlx4_cmd_mailbox } from '../cmd/mailbox.ts';
import { mlx4_err, mlx4_priv, mlx4_warn } from '../mlx4.ts';
import type { mlx4_dev } from '../mlx4.ts';
import { notNull } from '../tables.ts';
import type { mlx4_steer_index } from '../tables.ts';
import { emptyEntry, mlx4_READ_ENTRY, mlx4_WRITE_ENTRY, mlx4_WRITE_PROMISC } from './entry.ts';

const isPort = (dev: mlx4_dev, port: number): boolean => port >= 1 && port <= dev.caps.num_ports;

const hex = (value: number, digits = 0): string => value.toString(16).padStart(digits, '0');

/** Promiscuous queue pairs of a port, in the order in which they came. */
const promiscOf = (dev: mlx4_dev, port: number, steer: number): Set<number> =>
  notNull(mlx4_priv(dev).steer[port]!).promisc_qps[steer]!;

const entriesOf = (dev: mlx4_dev, port: number, steer: number): Map<number, mlx4_steer_index> =>
  notNull(mlx4_priv(dev).steer[port]!).steer_entries[steer]!;

const get_promisc_qp = (dev: mlx4_dev, port: number, steer: number, qpn: number): boolean =>
  isPort(dev, port) && promiscOf(dev, port, steer).has(qpn);

/** Adds every promiscuous queue pair to an entry that has just come, unless it is the one. */
function* addPromiscTo(
  dev: mlx4_dev,
  promisc: ReadonlySet<number>,
  index: number,
  qpn: number,
): MaySleep<number> {
  const mailbox = yield* mlx4_alloc_cmd_mailbox(dev);
  const entry = yield* mlx4_READ_ENTRY(dev, index, mailbox);
  let err = typeof entry === 'number' ? entry : 0;
  if (typeof entry !== 'number') {
    const others = [...promisc].filter((other) => other !== qpn);
    const fits = entry.count + others.length <= dev.caps.num_qp_per_mgm;
    if (fits) for (const other of others) entry.add(other);
    err = fits ? yield* mlx4_WRITE_ENTRY(dev, index, mailbox, entry) : -ENOMEM;
  }
  yield* mlx4_free_cmd_mailbox(dev, mailbox);
  return err;
}

/** Notes an entry that has its first member. 0 or a negative error. */
export function* new_steering_entry(
  dev: mlx4_dev,
  port: number,
  steer: number,
  index: number,
  qpn: number,
): MaySleep<number> {
  if (!isPort(dev, port)) return -EINVAL;
  const entries = entriesOf(dev, port, steer);
  const promisc = promiscOf(dev, port, steer);
  const duplicates = new Set<number>();
  entries.set(index, { index, duplicates });
  if (promisc.has(qpn)) duplicates.add(qpn);
  if (promisc.size === 0) return 0;
  const err = yield* addPromiscTo(dev, promisc, index, qpn);
  if (err !== 0) entries.delete(index);
  return err;
}

/** Notes a new member of an entry, if it is also promiscuous. 0 or a negative error. */
export function existing_steering_entry(
  dev: mlx4_dev,
  port: number,
  steer: number,
  index: number,
  qpn: number,
): number {
  if (!isPort(dev, port)) return -EINVAL;
  if (!get_promisc_qp(dev, port, steer, qpn)) return 0;
  const entry = entriesOf(dev, port, steer).get(index);
  if (entry === undefined) {
    mlx4_warn(dev, `Steering entry at index ${hex(index)} is not registered`);
    return -EINVAL;
  }
  entry.duplicates.add(qpn);
  return 0;
}

/**
 * Whether a member is promiscuous as well: it must stay in the entry. It is a duplicate no more.
 */
export function check_duplicate_entry(
  dev: mlx4_dev,
  port: number,
  steer: number,
  index: number,
  qpn: number,
): boolean {
  if (!get_promisc_qp(dev, port, steer, qpn)) return false;
  const entry = entriesOf(dev, port, steer).get(index);
  if (entry === undefined) {
    mlx4_warn(dev, `Steering entry for index ${hex(index)} is not registered`);
    return false;
  }
  entry.duplicates.delete(qpn);
  return true;
}

/** Members of an entry when all but `qpn` are promiscuous; -1 when one is not. */
function* promiscMembers(
  dev: mlx4_dev,
  port: number,
  steer: number,
  index: number,
  qpn: number,
): MaySleep<number> {
  if (!isPort(dev, port)) return -1;
  const mailbox = yield* mlx4_alloc_cmd_mailbox(dev);
  const entry = yield* mlx4_READ_ENTRY(dev, index, mailbox);
  yield* mlx4_free_cmd_mailbox(dev, mailbox);
  if (typeof entry === 'number') return -1;
  for (let at = 0; at < entry.count; at++) {
    const member = entry.member(at);
    if (member !== qpn && !get_promisc_qp(dev, port, steer, member)) return -1;
  }
  return entry.count;
}

/** True when every member but `qpn` is promiscuous. */
export function* promisc_steering_entry(
  dev: mlx4_dev,
  port: number,
  steer: number,
  index: number,
  qpn: number,
): MaySleep<boolean> {
  return (yield* promiscMembers(dev, port, steer, index, qpn)) >= 0;
}

/** Whether an entry may go when `qpn` goes; if so, it is forgotten here. */
export function* can_remove_steering_entry(
  dev: mlx4_dev,
  port: number,
  steer: number,
  index: number,
  qpn: number,
): MaySleep<boolean> {
  const members = yield* promiscMembers(dev, port, steer, index, qpn);
  if (members < 0) return false;
  const entries = entriesOf(dev, port, steer);
  const entry = entries.get(index);
  if (entry === undefined) return true;
  // Others that are both promiscuous and members keep it.
  if (entry.duplicates.size > 0 && members !== 1) return false;
  entries.delete(index);
  return true;
}

/** Adds a promiscuous queue pair to one entry. */
function* joinEntry(
  dev: mlx4_dev,
  mailbox: mlx4_cmd_mailbox,
  known: mlx4_steer_index,
  qpn: number,
): MaySleep<number> {
  const entry = yield* mlx4_READ_ENTRY(dev, known.index, mailbox);
  if (typeof entry === 'number') return entry;
  if (entry.find(qpn) >= 0) {
    known.duplicates.add(qpn);
    return 0;
  }
  if (entry.count === dev.caps.num_qp_per_mgm) return -ENOMEM;
  entry.add(qpn);
  return yield* mlx4_WRITE_ENTRY(dev, known.index, mailbox, entry);
}

/** Writes the port's list as it is. */
function* writePromiscList(
  dev: mlx4_dev,
  mailbox: mlx4_cmd_mailbox,
  port: number,
  steer: number,
): MaySleep<number> {
  const list = emptyEntry(dev);
  list.protocol = MLX4_PROT_ETH;
  for (const qpn of promiscOf(dev, port, steer)) {
    if (list.count === dev.caps.num_qp_per_mgm) return -ENOMEM;
    list.add(qpn);
  }
  return yield* mlx4_WRITE_PROMISC(dev, port, steer, mailbox, list);
}

/** Under the mutex. */
function* becomePromisc(
  dev: mlx4_dev,
  mailbox: mlx4_cmd_mailbox,
  port: number,
  steer: number,
  qpn: number,
): MaySleep<number> {
  for (const known of entriesOf(dev, port, steer).values()) {
    const err = yield* joinEntry(dev, mailbox, known, qpn);
    if (err !== 0) return err;
  }
  const promisc = promiscOf(dev, port, steer);
  promisc.add(qpn);
  const err = yield* writePromiscList(dev, mailbox, port, steer);
  if (err !== 0) promisc.delete(qpn);
  return err;
}

/** From now on the queue pair gets every packet of a kind. 0 or a negative error. */
export function* add_promisc_qp(
  dev: mlx4_dev,
  port: number,
  steer: number,
  qpn: number,
): MaySleep<number> {
  if (!isPort(dev, port)) return -EINVAL;
  const mutex = notNull(mlx4_priv(dev).mcg_table.mutex);
  yield* mutex_lock(mutex);
  let err = 0;
  if (!get_promisc_qp(dev, port, steer, qpn)) {
    const mailbox = yield* mlx4_alloc_cmd_mailbox(dev);
    err = yield* becomePromisc(dev, mailbox, port, steer, qpn);
    yield* mlx4_free_cmd_mailbox(dev, mailbox);
  }
  yield* mutex_unlock(mutex);
  return err;
}

/** Takes a promiscuous queue pair out of one entry. */
function* leaveEntry(
  dev: mlx4_dev,
  mailbox: mlx4_cmd_mailbox,
  entries: Map<number, mlx4_steer_index>,
  known: mlx4_steer_index,
  qpn: number,
): MaySleep<number> {
  // A duplicate stays a member.
  if (known.duplicates.delete(qpn)) return 0;
  const { index } = known;
  const entry = yield* mlx4_READ_ENTRY(dev, index, mailbox);
  if (typeof entry === 'number') return entry;
  const what = `QP ${hex(qpn, 6)} wasn't found in entry`;
  if (entry.count === 0) {
    mlx4_warn(dev, `${what} ${hex(index)} mcount=0. deleting entry...`);
    entries.delete(index);
    return 0;
  }
  const at = entry.find(qpn);
  if (at < 0) {
    mlx4_err(dev, `${what} ${index}`);
    return -EINVAL;
  }
  entry.removeAt(at);
  entry.protocol = MLX4_PROT_ETH;
  return yield* mlx4_WRITE_ENTRY(dev, index, mailbox, entry);
}

/** Under the mutex. The queue pair is off the list even when the card refuses. */
function* endPromisc(
  dev: mlx4_dev,
  mailbox: mlx4_cmd_mailbox,
  port: number,
  steer: number,
  qpn: number,
): MaySleep<number> {
  let err = yield* writePromiscList(dev, mailbox, port, steer);
  const entries = entriesOf(dev, port, steer);
  for (const known of [...entries.values()]) {
    if (err !== 0) return err;
    err = yield* leaveEntry(dev, mailbox, entries, known, qpn);
  }
  return err;
}

/** The reverse of add_promisc_qp(). */
export function* remove_promisc_qp(
  dev: mlx4_dev,
  port: number,
  steer: number,
  qpn: number,
): MaySleep<number> {
  if (!isPort(dev, port)) return -EINVAL;
  const mutex = notNull(mlx4_priv(dev).mcg_table.mutex);
  yield* mutex_lock(mutex);
  let err = 0;
  if (promiscOf(dev, port, steer).delete(qpn)) {
    const mailbox = yield* mlx4_alloc_cmd_mailbox(dev);
    err = yield* endPromisc(dev, mailbox, port, steer, qpn);
    yield* mlx4_free_cmd_mailbox(dev, mailbox);
  } else mlx4_warn(dev, `QP ${hex(qpn)} is not promiscuous QP`);
  yield* mutex_unlock(mutex);
  return err;
}
