// Debian's packages: what is unpacked is what is in them, and damage has a name.

import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { describe, expect, test } from 'vitest';
import { BadPackage, debFiles, isLink } from '#guest/packages/deb.ts';
import { isTaken, lackingFile, programs } from '#guest/packages/programs.ts';
import { isModule, kernelOf } from '#guest/packages/wanted.ts';

/** A tar archive of files, and of links, compressed. */
async function tarOf(
  files: Readonly<Record<string, string>>,
  links: Readonly<Record<string, string>> = {},
): Promise<Uint8Array> {
  const archive = pack();
  for (const [name, text] of Object.entries(files)) archive.entry({ name, mode: 0o4755 }, text);
  for (const [name, linkname] of Object.entries(links)) {
    archive.entry({ name, type: 'symlink', linkname });
  }
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
    'data.tar.gz': await tarOf(
      { './bin/tool': 'a tool', './bin/other': 'another' },
      { './bin/name': 'tool', './bin/unwanted': 'other' },
    ),
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

test('links with where they lead, permissions without those of another user', async () => {
  const deb = await debOf(md5('a tool'));
  const files = await debFiles(deb, 'x.deb', (path) => /tool|name/.test(path));
  expect(files.map(({ path, mode, bytes }) => [path, mode, Buffer.from(bytes).toString()])).toEqual(
    [
      ['bin/tool', 0o100755, 'a tool'],
      ['bin/name', 0o120777, 'tool'],
    ],
  );
  expect(files.map(isLink)).toEqual([false, true]);
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

describe('programs', () => {
  const packageOf = (name: string) => programs.find((one) => one.name.test(name))!;

  test('are found by either name that Debian has given them, and for this processor only', () => {
    for (const name of ['libnl-route-3-200', 'libnl-route-3-200t64']) {
      expect(packageOf(name).said).toBe('libnl-route-3-200, i386');
      expect(packageOf(name).file.test(`${name}_3.7.0-0.2+b1_i386.deb`)).toBe(true);
    }
    expect(packageOf('libnl-3-200').file.test('libnl-3-200_3.7.0-0.2+b1_amd64.deb')).toBe(false);
    expect(programs.filter(({ name }) => name.test('libnl-3-200'))).toHaveLength(1);
  });

  test('a library is taken by its name and by what that leads to, under /usr or not', () => {
    const there = 'lib/i386-linux-gnu';
    const taken = (name: string, path: string) => isTaken(packageOf(name), path);
    expect(taken('libc6', `${there}/libc.so.6`)).toBe(true);
    expect(taken('libc6', `usr/${there}/libc.so.6`)).toBe(true);
    expect(taken('libc6', `${there}/libc_malloc_debug.so.0`)).toBe(false);
    expect(taken('libibverbs1', `usr/${there}/libibverbs.so.1.14.44.0`)).toBe(true);
    expect(taken('libibverbs1', `usr/${there}/libibverbs.so.10`)).toBe(false);
    expect(taken('ibverbs-providers', `usr/${there}/libmlx5.so.1`)).toBe(false);
    expect(taken('ethtool', 'usr/share/doc/ethtool/copyright')).toBe(false);
  });

  test('a file that is not there, and a link that leads nowhere, is named', () => {
    const fileOf = (path: string, mode = 0o100644, text = '') => ({
      path,
      mode,
      bytes: Buffer.from(text),
    });
    const provider = 'lib/i386-linux-gnu/libibverbs/libmlx4-rdmav34.so';
    const all = programs.flatMap((one) => one.files.map((path) => fileOf(`usr/${path}`)));
    expect(lackingFile(all)).toBeUndefined();
    expect(lackingFile(all.filter(({ path }) => path !== `usr/${provider}`))).toBe(provider);
    const link = (target: string) => fileOf(`usr/${provider}`, 0o120777, target);
    expect(lackingFile([...all, link('../libmlx4.so.1')])).toBeUndefined();
    const target = 'lib/i386-linux-gnu/libmlx4.so.2';
    expect(lackingFile([...all, link('../libmlx4.so.2')])).toBe(target);
    expect(lackingFile([...all, link(`/usr/${target}`)])).toBe(target);
  });
});

test('names of kernels and modules', () => {
  const name = 'linux-image-6.1.0-50-686_6.1.176-1_i386.deb';
  expect(kernelOf('686').file.test(name)).toBe(true);
  expect(kernelOf('686-pae').file.test(name)).toBe(false);
  const home = 'lib/modules/6.1.0-50-686/kernel';
  expect(isModule(`${home}/drivers/net/bonding/bonding.ko`)).toBe(true);
  expect(isModule(`${home}/drivers/gpu/drm/drm.ko`)).toBe(false);
});
