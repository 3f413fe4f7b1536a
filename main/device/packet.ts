// What the card's parser sees in a frame: tags, IPv4 or IPv6 header, TCP or UDP, checksums. One
// object is used again for every packet, so that the data path allocates nothing. IPv6 extension
// headers are not walked: such a packet counts as "no L4", as one that a real parser gives up on.

import { readBe16, readBe32, writeBe16 } from '#bus/bytes.ts';
import { complement, fold, partialSum, pseudoHeaderSum } from '#bus/checksum.ts';
import { EtherType, payloadOffset } from '#bus/frame.ts';
import { IpProtocol, ipv4HeaderBytes, ipv4HeaderLength } from '#bus/ipv4.ts';
import { l4ChecksumOffset, tcpHeaderBytes, udpHeaderBytes } from '#bus/l4.ts';

const ipv6HeaderBytes = 40;
const ipv6SourceAt = 8;
const ipv4SourceAt = 12;
const ipv4ChecksumAt = 10;
const fragmentMask = 0x3fff;

/** One frame, parsed. */
export class Packet {
  frame: Uint8Array = new Uint8Array(0);
  /** 4, 6, or 0 for anything else. */
  version: 0 | 4 | 6 = 0;
  /** Offset of the IP header. */
  ipAt = 0;
  /** IPv4 header with options. */
  options = false;
  fragment = false;
  /** TCP, UDP, or 0 when there is no whole L4 header that the card knows. */
  l4: 0 | 6 | 17 = 0;
  l4At = 0;
  /** Bytes of L4 header and data. */
  l4Bytes = 0;

  /** Looks at a frame; the object then describes it. */
  parse(frame: Uint8Array): void {
    this.frame = frame;
    this.version = 0;
    this.options = false;
    this.fragment = false;
    this.l4 = 0;
    const at = payloadOffset(frame);
    this.ipAt = at;
    if (at > frame.length) return;
    const type = readBe16(frame, at - 2);
    if (type === EtherType.ipv4) this.parseIpv4(at);
    else if (type === EtherType.ipv6) this.parseIpv6(at);
  }

  /** The IPv4 header's checksum is right; true for IPv6, which has none. */
  ipOk(): boolean {
    if (this.version !== 4) return this.version === 6;
    const { frame, ipAt } = this;
    return fold(partialSum(frame, ipAt, ipv4HeaderLength(frame, ipAt))) === 0xffff;
  }

  /** The L4 checksum is right; false for a packet without one. */
  l4Ok(): boolean {
    if (this.l4 === 0) return false;
    const field = this.l4At + l4ChecksumOffset(this.l4)!;
    if (this.l4 === IpProtocol.udp && readBe16(this.frame, field) === 0) return false;
    return fold(this.l4Sum()) === 0xffff;
  }

  /** Computes and writes the IPv4 header checksum. */
  fillIp(): void {
    if (this.version !== 4) return;
    const { frame, ipAt } = this;
    writeBe16(frame, ipAt + ipv4ChecksumAt, 0);
    const sum = partialSum(frame, ipAt, ipv4HeaderLength(frame, ipAt));
    writeBe16(frame, ipAt + ipv4ChecksumAt, complement(sum));
  }

  /** Computes and writes the TCP or UDP checksum. */
  fillL4(): void {
    if (this.l4 === 0) return;
    const field = this.l4At + l4ChecksumOffset(this.l4)!;
    writeBe16(this.frame, field, 0);
    const value = complement(this.l4Sum());
    // A UDP checksum of 0 means "none", so 0 is sent as its other form (RFC 768).
    writeBe16(this.frame, field, value === 0 && this.l4 === IpProtocol.udp ? 0xffff : value);
  }

  /** First byte and length of the addresses, for hashes. */
  get addressesAt(): number {
    return this.ipAt + (this.version === 4 ? ipv4SourceAt : ipv6SourceAt);
  }

  get addressesBytes(): number {
    return this.version === 4 ? 8 : 32;
  }

  private parseIpv4(at: number): void {
    const { frame } = this;
    if (frame.length < at + ipv4HeaderBytes || frame[at]! >>> 4 !== 4) return;
    const headerBytes = ipv4HeaderLength(frame, at);
    const totalBytes = readBe16(frame, at + 2);
    if (headerBytes < ipv4HeaderBytes || totalBytes < headerBytes) return;
    if (frame.length < at + totalBytes) return;
    this.version = 4;
    this.options = headerBytes > ipv4HeaderBytes;
    this.fragment = (readBe16(frame, at + 6) & fragmentMask) !== 0;
    if (!this.fragment) this.setL4(frame[at + 9]!, at + headerBytes, totalBytes - headerBytes);
  }

  private parseIpv6(at: number): void {
    const { frame } = this;
    if (frame.length < at + ipv6HeaderBytes || frame[at]! >>> 4 !== 6) return;
    const bytes = readBe16(frame, at + 4);
    if (frame.length < at + ipv6HeaderBytes + bytes) return;
    this.version = 6;
    this.setL4(frame[at + 6]!, at + ipv6HeaderBytes, bytes);
  }

  private setL4(protocol: number, at: number, bytes: number): void {
    if (protocol === IpProtocol.tcp ? bytes < tcpHeaderBytes : bytes < udpHeaderBytes) return;
    if (protocol !== IpProtocol.tcp && protocol !== IpProtocol.udp) return;
    this.l4 = protocol;
    this.l4At = at;
    this.l4Bytes = bytes;
  }

  private l4Sum(): number {
    const { frame, l4At, l4Bytes, l4 } = this;
    const at = this.addressesAt;
    const pseudo =
      this.version === 4
        ? pseudoHeaderSum(readBe32(frame, at), readBe32(frame, at + 4), l4, l4Bytes)
        : partialSum(frame, at, this.addressesBytes, l4 + l4Bytes);
    return partialSum(frame, l4At, l4Bytes, pseudo);
  }
}
