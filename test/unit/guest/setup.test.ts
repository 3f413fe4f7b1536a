// Getting a guest ready out of a folder of packages: it says which of them the folder lacks.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { NoGuest } from '#guest/files.ts';
import { setUpGuest } from '#guest/setup.ts';

let debs: string;

beforeEach(() => {
  debs = mkdtempSync(join(tmpdir(), 'mlx4-lab-debs-'));
});

afterEach(() => {
  rmSync(debs, { recursive: true });
});

const setUp = (folder: string): Promise<void> =>
  setUpGuest({ flavour: '686', debs: folder, say: () => undefined });

const put = (...names: readonly string[]): void => {
  for (const name of names) writeFileSync(join(debs, name), '');
};

test('a folder that is not there', async () => {
  await expect(setUp(join(debs, 'none'))).rejects.toThrow(/^There is no folder .*none\.$/);
});

test('all packages that it lacks, and then the last one', async () => {
  put('seabios_1.16.2-1_all.deb', 'linux-image-6.1.0-50-686_6.1.176-1_i386.deb');
  put('ethtool_1%3a6.1-1_amd64.deb');
  const lacking = setUp(debs);
  await expect(lacking).rejects.toThrow(NoGuest);
  await expect(lacking).rejects.toThrow(
    "lacks Debian's packages busybox-static, i386; ibverbs-utils, i386; libibverbs1, i386; " +
      'ibverbs-providers, i386; libnl-3-200, i386; libnl-route-3-200, i386; ethtool, i386; ' +
      'libmnl0, i386; libc6, i386.',
  );
  put('busybox-static_1.35_i386.deb', 'ibverbs-utils_44_i386.deb', 'libibverbs1t64_56_i386.deb');
  put('ibverbs-providers_44_i386.deb', 'libnl-3-200_3_i386.deb', 'libnl-route-3-200_3_i386.deb');
  put('ethtool_6_i386.deb', 'libmnl0_1_i386.deb');
  await expect(setUp(debs)).rejects.toThrow(/lacks Debian's package libc6, i386\.$/);
});

test('a package that is none is named', async () => {
  put('seabios_1.16.2-1_all.deb', 'linux-image-6.1.0-50-686_6.1.176-1_i386.deb');
  put('busybox-static_1.35_i386.deb', 'ibverbs-utils_44_i386.deb', 'libibverbs1_44_i386.deb');
  put('ibverbs-providers_44_i386.deb', 'libnl-3-200_3_i386.deb', 'libnl-route-3-200_3_i386.deb');
  put('ethtool_6_i386.deb', 'libmnl0_1_i386.deb', 'libc6_2.36_i386.deb');
  await expect(setUp(debs)).rejects.toThrow(/^linux-image-6\.1\.0-50-686_\S+ is no Debian package/);
});
