// Opens an address in the browser that the person uses, by the system's own opener. Where there is
// no screen there is nothing to open.

import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Openers by platform, with what they are called in a sentence. */
const openers: Readonly<Partial<Record<NodeJS.Platform, readonly string[]>>> = {
  darwin: ['open'],
  win32: ['explorer.exe'],
};
const elsewhere = ['xdg-open', 'chromium', 'google-chrome', 'firefox'];

function isThere(command: string): boolean {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return folders.some((folder) => {
    try {
      accessSync(join(folder, command), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Opens it; what was used, or null when there is nothing that could. */
export function openInBrowser(address: string): string | null {
  const { platform, env } = process;
  const isHeadless =
    platform === 'linux' && env['DISPLAY'] === undefined && env['WAYLAND_DISPLAY'] === undefined;
  if (isHeadless) return null;
  const command = (openers[platform] ?? elsewhere).find(isThere);
  if (command === undefined) return null;
  const child = spawn(command, [address], { stdio: 'ignore', detached: true });
  child.on('error', () => undefined);
  child.unref();
  return command;
}
