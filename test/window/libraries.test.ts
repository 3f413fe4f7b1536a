// The browser's own libraries, for machines that lack them: unpacked from the package, they are
// found by the loader, and the browser starts with them.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { executable, packed } from './support/chromium.ts';
import { missingIn, missingLibraries, packedLibraries } from './support/libraries.ts';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mlx4-lab-libraries-'));
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

test('what ldd does not find is missing', () => {
  const report = '\tlibnss3.so => not found\n\tlibc.so.6 => /lib/libc.so.6 (0x0)\n';
  expect(missingIn(report)).toEqual(['libnss3.so']);
  expect(missingLibraries(process.execPath)).toEqual([]);
  expect(missingLibraries(join(folder, 'none'))).toEqual([]);
});

test('the package carries them, and the browser runs with them', async () => {
  const libraries = packedLibraries(packed, folder);
  expect(packedLibraries(packed, folder)).toBe(libraries);
  expect(readdirSync(folder)).toEqual(['libraries']);
  const names = readdirSync(libraries);
  const wanted = ['libnss3.so', 'libnspr4.so', 'libnssutil3.so', 'libexpat.so.1'];
  expect(names).toEqual(expect.arrayContaining([...wanted, 'libplc4.so', 'libplds4.so']));
  const env = { ...process.env, LD_LIBRARY_PATH: libraries };
  const program = await executable();
  const report = execFileSync('ldd', [program], { encoding: 'utf8', env });
  for (const name of wanted) expect(report).toContain(join(libraries, name));
  expect(execFileSync(program, ['--version'], { encoding: 'utf8', env })).toMatch(/\d+\./);
});
