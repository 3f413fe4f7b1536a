// The module programs in kmod's words, and lspci in pciutils'. Expected texts of lspci were made by
// the real program (3.9.0) from a dump of this card's configuration space.

import { beforeEach, describe, expect, test } from 'vitest';
import { quietLab } from '#test/support/lab.ts';
import type { Lab } from '#test/support/lab.ts';

let lab: Lab;

beforeEach(() => {
  lab = quietLab();
});

const head = 'Module                  Size  Used by\n';

test('modprobe loads what a module needs; -r unloads what nobody uses any more', () => {
  expect(lab.out('lsmod')).toBe(head);
  lab.out('modprobe mlx4_en');
  expect(lab.out('lsmod')).toBe(
    `${head}mlx4_en               155648  0\nmlx4_core             409600  1 mlx4_en\n`,
  );
  lab.out('modprobe mlx4_en');
  lab.out('modprobe -r mlx4_en');
  expect(lab.out('lsmod')).toBe(head);
  lab.out('modprobe -r mlx4_en');
});

test('modprobe sets parameters, which sysfs shows', () => {
  lab.out('modprobe mlx4_core debug_level=1 port_type_array=2,2');
  expect(lab.out('cat /sys/module/mlx4_core/parameters/debug_level')).toBe('1\n');
  expect(lab.out('cat /sys/module/mlx4_core/parameters/port_type_array')).toBe('2,2\n');
  lab.out('echo 0 > /sys/module/mlx4_core/parameters/debug_level');
  expect(lab.out('cat /sys/module/mlx4_core/parameters/debug_level')).toBe('0\n');
});

test('insmod loads one module only', () => {
  expect(lab.line('insmod mlx4_en.ko')).toEqual({
    output: 'insmod: ERROR: could not insert module mlx4_en.ko: Unknown symbol in module\n',
    status: 1,
  });
  lab.out('insmod mlx4_core');
  lab.out('insmod /lib/modules/x/mlx4_en.ko');
  expect(lab.line('insmod mlx4_core')).toEqual({
    output: 'insmod: ERROR: could not insert module mlx4_core: File exists\n',
    status: 1,
  });
});

test('rmmod', () => {
  lab.out('modprobe mlx4_en');
  expect(lab.line('rmmod mlx4_core')).toEqual({
    output: 'rmmod: ERROR: Module mlx4_core is in use by: mlx4_en\n',
    status: 1,
  });
  lab.out('rmmod mlx4_en mlx4_core');
  expect(lab.out('lsmod')).toBe(head);
});

test.each([
  ['rmmod', 'rmmod: ERROR: missing module name.'],
  ['rmmod foo', 'rmmod: ERROR: Module foo is not currently loaded'],
  ['insmod', 'insmod: ERROR: missing filename.'],
  ['insmod foo', 'insmod: ERROR: could not load module foo: No such file or directory'],
  ['modprobe foo', 'modprobe: FATAL: Module foo not found in directory /lib/modules/6.12.0'],
  ['modprobe -r foo', 'modprobe: FATAL: Module foo not found.'],
  ['modprobe', 'modprobe: FATAL: missing parameters. See -h.'],
  [
    'modprobe mlx4_core msi_x=-1',
    "modprobe: ERROR: could not insert 'mlx4_core': Invalid argument",
  ],
  ['modinfo', 'modinfo: ERROR: missing module or filename.'],
  ['modinfo foo', 'modinfo: ERROR: Module foo not found.'],
])('%s', (line, message) => {
  expect(lab.line(line)).toEqual({ output: `${message}\n`, status: 1 });
});

test('a module in use is not removed by modprobe', () => {
  lab.out('modprobe mlx4_en');
  const output = 'modprobe: FATAL: Module mlx4_core is in use.\n';
  expect(lab.line('modprobe -r mlx4_core')).toEqual({ output, status: 1 });
});

