// Where Electron begins: the only file that imports it. It does not wait at its top level: Electron
// is ready only after this file has been read to its end.

import { fileURLToPath } from 'node:url';
import { app, BrowserWindow, dialog, ipcMain, Menu, protocol, screen, session } from 'electron';
import { defaultDatabase } from '#db/data-folder.ts';
import { Pages } from '../pages.ts';
import { builtRenderer } from '../renderer-build.ts';
import { startElectron } from './start-electron.ts';

/** The lab of this process, for tests. */
export const running = startElectron(
  { app, BrowserWindow, dialog, ipcMain, Menu, protocol, screen, session },
  {
    makeDesk: async () => {
      const { Desk } = await import('../desk.ts');
      return new Desk(defaultDatabase());
    },
    makePages: () => new Pages(builtRenderer),
    preload: fileURLToPath(new URL('preload.cjs', import.meta.url)),
    platform: process.platform,
  },
);
