// What a guest boots into: modules in their order, the archive as Linux reads it, each file behind
// the folder that it is in.

import { expect, test } from 'vitest';
import { cpio, cpioFile, cpioFolder, cpioLink, cpioProgram } from '#guest/cpio.ts';
import { initramfs } from '#guest/initramfs.ts';
import { moduleOf, modulesDep, withDependencies } from '#guest/modules.ts';

const fileOf = (path: string, depends: string) =>
  moduleOf({
    path,
    mode: cpioFile,
    bytes: Buffer.from(`\x7fELF…\0license=GPL\0depends=${depends}\0name=x\0`),
  });

const en = fileOf('a/mlx4_en.ko', 'mlx4_core,ptp');
const core = fileOf('a/mlx4_core.ko', '');
const ib = fileOf('b/mlx4-ib.ko', 'ib_core,mlx4_core');
const ibCore = fileOf('b/ib_core.ko', '');

test('modules stand behind what they depend on; what is built in is left out', () => {
  const files = [en, ib, core, ibCore];
  expect(withDependencies(files, ['mlx4_en', 'mlx4_ib']).map(({ name }) => name)).toEqual([
    'mlx4_core',
    'mlx4_en',
    'ib_core',
    'mlx4_ib',
  ]);
  expect(modulesDep([core, en], ({ name }) => `${name}.ko`)).toBe(
    'mlx4_core.ko: \nmlx4_en.ko: mlx4_core.ko\n',
  );
});

/** Entries of a newc archive. */
function entriesOf(bytes: Uint8Array): [string, number, string][] {
  const text = Buffer.from(bytes).toString('latin1');
  const entries: [string, number, string][] = [];
  for (let at = 0; ;) {
    expect(text.slice(at, at + 6)).toBe('070701');
    const field = (index: number): number =>
      parseInt(text.slice(at + 6 + 8 * index).slice(0, 8), 16);
    const [mode, size, nameBytes] = [field(1), field(6), field(11)];
    const name = text.slice(at + 110, at + 110 + nameBytes - 1);
    if (name === 'TRAILER!!!') return entries;
    const begin = (at + 110 + nameBytes + 3) & ~3;
    entries.push([name, mode, text.slice(begin, begin + size)]);
    at = (begin + size + 3) & ~3;
  }
}

test('an archive of folders and files of every length', () => {
  const files = ['', 'a', 'ab', 'abc', 'abcd'].map((words) => ({
    path: `etc/${words}x`,
    mode: cpioFile,
    bytes: Buffer.from(words),
  }));
  const archive = cpio([{ path: 'etc', mode: cpioFolder }, ...files]);
  expect(entriesOf(archive)).toEqual([
    ['etc', cpioFolder, ''],
    ...files.map(({ path, mode, bytes }) => [path, mode, bytes.toString()]),
  ]);
});

test('programs are where /usr is /, with their permissions; every folder comes first', () => {
  const file = (path: string, mode: number, words: string) => ({
    path,
    mode,
    bytes: Buffer.from(words),
  });
  const archive = initramfs({
    release: '6.1.0-50-686',
    busybox: Buffer.from('box'),
    modules: [core, en],
    programs: [
      file('usr/bin/tool', cpioProgram, 'a tool'),
      file('usr/lib/pc/lib.so.1', cpioLink, 'lib.so.1.2'),
      file('lib/pc/lib.so.1.2', cpioFile, 'code'),
    ],
  });
  const entries = entriesOf(archive);
  expect(entries).toEqual(
    expect.arrayContaining([
      ['usr', cpioLink, '.'],
      ['bin/tool', cpioProgram, 'a tool'],
      ['lib/pc/lib.so.1', cpioLink, 'lib.so.1.2'],
      ['lib/pc/lib.so.1.2', cpioFile, 'code'],
    ]),
  );
  const names = entries.map(([name]) => name);
  expect(new Set(names).size).toBe(names.length);
  for (const [at, name] of names.entries()) {
    const slash = name.lastIndexOf('/');
    if (slash >= 0) expect(names.slice(0, at)).toContain(name.slice(0, slash));
  }
  for (const folder of ['dev', 'proc', 'sys', 'tmp']) expect(names).toContain(folder);
});
