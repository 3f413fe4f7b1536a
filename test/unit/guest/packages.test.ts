// Debian's packages: what is unpacked is what is in them, and damage has a name.

import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { expect, test } from 'vitest';
import { BadPackage, debFiles } from '#guest/packages/deb.ts';
import { isModule, kernelOf } from '#guest/packages/wanted.ts';

/** A tar archive of files, compressed. */
async function tarOf(files: Readonly<Record<string, string>>): Promise<Uint8Array> {
  const archive = pack();
  for (const [name, text] of Object.entries(files)) archive.entry({ name }, text);
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive) chunks.push(chunk as Buffer);
  return gzipSync(Buffer.concat(chunks));
}

function arOf(members: Readonly<Record<string, Uint8Array>>): Uint8Array {
  const parts = Object.entries(members).flatMap(([name, bytes]) => {
    const head = `${name.padEnd(16)}${'0'.padEnd(12)}${'0'.padEnd(6)}${'0'.padEnd(6)}`;
    const size = `${'100644'.padEnd(8)}${String(bytes.length).padEnd(10)}\`\n`;
    return [Buffer.from(head + size), bytes, Buffer.alloc(bytes.length % 2, '\n')];
  });
  return Buffer.concat([Buffer.from('!<arch>\n'), ...parts]);
}

const md5 = (text: string): string => createHash('md5').update(text).digest('hex');

async function debOf(sum: string): Promise<Uint8Array> {
  return arOf({
    'debian-binary': Buffer.from('2.0\n'),
    'control.tar.gz': await tarOf({ './md5sums': `${sum}  bin/tool\n` }),
    'data.tar.gz': await tarOf({ './bin/tool': 'a tool', './bin/other': 'another' }),
  });
}

const all = (): boolean => true;

test('files that are wanted, by path', async () => {
  const deb = await debOf(md5('a tool'));
  const files = await debFiles(deb, 'x.deb', (path) => path === 'bin/tool');
  expect(files.map(({ path, bytes }) => [path, Buffer.from(bytes).toString()])).toEqual([
    ['bin/tool', 'a tool'],
  ]);
});

test('a file that is not what its sum says', async () => {
  const deb = await debOf(md5('something else'));
  await expect(debFiles(deb, 'x.deb', all)).rejects.toThrow(/x\.deb .*bin\/tool is damaged/);
});

test('what is no package, and what ends too early', async () => {
  await expect(debFiles(Buffer.from('PK'), 'x.deb', all)).rejects.toThrow(BadPackage);
  const deb = await debOf(md5('a tool'));
  for (const length of [8, 70, 200, deb.length - 40]) {
    await expect(debFiles(deb.subarray(0, length), 'x.deb', all)).rejects.toThrow(/x\.deb/);
  }
});

test('names of kernels and modules', () => {
  const name = 'linux-image-6.1.0-50-686_6.1.176-1_i386.deb';
  expect(kernelOf('686').file.test(name)).toBe(true);
  expect(kernelOf('686-pae').file.test(name)).toBe(false);
  const home = 'lib/modules/6.1.0-50-686/kernel';
  expect(isModule(`${home}/drivers/net/bonding/bonding.ko`)).toBe(true);
  expect(isModule(`${home}/drivers/gpu/drm/drm.ko`)).toBe(false);
});
