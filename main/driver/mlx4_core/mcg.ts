// Steering of addresses to queue pairs (mcg.c; facts/device 5.29): InfiniBand multicast groups on
// every card, and under B0 steering also Ethernet addresses, multicast and unicast. Every change
// reads an entry, changes it and writes it back, under mcg_table.mutex.
// Kept as in Linux: for Ethernet the error of the entry's write is lost when the lists are then
// updated. Left out: rules of device-managed steering, which this card does not offer.

import { EINVAL, ENOMEM } from '#kernel/errno.ts';
import { mutex_init, mutex_lock, mutex_unlock } from '#kernel/locking/mutex.ts';
import {
  MLX4_MC_STEER,
  MLX4_PROT_ETH,
  MLX4_STEERING_MODE_A0,
  MLX4_UC_STEER,
} from '#prm/steering.ts';
import type { MaySleep } from '#sim/task.ts';
import {
  MLX4_USE_RR,
  mlx4_bitmap_alloc,
  mlx4_bitmap_free,
  mlx4_bitmap_init,
  NO_OBJECT,
} from './alloc/bitmap.ts';
import { mlx4_alloc_cmd_mailbox, mlx4_free_cmd_mailbox } from './cmd.ts';
import { inInternalError } from './cmd/errors.ts';
import type { mlx4_cmd_mailbox } from './cmd/mailbox.ts';
import { emptyEntry, find_entry, mlx4_READ_ENTRY, mlx4_WRITE_ENTRY } from './mcg/entry.ts';
import type { FoundEntry, McgEntry } from './mcg/entry.ts';
import {
  add_promisc_qp,
  can_remove_steering_entry,
  check_duplicate_entry,
  existing_steering_entry,
  new_steering_entry,
  promisc_steering_entry,
  remove_promisc_qp,
} from './mcg/promisc.ts';
import { cardName, mlx4_dbg, mlx4_err, mlx4_priv, mlx4_warn } from './mlx4.ts';
import type { mlx4_dev, mlx4_qp } from './mlx4.ts';
import { notNull } from './tables.ts';

/** Place of the port in an address. */
const portByte = 5;
/** Place of the steering type in an Ethernet address, and its shift. */
const steerByte = 7;
const steerShift = 1;

/** An address of a kind that somebody wants packets of. */
interface SteeredAddress {
  readonly gid: Uint8Array;
  readonly port: number;
  readonly prot: number;
  readonly steer: number;
}

function addressOf(gid: Uint8Array, prot: number, steer: number): SteeredAddress {
  const own = gid.slice();
  if (prot === MLX4_PROT_ETH) own[steerByte] = own[steerByte]! | (steer << steerShift);
  return { gid: own, port: own[portByte]!, prot, steer };
}

/** What attaching has come to. `index` -1: no entry is there. */
interface AttachResult {
  readonly err: number;
  readonly index: number;
  /** The entry has its first member. */
  readonly isNew: boolean;
  /** It had to be put behind another one. */
  readonly link: boolean;
}

/** Takes an entry from the second half of the table. Its index, or -1. */
function* takeOverflowEntry(dev: mlx4_dev): MaySleep<number> {
  const index = yield* mlx4_bitmap_alloc(notNull(mlx4_priv(dev).mcg_table.bitmap));
  if (index !== NO_OBJECT) return index + dev.caps.num_mgms;
  mlx4_err(dev, 'No AMGM entries left');
  return -1;
}

const giveOverflowEntryBack = (dev: mlx4_dev, index: number): MaySleep<void> =>
  mlx4_bitmap_free(
    notNull(mlx4_priv(dev).mcg_table.bitmap),
    index - dev.caps.num_mgms,
    MLX4_USE_RR,
  );

