// The system's file dialogs for one window: the lab writes only what a person has just named, and
// reads only what he has just chosen.

import { open, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { BrowserWindow } from 'electron';
import { payloadBytesMax } from '#contract/packet.ts';
import { Refused } from '../bench/refused.ts';
import type { ChosenFile, WindowHost } from '../window.ts';
import type { ElectronParts } from './electron-parts.ts';

const why = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Writes it whole or not at all. */
async function write(path: string, bytes: Uint8Array): Promise<void> {
  const partial = `${path}.part`;
  try {
    await writeFile(partial, bytes);
    await rename(partial, path);
  } catch (error) {
    await rm(partial, { force: true });
    throw new Refused(`It could not be saved: ${why(error)}.`);
  }
}

async function read(path: string): Promise<ChosenFile> {
  try {
    await using file = await open(path);
    const { size } = await file.stat();
    if (size > payloadBytesMax) throw new Error(`${size} bytes are too many`);
    return { name: basename(path), bytes: new Uint8Array(await file.readFile()) };
  } catch (error) {
    throw new Refused(`It could not be read: ${why(error)}.`);
  }
}

/** What Electron does for a window. */
export function dialogsOf({ app, dialog }: ElectronParts, window: BrowserWindow): WindowHost {
  return {
    state: { kind: 'electron', dialogs: true },
    save: async (name, bytes) => {
      const defaultPath = join(app.getPath('documents'), name);
      const { canceled, filePath } = await dialog.showSaveDialog(window, { defaultPath });
      if (canceled) return null;
      await write(filePath, bytes);
      return filePath;
    },
    open: async () => {
      const { canceled, filePaths } = await dialog.showOpenDialog(window, {
        properties: ['openFile'],
      });
      const [path] = filePaths;
      return canceled || path === undefined ? null : await read(path);
    },
  };
}
