// A port's GID table (core/cache.c): entries by index, default entries of RoCE first, and the
// search in it. `lock` (a mutex) serialises changes, since they may send firmware commands;
// `rwlock` protects slots and states against readers (a rwlock in Linux, a spinlock here).
// Left out: references on single entries by users of the data path. So an entry is free when it is
// deleted.

import type { Kernel } from '../kernel.ts';
import { mutex_init } from '../locking/mutex.ts';
import type { Mutex } from '../locking/mutex.ts';
import { spin_lock_init } from '../locking/spinlock.ts';
import type { SpinLock } from '../locking/spinlock.ts';
import type { NetDevice } from '../net/netdevice.ts';
import type { GidContext } from './ib-ops.ts';
import type { IbGidAttr } from './ib-verbs.ts';

export const gidBytes = 16;

/** struct ib_gid_table_entry, while it is valid. */
export interface GidEntry {
  readonly attr: IbGidAttr;
  /** The driver's, for a RoCE entry in the card's table. */
  context: GidContext | null;
}

/** struct ib_gid_table. */
export class GidTable {
  readonly lock: Mutex;
  readonly rwlock: SpinLock;
  /** By index; null is free. */
  readonly data_vec: (GidEntry | null)[];
  /** How many of the first entries are for default GIDs only. */
  readonly defaultEntries: number;

  constructor(k: Kernel, name: string, entries: number, defaultEntries: number) {
    this.lock = mutex_init(k, `gid table lock(${name})`);
    this.rwlock = spin_lock_init(k, `gid table rwlock(${name})`);
    this.data_vec = Array.from({ length: entries }, () => null);
    this.defaultEntries = Math.min(defaultEntries, entries);
  }
}

/** What find_gid() compares; a missing member is not compared. */
export interface GidQuery {
  readonly gid?: Uint8Array;
  readonly gid_type?: number;
  readonly ndev?: NetDevice | null;
  /** Looks among the default entries, or among the others only. */
  readonly isDefault?: boolean;
}

export const sameGid = (a: Uint8Array, b: Uint8Array): boolean =>
  a.every((byte, i) => byte === b[i]);

export const rdma_is_zero_gid = (gid: Uint8Array): boolean => gid.every((byte) => byte === 0);

const isDefaultIndex = (table: GidTable, index: number): boolean => index < table.defaultEntries;

/** Index of the first valid entry that fits, -1 when there is none. The lock is held. */
export function find_gid(table: GidTable, query: GidQuery): number {
  return table.data_vec.findIndex((entry, index) => {
    if (entry === null) return false;
    const { attr } = entry;
    if (query.gid_type !== undefined && attr.gid_type !== query.gid_type) return false;
    if (query.gid !== undefined && !sameGid(query.gid, attr.gid)) return false;
    if (query.ndev !== undefined && attr.ndev !== query.ndev) return false;
    return query.isDefault === undefined || isDefaultIndex(table, index) === query.isDefault;
  });
}

/** Index of the first free slot of the kind, -1 when the table is full. */
export const freeSlot = (table: GidTable, isDefault: boolean): number =>
  table.data_vec.findIndex(
    (entry, index) => entry === null && isDefaultIndex(table, index) === isDefault,
  );

/** `%pI6`: eight groups of four digits. */
export function gidText(gid: Uint8Array): string {
  const groups: string[] = [];
  for (let i = 0; i < gidBytes; i += 2) {
    groups.push(((gid[i]! << 8) | gid[i + 1]!).toString(16).padStart(4, '0'));
  }
  return groups.join(':');
}

/** A GUID as sysfs shows it: four groups of four digits. */
export const guidText = (guid: bigint): string =>
  guid.toString(16).padStart(16, '0').match(/.{4}/g)!.join(':');

/** Upper half of a GID. */
export const gidPrefix = (gid: Uint8Array): bigint =>
  new DataView(gid.buffer, gid.byteOffset, gidBytes).getBigUint64(0);

/** make_default_gid(): link-local prefix and the EUI-64 of a MAC. */
export const make_default_gid = (mac: Uint8Array): Uint8Array =>
  Uint8Array.from([
    ...[0xfe, 0x80, 0, 0, 0, 0, 0, 0],
    ...[mac[0]! ^ 2, mac[1]!, mac[2]!, 0xff, 0xfe, mac[3]!, mac[4]!, mac[5]!],
  ]);

/** rdma_ip2gid(): an IPv4 address as a mapped IPv6 address. */
export const ipv4Gid = (address: number): Uint8Array =>
  Uint8Array.from([
    ...[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff],
    ...[address >>> 24, (address >>> 16) & 0xff, (address >>> 8) & 0xff, address & 0xff],
  ]);