/** Puts a queue pair into an entry, if there is room and it is not in it. */
function* addMember(
  dev: mlx4_dev,
  mailbox: mlx4_cmd_mailbox,
  index: number,
  entry: McgEntry,
  address: SteeredAddress,
  qpn: number,
  blockLoopback: boolean,
): MaySleep<{ err: number; written: boolean }> {
  if (entry.count === dev.caps.num_qp_per_mgm) {
    mlx4_err(dev, `MGM at index ${index.toString(16)} is full`);
    return { err: -ENOMEM, written: false };
  }
  if (entry.find(qpn) >= 0) {
    mlx4_dbg(dev, `QP ${qpn.toString(16).padStart(6, '0')} already a member of MGM`);
    return { err: 0, written: false };
  }
  entry.add(qpn, blockLoopback);
  entry.protocol = address.prot;
  const err = yield* mlx4_WRITE_ENTRY(dev, index, mailbox, entry);
  return { err, written: err === 0 };
}

/** Makes the last entry of a chain point to a new one. */
function* linkEntry(
  dev: mlx4_dev,
  mailbox: mlx4_cmd_mailbox,
  prev: number,
  index: number,
): MaySleep<number> {
  const entry = yield* mlx4_READ_ENTRY(dev, prev, mailbox);
  if (typeof entry === 'number') return entry;
  entry.next = index;
  return yield* mlx4_WRITE_ENTRY(dev, prev, mailbox, entry);
}

/** The card's side of attaching. */
function* attachOnCard(
  dev: mlx4_dev,
  mailbox: mlx4_cmd_mailbox,
  address: SteeredAddress,
  qpn: number,
  blockLoopback: boolean,
): MaySleep<AttachResult> {
  const found = yield* find_entry(dev, address.gid, address.prot, mailbox);
  if (typeof found === 'number') return { err: found, index: -1, isNew: false, link: false };
  const link = found.index < 0;
  const index = link ? yield* takeOverflowEntry(dev) : found.index;
  if (index < 0) return { err: -ENOMEM, index, isNew: false, link };
  const entry = link ? emptyEntry(dev) : found.entry;
  const isNew = link || entry.count === 0;
  if (isNew) entry.setGid(address.gid);
  const { err, written } = yield* addMember(
    dev,
    mailbox,
    index,
    entry,
    address,
    qpn,
    blockLoopback,
  );
  const linkErr = written && link ? yield* linkEntry(dev, mailbox, found.prev, index) : 0;
  return { err: err === 0 ? linkErr : err, index, isNew, link };
}

export function* mlx4_qp_attach_common(
  dev: mlx4_dev,
  qpn: number,
  address: SteeredAddress,
  blockLoopback: boolean,
): MaySleep<number> {
  const mutex = notNull(mlx4_priv(dev).mcg_table.mutex);
  const { port, steer } = address;
  const mailbox = yield* mlx4_alloc_cmd_mailbox(dev);
  yield* mutex_lock(mutex);
  const {
    err: cardErr,
    index,
    isNew,
    link,
  } = yield* attachOnCard(dev, mailbox, address, qpn, blockLoopback);
  let err = cardErr;
  if (address.prot === MLX4_PROT_ETH && index >= 0) {
    err = isNew
      ? yield* new_steering_entry(dev, port, steer, index, qpn)
      : existing_steering_entry(dev, port, steer, index, qpn);
  }
  if (err !== 0 && link && index >= 0) yield* giveOverflowEntryBack(dev, index);
  yield* mutex_unlock(mutex);
  yield* mlx4_free_cmd_mailbox(dev, mailbox);
  return err;
}

/** Removes a bucket's entry: the first entry behind it moves up. */
function* removeBucket(
  dev: mlx4_dev,
  mailbox: mlx4_cmd_mailbox,
  { index, entry }: FoundEntry,
  prot: number,
): MaySleep<number> {
  const behind = entry.next;
  let written = entry;
  if (behind === 0) {
    entry.setGid(new Uint8Array());
    entry.count = 0;
    entry.protocol = prot;
  } else {
    const next = yield* mlx4_READ_ENTRY(dev, behind, mailbox);
    if (typeof next === 'number') return next;
    written = next;
  }
  const err = yield* mlx4_WRITE_ENTRY(dev, index, mailbox, written);
  if (err !== 0 || behind === 0) return err;
  if (behind >= dev.caps.num_mgms) yield* giveOverflowEntryBack(dev, behind);
  else {
    const text = `MGM entry ${index} had AMGM index ${behind}`;
    mlx4_warn(dev, `${text} < ${dev.caps.num_mgms}`);
  }
  return 0;
}

