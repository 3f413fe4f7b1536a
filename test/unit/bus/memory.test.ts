// DMA memory: sparse pages read as zeros, writes cross pages, ranges are allocated, freed and
// reused, and touching what is not allocated is a fault. A flat array is the witness.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DmaFault, DmaMemory, pageBytes } from '#bus/memory.ts';
import { count } from '#test/support/counts.ts';

const copyOf = (memory: DmaMemory, address: number, sizeBytes: number): Uint8Array => {
  const into = new Uint8Array(sizeBytes).fill(0xaa);
  memory.read(address, into);
  return into;
};

test('memory never written reads as zeros, byte, word and range', () => {
  const memory = new DmaMemory();
  const { address, sizeBytes } = memory.allocate(64 * 1024 * 1024);
  expect(sizeBytes).toBe(64 * 1024 * 1024);
  expect(memory.readU8(address + 12_345)).toBe(0);
  expect(memory.readBe32(address + 4 * pageBytes)).toBe(0);
  expect(copyOf(memory, address + pageBytes - 3, 10)).toEqual(new Uint8Array(10));
});

test('ranges are whole pages, aligned, apart, and never at address 0', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(600_000), { minLength: 1, maxLength: 20 }), (sizes) => {
      const memory = new DmaMemory();
      const ranges = sizes.map((size) => ({ ...memory.allocate(size), asked: size }));
      for (const { address, sizeBytes, asked } of ranges) {
        expect(address).toBeGreaterThan(0);
        expect(sizeBytes % pageBytes).toBe(0);
        expect(sizeBytes).toBeGreaterThanOrEqual(Math.max(asked, 1));
        const align = Math.min(2 ** Math.ceil(Math.log2(sizeBytes)), 0x4_0000);
        expect(address % align).toBe(0);
        expect(memory.valid(address, sizeBytes)).toBe(true);
      }
      const sorted = [...ranges].sort((a, b) => a.address - b.address);
      for (let n = 1; n < sorted.length; n++) {
        const before = sorted[n - 1]!;
        expect(sorted[n]!.address).toBeGreaterThanOrEqual(before.address + before.sizeBytes);
      }
    }),
  );
});

/** One access to a range of `rangeBytes`. */
const rangeBytes = 3 * pageBytes;
const offset = fc.oneof(
  fc.nat(rangeBytes - 1),
  fc
    .tuple(fc.constantFrom(1, 2), fc.integer({ min: -8, max: 8 }))
    .map(([p, d]) => p * pageBytes + d),
);
const access = fc.oneof(
  fc.record({
    do: fc.constant('write' as const),
    at: offset,
    data: fc.uint8Array({ maxLength: 5000 }),
  }),
  fc.record({
    do: fc.constant('fill' as const),
    at: offset,
    size: fc.nat(9000),
    byte: fc.nat(255),
  }),
  fc.record({ do: fc.constant('u8' as const), at: offset, value: fc.nat(255) }),
  fc.record({ do: fc.constant('be32' as const), at: offset, value: fc.nat(0xffff_ffff) }),
);

test('any sequence of accesses agrees with a flat array', () => {
  fc.assert(
    fc.property(fc.array(access, { maxLength: 20 }), (accesses) => {
      const memory = new DmaMemory();
      const { address } = memory.allocate(rangeBytes);
      const flat = new Uint8Array(rangeBytes);
      for (const step of accesses) {
        if (step.do === 'write') {
          const data = step.data.subarray(0, rangeBytes - step.at);
          memory.write(address + step.at, data);
          flat.set(data, step.at);
        } else if (step.do === 'fill') {
          const size = Math.min(step.size, rangeBytes - step.at);
          memory.fill(address + step.at, size, step.byte);
          flat.fill(step.byte, step.at, step.at + size);
        } else if (step.do === 'u8') {
          memory.writeU8(address + step.at, step.value);
          flat[step.at] = step.value;
        } else {
          const at = step.at & ~3;
          memory.writeBe32(address + at, step.value);
          new DataView(flat.buffer).setUint32(at, step.value);
          expect(memory.readBe32(address + at)).toBe(step.value);
        }
      }
      expect(copyOf(memory, address, rangeBytes)).toEqual(flat);
      expect(memory.readU8(address + pageBytes)).toBe(flat[pageBytes]);
      expect(memory.readBe32(address)).toBe(new DataView(flat.buffer).getUint32(0));
    }),
    { numRuns: count(100, 3000) },
  );
});

const touches: readonly [string, (memory: DmaMemory, address: number) => unknown][] = [
  ['readU8', (memory, address) => memory.readU8(address)],
  ['writeU8', (memory, address) => memory.writeU8(address, 1)],
  ['readBe32', (memory, address) => memory.readBe32(address)],
  ['writeBe32', (memory, address) => memory.writeBe32(address, 1)],
  ['read', (memory, address) => memory.read(address, new Uint8Array(4))],
  ['write', (memory, address) => memory.write(address, new Uint8Array(4))],
  ['fill', (memory, address) => memory.fill(address, 4, 1)],
];

test.each(touches)('%s of memory that is not allocated is a fault', (_name, touch) => {
  const memory = new DmaMemory();
  const { address, sizeBytes } = memory.allocate(pageBytes);
  touch(memory, address);
  for (const bad of [0, -4, address - 4, address + sizeBytes, 2 ** 32 + address, 2 ** 40]) {
    expect(() => {
      touch(memory, bad);
    }).toThrow(DmaFault);
    expect(memory.valid(bad, 4)).toBe(false);
  }
});

test('a range that runs out of its allocation is a fault at the first bad byte', () => {
  const memory = new DmaMemory();
  const { address } = memory.allocate(pageBytes);
  const end = address + pageBytes;
  try {
    memory.write(end - 2, Uint8Array.of(1, 2, 3));
    expect.unreachable();
  } catch (error) {
    expect(error).toBeInstanceOf(DmaFault);
    expect((error as DmaFault).address).toBe(end);
    expect((error as DmaFault).message).toContain(end.toString(16));
  }
  expect(memory.valid(end - 2, 2)).toBe(true);
  expect(memory.valid(end - 2, 3)).toBe(false);
});

test.each(touches)('%s of freed memory is a fault', (_name, touch) => {
  const memory = new DmaMemory();
  const range = memory.allocate(pageBytes);
  memory.free(range);
  expect(memory.valid(range.address, 1)).toBe(false);
  expect(() => {
    touch(memory, range.address);
  }).toThrow(DmaFault);
});

test('freed memory is reused last-freed-first, and comes back as zeros', () => {
  const memory = new DmaMemory();
  const first = memory.allocate(2 * pageBytes);
  const second = memory.allocate(2 * pageBytes);
  memory.fill(second.address, second.sizeBytes, 0x5a);
  memory.free(first);
  memory.free(second);
  expect(memory.allocate(2 * pageBytes)).toEqual(second);
  expect(copyOf(memory, second.address, second.sizeBytes)).toEqual(new Uint8Array(2 * pageBytes));
  expect(memory.allocate(2 * pageBytes)).toEqual(first);
});

test('a second free is a fault', () => {
  const memory = new DmaMemory();
  const range = memory.allocate(pageBytes);
  memory.free(range);
  expect(() => {
    memory.free(range);
  }).toThrow(DmaFault);
});
