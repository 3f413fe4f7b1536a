// What a guest needs, in the user's cache folder: made once by `mlx4-lab guest setup`, and never
// part of the lab itself, for the kernel is not ours to give.

import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Flavour } from './packages/wanted.ts';
import type { BootFiles } from './pc.ts';

/** A guest's files are not there, or are not what they should be; the message says what to do. */
export class NoGuest extends Error {}

/** All of a guest: what it boots from, and where it goes on. */
export interface GuestFiles extends BootFiles {
  /** As `uname -r` says it. */
  readonly release: string;
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
 * The layout of what setup makes, and of the configuration space that the snapshot's kernel has
 * seen: counted up when either changes, so that a cache of another lab is made anew.
 */
const layout = 5;

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

const missing = (flavour: Flavour, why: string): NoGuest =>
  new NoGuest(`${why} Get it with: ${howTo(flavour)}`);

/** What setup has noted of a guest. Throws NoGuest. */
function manifestOf(flavour: Flavour): Manifest {
  const path = join(folderOf(flavour), manifestName);
  if (!existsSync(path)) throw missing(flavour, `There is no Linux ${flavour} for a guest yet.`);
  const manifest = JSON.parse(readFileSync(path, 'utf8')) as Manifest;
  if (manifest.layout !== layout)
    throw missing(flavour, 'The guest in the cache is of another lab.');
  return manifest;
}

/** The files of a guest. Throws NoGuest. */
export function guestFiles(flavour: Flavour): GuestFiles {
  const { release, sums } = manifestOf(flavour);
  const read = (name: string): Uint8Array => {
    const path = join(folderOf(flavour), name);
    const bytes = existsSync(path) ? readFileSync(path) : null;
    if (bytes !== null && sumOf(bytes) === sums[name]) return bytes;
    throw missing(flavour, `${path} is not what was put there.`);
  };
  return {
    release,
    bios: read(names.bios),
    vgaBios: read(names.vgaBios),
    kernel: read(names.kernel),
    initramfs: read(names.initramfs),
    snapshot: read(names.snapshot),
  };
}

/** True when setup has made a guest of this flavour. */
export function hasGuest(flavour: Flavour): boolean {
  try {
    manifestOf(flavour);
    return true;
  } catch (error) {
    if (error instanceof NoGuest) return false;
    throw error;
  }
}

/** Keeps the files of a guest; gives their folder. */
export function keepGuest(flavour: Flavour, files: GuestFiles): string {
  const folder = folderOf(flavour);
  mkdirSync(folder, { recursive: true });
  const sums: Record<string, string> = {};
  for (const [part, name] of Object.entries(names)) {
    const bytes = files[part as keyof typeof names];
    writeFileSync(join(folder, name), bytes);
    sums[name] = sumOf(bytes);
  }
  // The list comes last, and whole: what is cut off here is no guest.
  const manifest: Manifest = { layout, release: files.release, sums };
  writeFileSync(join(folder, `${manifestName}.new`), JSON.stringify(manifest, null, 2));
  renameSync(join(folder, `${manifestName}.new`), join(folder, manifestName));
  return folder;
}