/** Removes an entry from the middle or the end of a chain. */
function* removeFromChain(
  dev: mlx4_dev,
  mailbox: mlx4_cmd_mailbox,
  { index, prev, entry }: FoundEntry,
): MaySleep<number> {
  const err = yield* linkEntry(dev, mailbox, prev, entry.next);
  if (err !== 0) return err;
  if (index >= dev.caps.num_mgms) yield* giveOverflowEntryBack(dev, index);
  else {
    const text = `entry ${prev} had next AMGM index ${index}`;
    mlx4_warn(dev, `${text} < ${dev.caps.num_mgms}`);
  }
  return 0;
}

/** An address as %pI6 prints it. */
const gidText = (gid: Uint8Array): string =>
  Array.from({ length: 8 }, (_, i) =>
    ((gid[2 * i]! << 8) | gid[2 * i + 1]!).toString(16).padStart(4, '0'),
  ).join(':');

/** The card's side of detaching, and the lists. */
function* detachOnCard(
  dev: mlx4_dev,
  mailbox: mlx4_cmd_mailbox,
  qpn: number,
  address: SteeredAddress,
): MaySleep<number> {
  const { gid, port, prot, steer } = address;
  const found = yield* find_entry(dev, gid, prot, mailbox);
  if (typeof found === 'number') return found;
  const { index, prev, entry } = found;
  if (index < 0) {
    mlx4_err(dev, `MGID ${gidText(gid)} not found`);
    return -EINVAL;
  }
  const ethernet = prot === MLX4_PROT_ETH;
  // One that is promiscuous too stays, as long as another one is a member for its own sake.
  if (
    ethernet &&
    check_duplicate_entry(dev, port, steer, index, qpn) &&
    !(yield* promisc_steering_entry(dev, port, steer, index, qpn))
  ) {
    return 0;
  }
  const at = entry.find(qpn);
  if (at < 0) {
    mlx4_err(dev, `QP ${qpn.toString(16).padStart(6, '0')} not found in MGM`);
    return -EINVAL;
  }
  entry.removeAt(at);
  entry.protocol = prot;
  const removed = ethernet && (yield* can_remove_steering_entry(dev, port, steer, index, qpn));
  if (entry.count > 0 && !removed) return yield* mlx4_WRITE_ENTRY(dev, index, mailbox, entry);
  entry.count = 0;
  return prev < 0
    ? yield* removeBucket(dev, mailbox, found, prot)
    : yield* removeFromChain(dev, mailbox, found);
}

export function* mlx4_qp_detach_common(
  dev: mlx4_dev,
  qpn: number,
  address: SteeredAddress,
): MaySleep<number> {
  const mutex = notNull(mlx4_priv(dev).mcg_table.mutex);
  const mailbox = yield* mlx4_alloc_cmd_mailbox(dev);
  yield* mutex_lock(mutex);
  const err = yield* detachOnCard(dev, mailbox, qpn, address);
  yield* mutex_unlock(mutex);
  yield* mlx4_free_cmd_mailbox(dev, mailbox);
  // On a card that was given up, detaching counts as done.
  return err !== 0 && inInternalError(dev) ? 0 : err;
}

const unsteered = (dev: mlx4_dev, prot: number): boolean =>
  dev.caps.steering_mode === MLX4_STEERING_MODE_A0 && prot === MLX4_PROT_ETH;

