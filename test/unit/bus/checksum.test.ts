// The fast checksum against a naive one, and the algebra that checksum offload relies on.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fold, internetChecksum, partialSum, pseudoHeaderSum, subtractSum } from '#bus/checksum.ts';

/** RFC 1071, word by word, with the carry added back at once. */
function naive(bytes: Uint8Array): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) {
    sum += bytes[at]! * 256 + (bytes[at + 1] ?? 0);
    if (sum > 0xffff) sum -= 0xffff;
  }
  return 0xffff - sum;
}

const bytesOf = (max: number) => fc.uint8Array({ minLength: 0, maxLength: max });

test('equals the naive checksum for any bytes', () => {
  fc.assert(
    fc.property(bytesOf(200), (bytes) => {
      expect(internetChecksum(bytes, 0, bytes.length)).toBe(naive(bytes));
    }),
  );
});

test('looks only at the range it is given', () => {
  fc.assert(
    fc.property(bytesOf(40), bytesOf(40), bytesOf(40), (before, data, after) => {
      const all = Uint8Array.from([...before, ...data, ...after]);
      expect(internetChecksum(all, before.length, data.length)).toBe(naive(data));
    }),
  );
});

test('partial sums of even pieces add up, and a piece can be taken out again', () => {
  fc.assert(
    fc.property(bytesOf(64), bytesOf(65), (head, tail) => {
      const even = head.length % 2 === 0 ? head : head.slice(1);
      const all = Uint8Array.from([...even, ...tail]);
      const headSum = partialSum(even, 0, even.length);
      const whole = partialSum(tail, 0, tail.length, headSum);
      expect(fold(whole)).toBe(fold(partialSum(all, 0, all.length)));
      // 0 and 0xffff are the same number in ones-complement arithmetic.
      const left = subtractSum(whole, headSum) % 0xffff;
      expect(left).toBe(fold(partialSum(tail, 0, tail.length)) % 0xffff);
    }),
  );
});

test('the example of RFC 1071', () => {
  const bytes = Uint8Array.of(0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7);
  expect(fold(partialSum(bytes, 0, 8))).toBe(0xddf2);
});

test('the pseudo header counts like its bytes', () => {
  const bytes = Uint8Array.of(10, 200, 0, 1, 192, 168, 3, 255, 0, 17, 1, 44);
  expect(fold(pseudoHeaderSum(0x0ac8_0001, 0xc0a8_03ff, 17, 300))).toBe(
    fold(partialSum(bytes, 0, bytes.length)),
  );
});
