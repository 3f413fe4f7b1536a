// Entries of the multicast group table (mcg.c: mlx4_READ_ENTRY, mlx4_WRITE_ENTRY, mlx4_GID_HASH,
// find_entry; facts/device 5.29): a hash picks one of the first half of the table; entries behind
// it, in the second half, form a chain. An entry without members is free. The caller holds
// mcg_table.mutex.

import { EINVAL } from '#kernel/errno.ts';
import {
  mgm,
  MGM_BLCK_LB_BIT,
  MGM_QPN_MASK,
  mgmMember,
  mgmQpOffset,
  MLX4_MGID_HASH_ETH,
  MLX4_MGID_HASH_GID,
  MLX4_PROT_ETH,
  MLX4_WRITE_MCG_ENTRY,
  MLX4_WRITE_MCG_PROMISC,
  promiscModifier,
} from '#prm/steering.ts';
import type { MaySleep } from '#sim/task.ts';
import {
  mlx4_alloc_cmd_mailbox,
  mlx4_cmd,
  mlx4_cmd_box,
  mlx4_cmd_imm,
  mlx4_free_cmd_mailbox,
} from '../cmd.ts';
import type { mlx4_cmd_mailbox } from '../cmd/mailbox.ts';
import { mlx4_err, mlx4_has_cap } from '../mlx4.ts';
import type { mlx4_dev } from '../mlx4.ts';

/** Bytes of an entry. */
export const mlx4_get_mgm_entry_size = (dev: mlx4_dev): number =>
  2 ** dev.caps.oper_log_mgm_entry_size;

/** A copy of an entry, as the card has it. */
export class McgEntry {
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  get count(): number {
    return mgm.get(this.bytes, 'members_count');
  }

  set count(count: number) {
    mgm.set(this.bytes, 'members_count', count);
  }

  get protocol(): number {
    return mgm.get(this.bytes, 'protocol');
  }

  set protocol(protocol: number) {
    mgm.set(this.bytes, 'protocol', protocol);
  }

  /** Index of the next entry of the chain; 0 at its end. */
  get next(): number {
    return mgm.get(this.bytes, 'next_gid_index');
  }

  set next(index: number) {
    mgm.set(this.bytes, 'next_gid_index', index);
  }

  hasGid(gid: Uint8Array): boolean {
    return mgm.get(this.bytes, 'gid').every((byte, at) => byte === gid[at]);
  }

  setGid(gid: Uint8Array): void {
    mgm.set(this.bytes, 'gid', gid);
  }

  member(at: number): number {
    return mgmMember.get(this.bytes, 'qpn', mgmQpOffset(at));
  }

  /** Place of a queue pair in the entry, or -1. */
  find(qpn: number): number {
    for (let at = 0; at < this.count; at++) if (this.member(at) === qpn) return at;
    return -1;
  }

  /** Adds a member; there must be room. */
  add(qpn: number, blockLoopback = false): void {
    const at = mgmQpOffset(this.count);
    this.setWord(at, ((qpn & MGM_QPN_MASK) | (blockLoopback ? 1 << MGM_BLCK_LB_BIT : 0)) >>> 0);
    this.count++;
  }

  /** Takes a member out; the last one takes its place. */
  removeAt(at: number): void {
    const last = mgmQpOffset(this.count - 1);
    this.setWord(mgmQpOffset(at), new DataView(this.bytes.buffer).getUint32(last));
    this.setWord(last, 0);
    this.count--;
  }

  private setWord(at: number, word: number): void {
    new DataView(this.bytes.buffer).setUint32(at, word);
  }
}

export const emptyEntry = (dev: mlx4_dev): McgEntry =>
  new McgEntry(new Uint8Array(mlx4_get_mgm_entry_size(dev)));

/** Reads an entry of the table through a mailbox that the caller keeps; or a negative error. */
export function* mlx4_READ_ENTRY(
  dev: mlx4_dev,
  index: number,
  mailbox: mlx4_cmd_mailbox,
): MaySleep<McgEntry | number> {
  const err = yield* mlx4_cmd_box(dev, 0, mailbox.dma, index, 0, 'MLX4_CMD_READ_MCG');
  if (err !== 0) return err;
  const entry = emptyEntry(dev);
  mailbox.buf.read(0, entry.bytes);
  return entry;
}

export function* mlx4_WRITE_ENTRY(
  dev: mlx4_dev,
  index: number,
  mailbox: mlx4_cmd_mailbox,
  entry: McgEntry,
): MaySleep<number> {
  mailbox.buf.write(0, entry.bytes);
  return yield* mlx4_cmd(dev, mailbox.dma, index, MLX4_WRITE_MCG_ENTRY, 'MLX4_CMD_WRITE_MCG');
}

/** Writes the list of those that get every packet of a port. */
export function* mlx4_WRITE_PROMISC(
  dev: mlx4_dev,
  port: number,
  steer: number,
  mailbox: mlx4_cmd_mailbox,
  list: McgEntry,
): MaySleep<number> {
  mailbox.buf.write(0, list.bytes);
  const in_modifier = promiscModifier(port, steer);
  const op = 'MLX4_CMD_WRITE_MCG';
  return yield* mlx4_cmd(dev, mailbox.dma, in_modifier, MLX4_WRITE_MCG_PROMISC, op);
}

/** The bucket of an address, or a negative error. */
function* mlx4_GID_HASH(dev: mlx4_dev, gid: Uint8Array, prot: number): MaySleep<number> {
  const ethernet = prot === MLX4_PROT_ETH && mlx4_has_cap(dev, 'VEP_MC_STEER');
  const op_mod = ethernet ? MLX4_MGID_HASH_ETH : MLX4_MGID_HASH_GID;
  const mailbox = yield* mlx4_alloc_cmd_mailbox(dev);
  mailbox.buf.write(0, gid);
  const hash = yield* mlx4_cmd_imm(dev, mailbox.dma, 0, op_mod, 'MLX4_CMD_MGID_HASH');
  yield* mlx4_free_cmd_mailbox(dev, mailbox);
  return typeof hash === 'number' ? hash : Number(hash & 0xffffn);
}

/** Where an address is, or is to be. */
export interface FoundEntry {
  /** Of the entry; -1 when a new one must be put behind `prev`. */
  readonly index: number;
  /** Of the entry before it in the chain; -1 for a bucket. */
  readonly prev: number;
  /** The entry, or the last one of the chain. */
  readonly entry: McgEntry;
}

/** Looks for an address. A bucket without members is given as found. */
export function* find_entry(
  dev: mlx4_dev,
  gid: Uint8Array,
  prot: number,
  mailbox: mlx4_cmd_mailbox,
): MaySleep<FoundEntry | number> {
  const hash = yield* mlx4_GID_HASH(dev, gid, prot);
  if (hash < 0) return hash;
  let prev = -1;
  let index = hash;
  for (;;) {
    const entry = yield* mlx4_READ_ENTRY(dev, index, mailbox);
    if (typeof entry === 'number') return entry;
    if (entry.count === 0) {
      if (index === hash) return { index, prev, entry };
      mlx4_err(dev, 'Found zero MGID in AMGM');
      return -EINVAL;
    }
    if (entry.hasGid(gid) && entry.protocol === prot) return { index, prev, entry };
    prev = index;
    index = entry.next;
    if (index === 0) return { index: -1, prev, entry };
  }
}
