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
import { isTaken, lackingFile, programs } from './packages/programs.ts';
import {
  biosFiles,
  busybox,
  busyboxFile,
  isModule,
  kernelFile,
  kernelOf,
  modules,
  packagesOf,
  seabios,
} from './packages/wanted.ts';
import type { Flavour, Wanted } from './packages/wanted.ts';
import type { BootFiles } from './pc.ts';

/** What setup does. */
export interface SetupOptions {
  readonly flavour: Flavour;
  /** A folder with the packages; without one they are fetched from Debian. */
  readonly debs?: string;
  readonly say: (line: string) => void;
}

/** The file of a package in a folder, the newest when there are several. */
const fileOf = (folder: string, { file }: Wanted): string | undefined =>
  readdirSync(folder)
    .filter((one) => file.test(one))
    .toSorted((a, b) => b.localeCompare(a, 'en', { numeric: true }))[0];

/** Throws NoGuest when a folder has not all packages, and says which it lacks. */
function demandPackages(folder: string, flavour: Flavour): void {
  if (!existsSync(folder)) throw new NoGuest(`There is no folder ${folder}.`);
  const lacking = packagesOf(flavour).filter((wanted) => fileOf(folder, wanted) === undefined);
  if (lacking.length === 0) return;
  const said = lacking.map((wanted) => wanted.said).join('; ');
  const packages = lacking.length === 1 ? 'package' : 'packages';
  throw new NoGuest(`${folder} lacks Debian's ${packages} ${said}.`);
}

/** Files of a package that is in a folder. */
function unpacked(
  folder: string,
  wanted: Wanted,
  isWanted: (path: string) => boolean,
): Promise<PackedFile[]> {
  const name = fileOf(folder, wanted)!;
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

/** Programs with all that they need. */
async function programFiles(folder: string): Promise<PackedFile[]> {
  const files: PackedFile[] = [];
  for (const program of programs) {
    files.push(...(await unpacked(folder, program, (path) => isTaken(program, path))));
  }
  const lacking = lackingFile(files);
  if (lacking !== undefined) throw new NoGuest(`A package lacks ${lacking}.`);
  return files;
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
  const files: BootFiles = {
    bios: one(bios, biosFiles.bios).bytes,
    vgaBios: one(bios, biosFiles.vga).bytes,
    kernel: kernel.bytes,
    initramfs: initramfs({
      release,
      busybox: one(tools, busyboxFile).bytes,
      modules: withDependencies(drivers, modules),
      programs: await programFiles(folder),
    }),
  };
  return { release, files };
}

/** Gets a guest ready. Throws NoGuest, NoPackages, BadPackage. */
export async function setUpGuest({ flavour, debs, say }: SetupOptions): Promise<void> {
  const packages = debs ?? join(cacheFolder(), 'packages');
  if (debs === undefined) {
    mkdirSync(packages, { recursive: true });
    const names = packagesOf(flavour).map(({ name }) => name);
    await fetchPackages(packages, names, say);
  }
  demandPackages(packages, flavour);
  say('unpacking');
  const { release, files } = await bootFiles(packages, flavour);
  say(`booting Linux ${release} once`);
  const guest = await Guest.start({ files });
  const snapshot = await guest.snapshot();
  await guest.stop();
  say(`ready: ${keepGuest(flavour, { ...files, release, snapshot })}`);
}
