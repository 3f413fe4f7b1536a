// Records of /dev/kmsg, in whatever pieces the serial line brings them.

import { expect, test } from 'vitest';
import { KernelLog } from '#guest/kernel-log.ts';
import type { LogLine } from '#guest/kernel-log.ts';

const log =
  '6,339,5140900,-;mlx4_core: Initializing 0000:00:04.0\r\n' +
  ' SUBSYSTEM=pci\r\n DEVICE=+pci:0000:00:04.0\r\n' +
  '12,340,5140901,-;written by a program; with a \\x09 in it\r\n' +
  '3,341,5140902,c,caller=T1;tail\r\nhalf a li';

test.each([1, 7, 1000])('level and text of each record, in pieces of %i', (size) => {
  const lines: LogLine[] = [];
  const kernelLog = new KernelLog((line) => lines.push(line));
  for (let at = 0; at < log.length; at += size) kernelLog.take(log.slice(at, at + size));
  expect(lines).toEqual([
    { level: 6, text: 'mlx4_core: Initializing 0000:00:04.0' },
    // A program's record names its facility above the level.
    { level: 4, text: 'written by a program; with a \t in it' },
    { level: 3, text: 'tail' },
  ]);
});
