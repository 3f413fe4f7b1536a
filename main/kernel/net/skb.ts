// Socket buffers (include/linux/skbuff.h): one whole Ethernet frame in one byte array, header at 0.
// Headers are never pulled or pushed; readers use offsets. Left out: fragments, clones, headroom,
// GSO.

import { EtherType, ethHeaderBytes } from '#bus/frame.ts';
import { readBe16 } from '#bus/bytes.ts';
import type { NetDevice } from './netdevice.ts';

/** What is known about the checksum. */
export const CHECKSUM_NONE = 0;
export const CHECKSUM_UNNECESSARY = 1;
export const CHECKSUM_COMPLETE = 2;
export const CHECKSUM_PARTIAL = 3;

/** Whom a received frame is for. */
export const PACKET_HOST = 0;
export const PACKET_BROADCAST = 1;
export const PACKET_MULTICAST = 2;
export const PACKET_OTHERHOST = 3;
export const PACKET_OUTGOING = 4;

export class SkBuff {
  /** The frame, destination MAC first, without FCS. */
  data: Uint8Array;
  dev: NetDevice;
  /** EtherType, host order. */
  protocol: number;
  ip_summed = CHECKSUM_NONE;
  /** Folded sum over all behind the Ethernet header, with CHECKSUM_COMPLETE. */
  csum = 0;
  /** With CHECKSUM_PARTIAL: where summing starts, and where the sum goes, from there. */
  csum_start = 0;
  csum_offset = 0;
  pkt_type = PACKET_HOST;
  /** Receive hash of the card, 0 for none. */
  hash = 0;
  /** Tag that the card took off, or -1. */
  vlan_tci = -1;
  /** Queue for transmission, or the ring it came from. */
  queue_mapping = 0;
  /** The next one while it is on an SkbQueue. */
  next: SkBuff | null = null;

  constructor(data: Uint8Array, dev: NetDevice, protocol = 0) {
    this.data = data;
    this.dev = dev;
    this.protocol = protocol;
  }

  /** Bytes of the frame. */
  get len(): number {
    return this.data.length;
  }
}

/** A list of buffers (struct sk_buff_head): first in, first out, without allocation. */
export class SkbQueue {
  /** Buffers on the list. */
  qlen = 0;
  private head: SkBuff | null = null;
  private tail: SkBuff | null = null;

  /** The one that came last. */
  get last(): SkBuff | null {
    return this.tail;
  }

  /** Puts a buffer at the end. */
  push(skb: SkBuff): void {
    skb.next = null;
    if (this.tail === null) this.head = skb;
    else this.tail.next = skb;
    this.tail = skb;
    this.qlen++;
  }

  /** Puts a buffer at the front: it could not be sent. */
  unshift(skb: SkBuff): void {
    skb.next = this.head;
    this.head = skb;
    this.tail ??= skb;
    this.qlen++;
  }

  /** Takes the first one. */
  shift(): SkBuff | null {
    const first = this.head;
    if (first === null) return null;
    this.head = first.next;
    if (this.head === null) this.tail = null;
    first.next = null;
    this.qlen--;
    return first;
  }

  /** Takes all off; gives them in order. */
  takeAll(): SkBuff[] {
    const all: SkBuff[] = [];
    for (let skb = this.shift(); skb !== null; skb = this.shift()) all.push(skb);
    return all;
  }
}

/** A buffer for a frame that is to be sent. */
export const alloc_skb = (data: Uint8Array, dev: NetDevice, protocol: number): SkBuff =>
  new SkBuff(data, dev, protocol);

/** Compares the six bytes at `at` with an address. */
export function ether_addr_equal(bytes: Uint8Array, at: number, address: Uint8Array): boolean {
  return (
    bytes[at + 5] === address[5] &&
    bytes[at + 4] === address[4] &&
    bytes[at + 3] === address[3] &&
    bytes[at + 2] === address[2] &&
    bytes[at + 1] === address[1] &&
    bytes[at] === address[0]
  );
}

/** Sets dev, pkt_type and protocol of a received frame; gives the protocol. */
export function eth_type_trans(skb: SkBuff, dev: NetDevice): number {
  const { data } = skb;
  skb.dev = dev;
  if ((data[0]! & 1) !== 0) {
    skb.pkt_type = ether_addr_equal(data, 0, dev.broadcast) ? PACKET_BROADCAST : PACKET_MULTICAST;
  } else if (!ether_addr_equal(data, 0, dev.dev_addr)) skb.pkt_type = PACKET_OTHERHOST;
  else skb.pkt_type = PACKET_HOST;
  skb.protocol = data.length < ethHeaderBytes ? 0 : readBe16(data, 12);
  return skb.protocol;
}

/** Offset of the network header: behind the Ethernet header, tags not counted. */
export const networkOffset = ethHeaderBytes;

/** True for a frame with a VLAN tag in its bytes. */
export const skb_vlan_tagged = (skb: SkBuff): boolean =>
  skb.protocol === EtherType.vlan || skb.protocol === EtherType.serviceVlan;