/** Packets to a multicast address go to the queue pair as well. 0 or a negative error. */
export function* mlx4_multicast_attach(
  dev: mlx4_dev,
  qp: Pick<mlx4_qp, 'qpn'>,
  gid: Uint8Array,
  _port: number,
  blockLoopback: boolean,
  prot: number,
): MaySleep<number> {
  if (unsteered(dev, prot)) return 0;
  const address = addressOf(gid, prot, MLX4_MC_STEER);
  return yield* mlx4_qp_attach_common(dev, qp.qpn, address, blockLoopback);
}

export function* mlx4_multicast_detach(
  dev: mlx4_dev,
  qp: Pick<mlx4_qp, 'qpn'>,
  gid: Uint8Array,
  prot: number,
): MaySleep<number> {
  if (unsteered(dev, prot)) return 0;
  return yield* mlx4_qp_detach_common(dev, qp.qpn, addressOf(gid, prot, MLX4_MC_STEER));
}

/** Packets to a unicast address go to the queue pair. 0 or a negative error. */
export const mlx4_unicast_attach = (
  dev: mlx4_dev,
  qpn: number,
  gid: Uint8Array,
  blockLoopback: boolean,
  prot: number,
): MaySleep<number> =>
  mlx4_qp_attach_common(dev, qpn, addressOf(gid, prot, MLX4_UC_STEER), blockLoopback);

export const mlx4_unicast_detach = (
  dev: mlx4_dev,
  qpn: number,
  gid: Uint8Array,
  prot: number,
): MaySleep<number> => mlx4_qp_detach_common(dev, qpn, addressOf(gid, prot, MLX4_UC_STEER));

export const mlx4_multicast_promisc_add = (
  dev: mlx4_dev,
  qpn: number,
  port: number,
): MaySleep<number> => add_promisc_qp(dev, port, MLX4_MC_STEER, qpn);

export const mlx4_multicast_promisc_remove = (
  dev: mlx4_dev,
  qpn: number,
  port: number,
): MaySleep<number> => remove_promisc_qp(dev, port, MLX4_MC_STEER, qpn);

export const mlx4_unicast_promisc_add = (
  dev: mlx4_dev,
  qpn: number,
  port: number,
): MaySleep<number> => add_promisc_qp(dev, port, MLX4_UC_STEER, qpn);

export const mlx4_unicast_promisc_remove = (
  dev: mlx4_dev,
  qpn: number,
  port: number,
): MaySleep<number> => remove_promisc_qp(dev, port, MLX4_UC_STEER, qpn);

/** The mutex, and the numbers of the second half of the table. */
export function mlx4_init_mcg_table(dev: mlx4_dev): number {
  const { k, mcg_table } = mlx4_priv(dev);
  const card = cardName(dev);
  mcg_table.bitmap = mlx4_bitmap_init(k, `mcg_table.bitmap(${card})`, {
    num: dev.caps.num_amgms,
    mask: dev.caps.num_amgms - 1,
    reserved_bot: 0,
    reserved_top: 0,
  });
  if (mcg_table.bitmap === null) return -EINVAL;
  mcg_table.mutex = mutex_init(k, `mcg_table.mutex(${card})`);
  return 0;
}

export function mlx4_cleanup_mcg_table(dev: mlx4_dev): void {
  mlx4_priv(dev).mcg_table.bitmap = null;
}

/** The lists of promiscuous queue pairs and entries. */
export function mlx4_init_steering(dev: mlx4_dev): number {
  const { steer } = mlx4_priv(dev);
  const kinds = [MLX4_MC_STEER, MLX4_UC_STEER];
  for (let port = 1; port <= dev.caps.num_ports; port++) {
    steer[port] = {
      promisc_qps: kinds.map(() => new Set<number>()),
      steer_entries: kinds.map(() => new Map<number, never>()),
    };
  }
  return 0;
}

export function mlx4_clear_steering(dev: mlx4_dev): void {
  mlx4_priv(dev).steer.fill(null);
}
