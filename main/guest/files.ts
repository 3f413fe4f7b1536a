// What a guest needs, in the user's cache folder: made once by `mlx4-lab guest setup`, and never
// part of the lab itself, for the kernel is not ours to give.

import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { Guest } from './guest.ts';
import { initramfs } from './initramfs.ts';
import { moduleOf, withDependencies } from './modules.ts';
import { debFiles } from './packages/deb.ts';
import type { PackedFile } from './packages/deb.ts';
import { fetchPackages } from './packages/apt.ts';
import {
  biosFiles,
  busybox,
  busyboxFile,
  isModule,
  kernelFile,
  kernelOf,
  modules,
  seabios,
} from './packages/wanted.ts';
import type { Flavour } from './packages/wanted.ts';
import type { BootFiles } from './pc.ts';

/** A guest's files are not there, or are not what they should be; the message says what to do. */
export class NoGuest extends Error {}

/** All of a guest: what it boots from, and where it goes on. */
export interface GuestFiles extends BootFiles {
  readonly snapshot: Uint8Array;
}

/** Where they are kept: MLX4_LAB_CACHE, or `mlx4-lab` in the user's cache folder. */
export function cacheFolder(): string {
  const { env, platform } = process;
  const wanted = env['MLX4_LAB_CACHE'] ?? '';
  if (wanted !== '') return wanted;
  if (platform === 'win32') {
    return join(env['LOCALAPPDATA'] ?? join(homedir(), 'AppData', 'Local'), 'mlx4-lab', 'cache');
  }
  if (platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'mlx4-lab');
  const xdg = env['XDG_CACHE_HOME'] ?? '';
  return join(xdg.startsWith('/') ? xdg : join(homedir(), '.cache'), 'mlx4-lab');
}

/**
 * The layout of what setup makes. A cache of another layout is made anew; so is one whose snapshot
 * was made with another card, which `cardSum` tells.
 */
const layout = 1;

const names = {
  bios: 'bios.bin',
  vgaBios: 'vgabios.bin',
  kernel: 'vmlinuz',
  initramfs: 'initramfs',
  snapshot: 'snapshot',
} as const;
const manifestName = 'manifest.json';

interface Manifest {
  readonly layout: number;
  /** As `uname -r` says it. */
  readonly release: string;
  /** SHA-256 of each file. */
  readonly sums: Readonly<Record<string, string>>;
}

const sumOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

const folderOf = (flavour: Flavour): string => join(cacheFolder(), 'guest', flavour);

const howTo = (flavour: Flavour): string =>
  `mlx4-lab guest setup${flavour === '686' ? '' : ` --flavour ${flavour}`}`;

/** The files of a guest. Throws NoGuest. */
export function guestFiles(flavour: Flavour): GuestFiles {
  const folder = folderOf(flavour);
  const missing = (why: string): NoGuest => new NoGuest(`${why} Get it with: ${howTo(flavour)}`);
  if (!existsSync(join(folder, manifestName))) {
    throw missing(`There is no Linux ${flavour} for a guest yet.`);
  }
  const manifest = JSON.parse(readFileSync(join(folder, manifestName), 'utf8')) as Manifest;
  if (manifest.layout !== layout) throw missing('The guest in the cache is of another lab.');
  const read = (name: string): Uint8Array => {
    const bytes = existsSync(join(folder, name)) ? readFileSync(join(folder, name)) : null;
    if (bytes === null || sumOf(bytes) !== manifest.sums[name]) {
      throw missing(`${join(folder, name)} is not what was put there.`);
    }
    return bytes;
  };
  return {
    bios: read(names.bios),
    vgaBios: read(names.vgaBios),
    kernel: read(names.kernel),
    initramfs: read(names.initramfs),
    snapshot: read(names.snapshot),
  };
}

/** True when a guest of this flavour can be started. */
export function hasGuest(flavour: Flavour): boolean {
  try {
    guestFiles(flavour);
    return true;
  } catch (error) {
    if (error instanceof NoGuest) return false;
    throw error;
  }
}

/** What setup does. */
export interface SetupOptions {
  readonly flavour: Flavour;
  /** A folder with the three packages; without one they are fetched from Debian. */
  readonly debs?: string;
  readonly say: (line: string) => void;
}

/** Files of the newest package in a folder whose name is like this. */
async function unpacked(
  folder: string,
  file: RegExp,
  isWanted: (path: string) => boolean,
): Promise<PackedFile[]> {
  const [name] = readdirSync(folder)
    .filter((one) => file.test(one))
    .toSorted((a, b) => b.localeCompare(a, 'en', { numeric: true }));
  if (name === undefined) throw new NoGuest(`${folder} has no package like ${file.source}.`);
  return debFiles(readFileSync(join(folder, name)), name, isWanted);
}

const one = (files: readonly PackedFile[], path: string): Uint8Array => {
  const found = files.find((file) => file.path === path);
  if (found === undefined) throw new NoGuest(`A package lacks ${path}.`);
  return found.bytes;
};

/** Fetches, unpacks, boots once, and keeps a snapshot. Throws NoGuest, NoPackages, BadPackage. */
export async function setUpGuest({ flavour, debs, say }: SetupOptions): Promise<void> {
  const folder = folderOf(flavour);
  mkdirSync(folder, { recursive: true });
  const packages = debs ?? join(cacheFolder(), 'packages');
  mkdirSync(packages, { recursive: true });
  if (debs === undefined) {
    const wanted = [kernelOf(flavour), busybox, seabios].map(({ name }) => name);
    await fetchPackages(packages, wanted, say);
  }
  say('unpacking');
  const kernels = await unpacked(
    packages,
    kernelOf(flavour).file,
    (path) => kernelFile.test(path) || isModule(path),
  );
  const kernel = kernels.find(({ path }) => kernelFile.test(path));
  if (kernel === undefined) throw new NoGuest('The kernel’s package has no kernel.');
  const release = kernelFile.exec(kernel.path)![1]!;
  const tools = await unpacked(packages, busybox.file, (path) => path === busyboxFile);
  const bios = await unpacked(packages, seabios.file, () => true);
  const kept = withDependencies(
    kernels.filter(({ path }) => isModule(path)).map(moduleOf),
    modules,
  );
  const files: BootFiles = {
    bios: one(bios, biosFiles.bios),
    vgaBios: one(bios, biosFiles.vga),
    kernel: kernel.bytes,
    initramfs: initramfs(release, one(tools, busyboxFile), kept),
  };
  say(`booting Linux ${release} once`);
  const guest = await Guest.start({ files });
  const snapshot = await guest.snapshot();
  await guest.stop();
  const sums: Record<string, string> = {};
  for (const [part, bytes] of Object.entries({ ...files, snapshot })) {
    const name = names[part as keyof typeof names];
    writeFileSync(join(folder, name), bytes);
    sums[name] = sumOf(bytes);
  }
  // The list comes last, and whole: what is cut off here is no guest.
  const manifest: Manifest = { layout, release, sums };
  writeFileSync(join(folder, `${manifestName}.new`), JSON.stringify(manifest, null, 2));
  renameSync(join(folder, `${manifestName}.new`), join(folder, manifestName));
  say(`ready: ${folder}`);
}