test('modinfo', () => {
  const text = lab.out('modinfo mlx4_core');
  expect(text).toMatch(
    /^filename: {7}\/lib\/modules\/6\.12\.0\/kernel\/.*\/mlx4_core\.ko\nversion: {8}4\.0-0\n/,
  );
  expect(text).toContain('parm:           debug_level:Enable debug tracing if > 0 (int)\n');
  expect(lab.out('modinfo -F depends mlx4_en')).toBe('mlx4_core\n');
  expect(lab.out('modinfo -p mlx4_en | head -1')).toBe(
    'udp_rss:Enable RSS for incoming UDP traffic or disabled (0) (uint)\n',
  );
});

describe('lspci', () => {
  const name = 'Mellanox Technologies MT27500 Family [ConnectX-3]';

  test.each([
    ['', `06:00.0 Ethernet controller: ${name}\n`],
    ['-D', `0000:06:00.0 Ethernet controller: ${name}\n`],
    ['-n', '06:00.0 0200: 15b3:1003\n'],
    ['-nn', `06:00.0 Ethernet controller [0200]: ${name} [15b3:1003]\n`],
    ['-s 06:', `06:00.0 Ethernet controller: ${name}\n`],
    ['-s 07:00.0', ''],
    ['-d 15b3:', `06:00.0 Ethernet controller: ${name}\n`],
    ['-d 8086:', ''],
    ['-nk', '06:00.0 0200: 15b3:1003\n\tSubsystem: 15b3:0055\n\tKernel modules: mlx4_core\n'],
  ])('lspci %s', (options, output) => {
    expect(lab.out(`lspci ${options}`)).toBe(output);
  });

  test('-v, with and without a driver', () => {
    const subsystem =
      '\tSubsystem: Mellanox Technologies ConnectX-3 10 GbE Single Port SFP+ Adapter\n';
    const before = lab.out('lspci -v');
    expect(before).toBe(
      `06:00.0 Ethernet controller: ${name}\n${subsystem}` +
        '\tFlags: fast devsel, latency 0, IRQ 18\n' +
        '\tMemory at e0000000 (64-bit, non-prefetchable) [size=1M]\n' +
        '\tMemory at e0800000 (64-bit, prefetchable) [size=8M]\n' +
        '\tCapabilities: [40] Power Management version 3\n' +
        '\tCapabilities: [48] Vital Product Data\n' +
        '\tCapabilities: [9c] MSI-X: Enable- Count=128 Masked-\n' +
        '\tCapabilities: [60] Express Endpoint, MSI 00\n' +
        '\tCapabilities: [c0] Vendor Specific Information: Len=18 <?>\n' +
        '\tKernel modules: mlx4_core\n\n',
    );
    lab.out('modprobe mlx4_core');
    const after = lab.out('lspci -v');
    expect(after).toContain('\tFlags: bus master, fast devsel, latency 0, IRQ 24\n');
    expect(after).toContain('MSI-X: Enable+ Count=128 Masked-\n');
    expect(after).toContain('\tKernel driver in use: mlx4_core\n\tKernel modules: mlx4_core\n');
  });

  test('-vv decodes registers and the link', () => {
    const text = lab.out('lspci -vv');
    expect(text).toContain(
      '\tControl: I/O- Mem+ BusMaster- SpecCycle- MemWINV- VGASnoop- ParErr- Stepping- SERR- ' +
        'FastB2B- DisINTx-\n',
    );
    expect(text).toContain(
      '\t\tVector table: BAR=0 offset=0007c000\n\t\tPBA: BAR=0 offset=0007d000\n',
    );
    expect(text).toContain('\t\tLnkSta:\tSpeed 8GT/s, Width x8\n');
  });

  test('-x dumps what the card answers', () => {
    expect(lab.out('lspci -x').split('\n')[1]).toBe(
      '00: b3 15 03 10 02 00 10 00 00 00 00 02 00 00 00 00',
    );
    expect(lab.out('lspci -xxx').trimEnd().split('\n')).toHaveLength(17);
  });

  test('a card that was pulled out answers all ones', () => {
    lab.machine.k.pci.unplug('0000:06:00.0');
    expect(lab.out('lspci -v')).toMatch(/\(rev ff\)\n\t!!! Unknown header type 7f\n/);
  });

  test('a slot that is none', () => {
    const output = 'lspci: -s: Invalid slot number\n';
    expect(lab.line('lspci -s zz')).toEqual({ output, status: 1 });
  });
});
