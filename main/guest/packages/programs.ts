// Programs of Debian that a guest has beside busybox, and the libraries that they are linked with:
// `ibv_devinfo` and `ethtool`, which say what the driver says of the card. Only what they need is
// taken, for each byte is in every snapshot. The list is by `readelf -d`, and for libibverbs by the
// paths in it where it looks for the driver's other half (`strings`).

import { posix } from 'node:path';
import { isLink } from './deb.ts';
import type { PackedFile } from './deb.ts';
import type { Wanted } from './wanted.ts';

/** A package, and what is taken from it. */
export interface ProgramPackage extends Wanted {
  /** By their path in a guest; of a library the name that programs ask for. */
  readonly files: readonly string[];
}

const libraries = 'lib/i386-linux-gnu';

/** Debian has given some libraries another name where a time has 64 bits. */
function packageOf(name: string, files: readonly string[]): ProgramPackage {
  return {
    said: `${name}, i386`,
    name: new RegExp(`^${name}(t64)?$`),
    file: new RegExp(`^${name}(t64)?_.*_i386\\.deb$`),
    files,
  };
}

export const programs: readonly ProgramPackage[] = [
  packageOf('ibverbs-utils', ['bin/ibv_devinfo']),
  packageOf('libibverbs1', [`${libraries}/libibverbs.so.1`]),
  packageOf('ibverbs-providers', [
    'etc/libibverbs.d/mlx4.driver',
    `${libraries}/libibverbs/libmlx4-rdmav34.so`,
    `${libraries}/libmlx4.so.1`,
  ]),
  packageOf('libnl-3-200', [`${libraries}/libnl-3.so.200`]),
  packageOf('libnl-route-3-200', [`${libraries}/libnl-route-3.so.200`]),
  packageOf('ethtool', ['sbin/ethtool']),
  packageOf('libmnl0', [`${libraries}/libmnl.so.0`]),
  packageOf('libc6', [
    'lib/ld-linux.so.2',
    `${libraries}/ld-linux.so.2`,
    `${libraries}/libc.so.6`,
    `${libraries}/libm.so.6`,
  ]),
];

/** Where a file of a package is in a guest, whose /usr is / (initramfs.ts). */
export const pathInGuest = (path: string): string => path.replace(/^usr\//, '');

/** What stands behind the name of a library that a link of that name leads to. */
const version = /^(\.\d+)*$/;

/** True for a file that is taken from a package, and for what a link that is taken leads to. */
export function isTaken({ files }: ProgramPackage, path: string): boolean {
  const there = pathInGuest(path);
  return files.some((file) => there.startsWith(file) && version.test(there.slice(file.length)));
}

/** A path in a guest that is asked for, or that a link leads to, and where there is nothing. */
export function lackingFile(files: readonly PackedFile[]): string | undefined {
  const paths = new Set(files.map(({ path }) => pathInGuest(path)));
  const targets = files.filter(isLink).map(({ path, bytes }) => {
    const target = Buffer.from(bytes).toString();
    return pathInGuest(posix.resolve('/', posix.dirname(pathInGuest(path)), target).slice(1));
  });
  const wanted = programs.flatMap((one) => one.files);
  return [...wanted, ...targets].find((path) => !paths.has(path));
}
