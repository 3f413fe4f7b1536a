// The module `electron` for a process without it: exports what entry.ts imports, from one stand-in.
// Its folder is in the environment, for it is loaded by whoever loads the entry.

import { ElectronStandIn } from './electron-stand-in.ts';

/** The stand-in behind it. */
export const standIn = new ElectronStandIn(process.env['MLX4_LAB_STAND_IN']!);

export const { app, BrowserWindow, dialog, ipcMain, Menu, protocol, screen, session } =
  standIn.parts;
