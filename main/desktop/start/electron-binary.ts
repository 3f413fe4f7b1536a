// Electron's binary. Its package comes without one and fetches it when it is loaded, for as long as
// that takes; so nobody loads it here: we look by ourselves, and fetch within a limit.

import { spawn } from 'node:child_process';
import { accessSync, constants, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../renderer-build.ts';

/** The package. */
export const electronPackage = join(root, 'node_modules', 'electron');

/** Path of the program, or null when it is not there. */
export function electronBinary(folder: string = electronPackage): string | null {
  try {
    const binary = join(folder, 'dist', readFileSync(join(folder, 'path.txt'), 'utf8').trim());
    accessSync(binary, constants.X_OK);
    return binary;
  } catch {
    return null;
  }
}

/** Fetches it by the package's own script; why not, or null when it is there. */
export async function fetchElectron(
  seconds: number,
  folder: string = electronPackage,
): Promise<string | null> {
  const child = spawn(process.execPath, [join(folder, 'install.js')], { stdio: 'ignore' });
  let isLate = false;
  const limit = setTimeout(() => {
    isLate = true;
    child.kill('SIGKILL');
  }, seconds * 1000);
  const code = await new Promise<number | null>((resolve) => {
    child.once('exit', resolve);
    child.once('error', () => {
      resolve(null);
    });
  });
  clearTimeout(limit);
  if (isLate) return `it could not be fetched within ${seconds} s`;
  if (code !== 0 || electronBinary(folder) === null) return 'it could not be fetched';
  return null;
}
