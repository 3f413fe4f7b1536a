// How a guest gets ready: Debian's packages are fetched or found, unpacked, booted once, and a
// snapshot is kept, so that every guest from then on is up in a second or two.

import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder, keepGuest, NoGuest } from './files.ts';
import { Guest } from './guest.ts';
import { initramfs } from './initramfs.ts';
import { moduleOf, withDependencies } from './modules.ts';
import { fetchPackages } from './packages/apt.ts';
import { debFiles } from './packages/deb.ts';
import type { PackedFile } from './packages/deb.ts';
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
import type { Flavour, Wanted } from './packages/wanted.ts';
import type { BootFiles } from './pc.ts';

/** What setup does. */
export interface SetupOptions {
  readonly flavour: Flavour;
  /** A folder with the three packages; without one they are fetched from Debian. */
  readonly debs?: string;
  readonly say: (line: string) => void;
}

/** Files of a package in a folder, of the newest when there are several. */
function unpacked(
  folder: string,
  { file, said }: Wanted,
  isWanted: (path: string) => boolean,
): Promise<PackedFile[]> {
  const [name] = readdirSync(folder)
    .filter((one) => file.test(one))
    .toSorted((a, b) => b.localeCompare(a, 'en', { numeric: true }));
  if (name === undefined) throw new NoGuest(`${folder} lacks Debian's package ${said}.`);
  return debFiles(readFileSync(join(folder, name)), name, isWanted);
}

/** The one file whose path is like this. */
function one(files: readonly PackedFile[], path: RegExp | string): PackedFile {
  const found = files.find((file) =>
    typeof path === 'string' ? file.path === path : path.test(file.path),
  );
  if (found === undefined) throw new NoGuest(`A package lacks ${String(path)}.`);
  return found;
}

/** What a guest boots from, out of a folder of packages. */
async function bootFiles(
  folder: string,
  flavour: Flavour,
): Promise<{ readonly release: string; readonly files: BootFiles }> {
  const kernels = await unpacked(
    folder,
    kernelOf(flavour),
    (path) => kernelFile.test(path) || isModule(path),
  );
  const kernel = one(kernels, kernelFile);
  const release = kernelFile.exec(kernel.path)![1]!;
  const tools = await unpacked(folder, busybox, (path) => path === busyboxFile);
  const bios = await unpacked(folder, seabios, (path) => path.endsWith('.bin'));
  const drivers = kernels.filter(({ path }) => isModule(path)).map(moduleOf);
  const kept = withDependencies(drivers, modules);
  const files: BootFiles = {
    bios: one(bios, biosFiles.bios).bytes,
    vgaBios: one(bios, biosFiles.vga).bytes,
    kernel: kernel.bytes,
    initramfs: initramfs(release, one(tools, busyboxFile).bytes, kept),
  };
  return { release, files };
}

/** Gets a guest ready. Throws NoGuest, NoPackages, BadPackage. */
export async function setUpGuest({ flavour, debs, say }: SetupOptions): Promise<void> {
  const packages = debs ?? join(cacheFolder(), 'packages');
  if (debs === undefined) {
    mkdirSync(packages, { recursive: true });
    const wanted = [kernelOf(flavour), busybox, seabios].map(({ name }) => name);
    await fetchPackages(packages, wanted, say);
  } else if (!existsSync(debs)) throw new NoGuest(`There is no folder ${debs}.`);
  say('unpacking');
  const { release, files } = await bootFiles(packages, flavour);
  say(`booting Linux ${release} once`);
  const guest = await Guest.start({ files });
  const snapshot = await guest.snapshot();
  await guest.stop();
  say(`ready: ${keepGuest(flavour, { ...files, release, snapshot })}`);
}
