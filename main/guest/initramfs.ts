// What a guest boots into: busybox, the modules, programs that look at the card, and a shell on the
// serial line. Nothing is started that a person has not asked for; modules are loaded by hand.
// There is one folder of libraries and one of programs each: /usr leads to /, so that whatever
// Debian has moved from the one to the other is found by both names.

import { cpio, cpioDevice, cpioFile, cpioFolder, cpioLink, cpioProgram } from './cpio.ts';
import type { CpioEntry } from './cpio.ts';
import { modulesDep } from './modules.ts';
import type { ModuleFile } from './modules.ts';
import { pathInGuest } from './packages/programs.ts';
import type { PackedFile } from './packages/deb.ts';

/** What the shell prints when it can be used. */
export const readyMark = '@@ready';
/** The last line of the log of a boot. */
export const bootedLine = 'guest: booted';

/**
 * The first program. The shell is interactive, so that a mistake in a line does not end it, and
 * prints no prompt, so that only answers come back. It reads the line as a script: the end of a
 * background job interrupts its reading of standard input, and it would take that for the end. The
 * kernel's log has a serial line of its own.
 */
const init = `#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
mount -t tmpfs tmp /tmp
ip link set lo up
dmesg -n 1
export PATH=/bin:/sbin HOME=/tmp ENV=/etc/shrc
cd /tmp
stty -F /dev/ttyS0 -echo
stty -F /dev/ttyS1 raw
echo ${bootedLine} >/dev/kmsg
cat /dev/kmsg >/dev/ttyS1 &
while true; do setsid sh -c 'exec sh -i /dev/ttyS0 </dev/ttyS0 >/dev/ttyS0 2>&1'; done
`;

const shrc = `PS1= PS2=
[ -e /tmp/ready ] || { touch /tmp/ready; echo ${readyMark}; }
`;

/** Folders that something is mounted on. */
const mountPoints = ['dev', 'proc', 'sys', 'tmp'];

/** The folders that files are in, and those that they are in, the outer ones first. */
function foldersOf(files: readonly CpioEntry[]): CpioEntry[] {
  const paths = new Set(mountPoints);
  for (const { path } of files) {
    for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1)) {
      paths.add(path.slice(0, at));
    }
  }
  return [...paths].toSorted().map((path) => ({ path, mode: cpioFolder }));
}

/** What it is made of. */
export interface InitramfsParts {
  /** As `uname -r` says it. */
  readonly release: string;
  readonly busybox: Uint8Array;
  readonly modules: readonly ModuleFile[];
  /** Files of packages that come as they are. */
  readonly programs: readonly PackedFile[];
}

/** Writes it. */
export function initramfs({ release, busybox, modules, programs }: InitramfsParts): Uint8Array {
  const home = `lib/modules/${release}`;
  const text = (path: string, mode: number, words: string): CpioEntry => ({
    path,
    mode,
    bytes: Buffer.from(words),
  });
  const fileName = ({ name }: ModuleFile): string => `${name}.ko`;
  const files: CpioEntry[] = [
    { path: 'dev/console', mode: cpioDevice, device: [5, 1] },
    { path: 'bin/busybox', mode: cpioProgram, bytes: busybox },
    // What the kernel calls when a driver asks for another one.
    text('sbin/modprobe', cpioLink, '/bin/busybox'),
    text('usr', cpioLink, '.'),
    text('init', cpioProgram, init),
    text('etc/shrc', cpioFile, shrc),
    text(`${home}/modules.dep`, cpioFile, modulesDep(modules, fileName)),
    ...modules.map((module) => ({
      path: `${home}/${fileName(module)}`,
      mode: cpioFile,
      bytes: module.bytes,
    })),
    ...programs.map((file) => ({ ...file, path: pathInGuest(file.path) })),
  ];
  return cpio([...foldersOf(files), ...files]);
}
