// Send descriptors as the card reads them (facts/device 8.2 to 8.6), bytes restated by hand.

import { describe, expect, test } from 'vitest';
import {
  buildDataDescriptor,
  buildInlineDescriptor,
  descriptorBlocks,
  descriptorBytesMax,
  inlineDescriptorBytes,
  ownerOpcode,
} from '#driver/mlx4_en/en_tx_desc.ts';

const plain = { vlanTci: -1, checksum: false };
const packetOf = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => i + 1);
const word = (bytes: Uint8Array, at: number): number =>
  new DataView(bytes.buffer, bytes.byteOffset).getUint32(at);

describe('inline descriptors', () => {
  test.each([
    [1, 48, 1],
    [17, 48, 1],
    [28, 48, 1],
    [29, 64, 1],
    [44, 64, 1],
    [45, 80, 2],
    [56, 80, 2],
    [57, 96, 2],
    [104, 128, 2],
  ])('%i bytes take %i bytes in %i blocks', (length, bytes, blocks) => {
    expect(inlineDescriptorBytes(length)).toBe(bytes);
    expect(descriptorBlocks(bytes)).toBe(blocks);
  });

  test('one segment up to 44 bytes, padded to 17', () => {
    const into = new Uint8Array(descriptorBytesMax).fill(0xee);
    expect(buildInlineDescriptor(into, packetOf(3), plain)).toBe(48);
    expect(into[7]).toBe(3);
    expect(word(into, 8)).toBe(0x0e);
    expect(word(into, 16)).toBe(0x8000_0011);
    expect([...into.subarray(20, 38)]).toEqual([1, 2, 3, ...new Array<number>(15).fill(0)]);
  });

  test('a longer packet goes on at the next block', () => {
    const into = new Uint8Array(descriptorBytesMax);
    const packet = packetOf(104);
    expect(buildInlineDescriptor(into, packet, plain)).toBe(128);
    expect(into[7]).toBe(8);
    expect(word(into, 16)).toBe(0x8000_002c);
    expect(into.subarray(20, 64)).toEqual(packet.subarray(0, 44));
    expect(word(into, 64)).toBe(0x8000_003c);
    expect(into.subarray(68, 128)).toEqual(packet.subarray(44));
  });
});

describe('control segment', () => {
  test('checksum offload and VLAN insertion', () => {
    const into = new Uint8Array(descriptorBytesMax);
    buildInlineDescriptor(into, packetOf(60), { vlanTci: 0x2064, checksum: true });
    expect(word(into, 4)).toBe(0x2064_4006);
    expect(word(into, 8)).toBe(0x3e);
  });

  test('a data segment: count, key, address', () => {
    const into = new Uint8Array(descriptorBytesMax);
    expect(buildDataDescriptor(into, 0x1234_5000, 1514, 0x100, plain)).toBe(32);
    expect(into[7]).toBe(2);
    expect([16, 20, 24, 28].map((at) => word(into, at))).toEqual([1514, 0x100, 0, 0x1234_5000]);
  });

  test('the owner bit alternates with each pass over the ring', () => {
    expect(ownerOpcode(0, 1024)).toBe(0x0a);
    expect(ownerOpcode(1023, 1024)).toBe(0x0a);
    expect(ownerOpcode(1024, 1024)).toBe(0x8000_000a);
    expect(ownerOpcode(2048, 1024)).toBe(0x0a);
  });
});
