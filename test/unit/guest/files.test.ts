// What a guest needs, in the cache: what is not there, of another lab or damaged says how to get
// it.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { guestFiles, hasGuest, keepGuest } from '#guest/files.ts';
import type { GuestFiles } from '#guest/files.ts';

const file = (byte: number): Uint8Array => Uint8Array.of(byte, byte, byte);
const files: GuestFiles = {
  release: '6.1.0-50-686',
  bios: file(1),
  vgaBios: file(2),
  kernel: file(3),
  initramfs: file(4),
  snapshot: file(5),
};
let cache: string;

beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), 'mlx4-lab-cache-'));
  vi.stubEnv('MLX4_LAB_CACHE', cache);
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(cache, { recursive: true });
});

test('what is kept comes back, for its own flavour only', () => {
  const folder = keepGuest('686', files);
  expect(folder.startsWith(cache)).toBe(true);
  const plain = (all: GuestFiles): object =>
    Object.fromEntries(
      Object.entries(all).map(([name, bytes]) => [name, Buffer.from(bytes as Uint8Array | string)]),
    );
  expect(plain(guestFiles('686'))).toEqual(plain(files));
  expect([hasGuest('686'), hasGuest('686-pae')]).toEqual([true, false]);
});

test('without one it says in one line how to get it', () => {
  expect(() => guestFiles('686')).toThrow(/^There is no Linux 686 .*: mlx4-lab guest setup$/);
  expect(() => guestFiles('686-pae')).toThrow(/: mlx4-lab guest setup --flavour 686-pae$/);
});

test('a file that is missing or damaged is named; another lab’s cache is none', () => {
  const folder = keepGuest('686', files);
  writeFileSync(join(folder, 'snapshot'), file(6));
  expect(() => guestFiles('686')).toThrow(/snapshot is not what was put there\. Get it with/);
  rmSync(join(folder, 'vmlinuz'));
  expect(() => guestFiles('686')).toThrow(/vmlinuz is not/);
  const manifest = join(folder, 'manifest.json');
  const text = readFileSync(manifest, 'utf8').replace(/"layout": \d+/, '"layout": 0');
  writeFileSync(manifest, text);
  expect(() => guestFiles('686')).toThrow(/of another lab/);
  expect(hasGuest('686')).toBe(false);
});
