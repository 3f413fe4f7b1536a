// The window in Electron: which program, whether there is a screen for it, and whether it stays.

import { spawn } from 'node:child_process';
import type { StartOptions } from './options.ts';
import { electronBinary, electronPackage, fetchElectron } from './electron-binary.ts';

/** An end with an error within this time is no end but no start, ms. */
const earlyMs = 10_000;

/** True when this process could open a window. */
export function hasScreen(
  platform: NodeJS.Platform = process.platform,
  env: Readonly<Record<string, string | undefined>> = process.env,
): boolean {
  if (platform !== 'linux') return true;
  return (env['DISPLAY'] ?? '') !== '' || (env['WAYLAND_DISPLAY'] ?? '') !== '';
}

/** The program to start, or why there is none. */
export async function findElectron(
  { fetchSeconds }: StartOptions,
  isScreen: boolean,
  say: (line: string) => void,
  folder: string = electronPackage,
): Promise<{ readonly binary: string } | { readonly why: string }> {
  if (!isScreen) return { why: 'there is no screen' };
  const there = electronBinary(folder);
  if (there !== null) return { binary: there };
  if (fetchSeconds === 0) return { why: 'its program is not there' };
  say(`Electron is being fetched, for at most ${fetchSeconds} s; --browser does without.`);
  const why = await fetchElectron(fetchSeconds, folder);
  return why === null ? { binary: electronBinary(folder)! } : { why };
}

/** Runs it until it ends; why it did not start, or null. */
export async function runElectron(binary: string, program: string): Promise<string | null> {
  const startedMs = performance.now();
  const child = spawn(binary, [program], { stdio: 'inherit' });
  // Ctrl-C reaches it as well; it keeps the session, and this process waits for that.
  const wait = (): void => undefined;
  const stop = (): unknown => child.kill('SIGTERM');
  process.on('SIGINT', wait);
  process.on('SIGTERM', stop);
  const end = await new Promise<string | number>((resolve) => {
    child.once('exit', (code, signal) => {
      resolve(code ?? signal!);
    });
    child.once('error', (error) => {
      resolve(error.message);
    });
  });
  process.off('SIGINT', wait);
  process.off('SIGTERM', stop);
  const isWanted = [0, 'SIGINT', 'SIGTERM'].includes(end);
  const isEarly = performance.now() - startedMs < earlyMs;
  return !isWanted && isEarly ? `it ended with ${end}` : null;
}
