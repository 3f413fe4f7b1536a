// B0 steering: which queue pairs get a packet (facts/device 5.29, 11.1). Groups live in ICM entries
// that WRITE_MCG fills; a GID's hash names a bucket, entries chain from there. A frame whose
// address has no entry goes to the promiscuous list of its port and kind (opcode modifier 1).
// An entry that was never written reads as zeros, whatever is in its page (11.3).
// Device-managed flow steering, which INIT_HCA may ask for instead, is in flow-steering.ts.
// Left out: A0 steering by MAC index (not offered).

import {
  MGM_QPN_MASK,
  MLX4_PROT_ETH,
  ethernetGid,
  mgm,
  mgmQpOffset,
  qpsPerMgm,
} from '#prm/steering.ts';
import { readBe32 } from '#bus/bytes.ts';
import { readMac } from '#bus/mac.ts';
import type { IcmSpace } from './icm.ts';

/** A group entry, decoded. */
interface Group {
  /** Address key, or -1 for a group of another protocol. */
  readonly key: number;
  readonly next: number;
  readonly qpns: readonly number[];
}

/** Where the table is: from INIT_HCA. */
export interface GroupTable {
  readonly base: number;
  readonly entryBytes: number;
  readonly entries: number;
  /** Hash values are below this. */
  readonly buckets: number;
}

const macSpan = 2 ** 48;
const macHighAt = ethernetGid.fields.mac_h.offset;
const gidBytes = 16;
/** Answers that are remembered; a flood of addresses must not fill memory. */
const foundMax = 4096;

/** One number for port, kind of steering and address. */
const addressKey = (portNumber: number, steer: number, mac: number): number =>
  (portNumber * 2 + steer) * macSpan + mac;

/** The groups of one card. */
export class Steering {
  table: GroupTable = { base: 0, entryBytes: 0, entries: 0, buckets: 1 };
  private readonly icm: IcmSpace;
  /** Entries that were written, by index. */
  private readonly groups = new Map<number, Group>();
  private readonly promiscuous = new Map<number, readonly number[]>();
  /** Answers of find(); emptied by every write. */
  private readonly found = new Map<number, readonly number[] | null>();
  private readonly gid = new Uint8Array(gidBytes);

  constructor(icm: IcmSpace) {
    this.icm = icm;
  }

  /** Forgets every group and list. */
  clear(): void {
    this.groups.clear();
    this.promiscuous.clear();
    this.found.clear();
  }

  /** Bucket of a GID: any mix of its bytes will do, as long as equal GIDs agree. */
  hash(gid: Uint8Array): number {
    let mix = 0x811c_9dc5;
    for (let i = 0; i < gidBytes; i++) mix = Math.imul(mix ^ gid[i]!, 0x0100_0193);
    return ((mix ^ (mix >>> 15)) >>> 0) % this.table.buckets;
  }

  /** True when an entry claims no more members than it has room for. */
  holds(entry: Uint8Array): boolean {
    return mgm.get(entry, 'members_count') <= qpsPerMgm(this.table.entryBytes);
  }

  /** Writes an entry that holds() what it claims. False when its page is not there. */
  write(index: number, entry: Uint8Array): boolean {
    const bytes = entry.subarray(0, this.table.entryBytes);
    if (!this.icm.write(this.addressOf(index), bytes)) return false;
    this.groups.set(index, {
      key: mgm.get(bytes, 'protocol') === MLX4_PROT_ETH ? keyOf(mgm.get(bytes, 'gid')) : -1,
      next: mgm.get(bytes, 'next_gid_index'),
      qpns: membersOf(bytes),
    });
    this.found.clear();
    return true;
  }

  /** Reads an entry; zeros when it was never written. Null when its page is gone. */
  read(index: number): Uint8Array | null {
    const bytes = new Uint8Array(this.table.entryBytes);
    if (!this.groups.has(index)) return bytes;
    return this.icm.read(this.addressOf(index), bytes) ? bytes : null;
  }

  /** Replaces the promiscuous list of a port by an entry that holds() what it claims. */
  writePromiscuous(portNumber: number, steer: number, entry: Uint8Array): void {
    this.promiscuous.set(addressKey(portNumber, steer, 0), membersOf(entry));
    this.found.clear();
  }

  /** Queue pairs for a destination on a physical port, or null when nobody wants it. */
  find(portNumber: number, steer: number, mac: number): readonly number[] | null {
    const key = addressKey(portNumber, steer, mac);
    const known = this.found.get(key);
    if (known !== undefined) return known;
    const answer = this.walk(portNumber, steer, mac, key);
    if (this.found.size >= foundMax) this.found.clear();
    this.found.set(key, answer);
    return answer;
  }

  private walk(
    portNumber: number,
    steer: number,
    mac: number,
    key: number,
  ): readonly number[] | null {
    const { gid } = this;
    gid.fill(0);
    ethernetGid.set(gid, 'port', portNumber);
    ethernetGid.set(gid, 'steer', steer);
    ethernetGid.set(gid, 'mac_h', Math.floor(mac / 2 ** 32));
    ethernetGid.set(gid, 'mac_l', mac % 2 ** 32);
    let index = this.hash(gid);
    // A chain that software closed to a ring must end all the same.
    for (let steps = 0; steps < this.table.entries; steps++) {
      const group = this.groups.get(index);
      if (group === undefined) break;
      if (group.key === key && group.qpns.length > 0) return group.qpns;
      if (group.next === 0) break;
      index = group.next;
    }
    const list = this.promiscuous.get(addressKey(portNumber, steer, 0));
    return list === undefined || list.length === 0 ? null : list;
  }

  private addressOf(index: number): number {
    return this.table.base + index * this.table.entryBytes;
  }
}

function keyOf(gid: Uint8Array): number {
  const port = ethernetGid.get(gid, 'port');
  return addressKey(port, ethernetGid.get(gid, 'steer'), readMac(gid, macHighAt));
}

/** QPs of an entry. */
const membersOf = (entry: Uint8Array): number[] =>
  Array.from(
    { length: mgm.get(entry, 'members_count') },
    (_, member) => readBe32(entry, mgmQpOffset(member)) & MGM_QPN_MASK,
  );
