// Shared libraries that Chromium needs and a bare machine lacks (NSS, NSPR, expat). The package
// carries them but unpacks them only where it was made for; so it is done here: what `ldd` misses
// decides, and an archive is read without asking for a `tar` that may be missing as well.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';

/** Names that a report of `ldd` says are not found. */
export const missingIn = (report: string): string[] =>
  [...report.matchAll(/^\s*(\S+) => not found/gm)].map(([, name]) => name!);

/** Names of libraries that a program needs and this system does not have. */
export function missingLibraries(program: string): string[] {
  try {
    return missingIn(execFileSync('ldd', [program], { encoding: 'utf8', stdio: 'pipe' }));
  } catch {
    // Without `ldd` nothing is known: the browser itself will say what it lacks.
    return [];
  }
}

/** Size of a block of a tar archive. */
const block = 512;

/** Files of a tar archive (POSIX ustar), by name. */
function* filesOfTar(archive: Buffer): Generator<{ name: string; bytes: Buffer }> {
  for (let at = 0; at + block <= archive.length;) {
    const text = (from: number, length: number): string =>
      archive.toString('latin1', at + from, at + from + length).replace(/\0.*$/s, '');
    const name = text(0, 100);
    if (name === '') return;
    const size = Number.parseInt(text(124, 12), 8);
    const isFile = ['', '0'].includes(text(156, 1));
    at += block;
    if (isFile) yield { name, bytes: archive.subarray(at, at + size) };
    at += Math.ceil(size / block) * block;
  }
}

/** Folder of the package's own libraries; unpacks them the first time. */
export function packedLibraries(packed: string, folder: string): string {
  const libraries = join(folder, 'libraries');
  if (existsSync(libraries)) return libraries;
  const making = `${libraries}-${process.pid}`;
  mkdirSync(making, { recursive: true, mode: 0o700 });
  for (const { name, bytes } of filesOfTar(brotliDecompressSync(readFileSync(packed)))) {
    writeFileSync(join(making, basename(name)), bytes);
  }
  try {
    renameSync(making, libraries);
  } catch (error) {
    // Another test file was first.
    rmSync(making, { recursive: true });
    if (!existsSync(libraries)) throw error;
  }
  return libraries;
}
