// The parts of Electron that the lab uses. Everything here takes them as an argument, so that it
// runs under test without Electron's binary; only entry.ts imports them.

import type * as Electron from 'electron';

/** Electron, as far as it is used. */
export type ElectronParts = Pick<
  typeof Electron,
  'app' | 'BrowserWindow' | 'dialog' | 'ipcMain' | 'Menu' | 'protocol' | 'screen' | 'session'
>;
