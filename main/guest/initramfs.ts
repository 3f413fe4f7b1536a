// What a guest boots into: busybox, the modules, and a shell on the serial line. Nothing is started
// that a person has not asked for; modules are loaded by hand.

import { cpio, cpioDevice, cpioFile, cpioFolder, cpioLink, cpioProgram } from './cpio.ts';
import type { CpioEntry } from './cpio.ts';
import { modulesDep } from './modules.ts';
import type { ModuleFile } from './modules.ts';

/** What the shell prints when it can be used. */
export const readyMark = '@@ready';
/** The last line of the log of a boot. */
export const bootedLine = 'guest: booted';

/**
 * The first program. The shell is interactive, so that a mistake in a line does not end it, and
 * prints no prompt, so that only answers come back. The kernel's log has a line of its own. It
 * reads the line as a script: the end of a background job interrupts its reading of standard input,
 * and it would take that for the end.
 */
const init = `#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
mount -t tmpfs tmp /tmp
ip link set lo up
dmesg -n 1
export PATH=/bin HOME=/tmp ENV=/etc/shrc
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

const folders = ['bin', 'dev', 'etc', 'lib', 'lib/modules', 'proc', 'sbin', 'sys', 'tmp'];

/** Writes it. `release`: what \`uname -r\` says. */
export function initramfs(
  release: string,
  busybox: Uint8Array,
  modules: readonly ModuleFile[],
): Uint8Array {
  const home = `lib/modules/${release}`;
  const text = (path: string, mode: number, words: string): CpioEntry => ({
    path,
    mode,
    bytes: Buffer.from(words),
  });
  const fileName = ({ name }: ModuleFile): string => `${name}.ko`;
  return cpio([
    ...[...folders, home].map((path) => ({ path, mode: cpioFolder })),
    { path: 'dev/console', mode: cpioDevice, device: [5, 1] },
    { path: 'bin/busybox', mode: cpioProgram, bytes: busybox },
    // What the kernel calls when a driver asks for another one.
    text('sbin/modprobe', cpioLink, '/bin/busybox'),
    text('init', cpioProgram, init),
    text('etc/shrc', cpioFile, shrc),
    text(`${home}/modules.dep`, cpioFile, modulesDep(modules, fileName)),
    ...modules.map((module) => ({
      path: `${home}/${fileName(module)}`,
      mode: cpioFile,
      bytes: module.bytes,
    })),
  ]);
}
