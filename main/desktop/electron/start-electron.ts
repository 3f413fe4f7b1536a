// The lab as a desktop application: one process of it, one window. The session lives here, in
// Electron's main process; the window can go and come.

import { join } from 'node:path';
import type { BrowserWindow } from 'electron';
import type { Desk } from '../desk.ts';
import type { Pages } from '../pages.ts';
import { declareScheme, serveScheme } from './app-scheme.ts';
import { dialogsOf } from './dialogs.ts';
import type { ElectronParts } from './electron-parts.ts';
import { IpcCarrier } from './ipc-carrier.ts';
import { lockContents, lockSession } from './lockdown.ts';
import { keepAlive, makeMainWindow } from './main-window.ts';
import { menuTemplate } from './menus.ts';

/** What a start needs; desk and pages are made only by the one process that stays. */
export interface ElectronStart {
  readonly makeDesk: () => Desk | Promise<Desk>;
  readonly makePages: () => Pages;
  /** Path of the preload, as JavaScript. */
  readonly preload: string;
  readonly platform: NodeJS.Platform;
}

/** A lab that runs. */
export interface RunningLab {
  readonly desk: Desk;
  readonly carrier: IpcCarrier;
  readonly window: BrowserWindow;
}

/** Starts it; null when another one runs already, which then shows its window. */
export async function startElectron(
  electron: ElectronParts,
  start: ElectronStart,
): Promise<RunningLab | null> {
  const { app } = electron;
  // All of this must be said before Electron is ready, so before the first await.
  if (!app.requestSingleInstanceLock()) {
    app.quit();
    return null;
  }
  app.enableSandbox();
  for (const name of ['disable-background-networking', 'disable-component-update']) {
    app.commandLine.appendSwitch(name);
  }
  declareScheme(electron.protocol);
  app.on('web-contents-created', (_event, contents) => {
    lockContents(contents);
  });
  await app.whenReady();
  return openLab(electron, start);
}

async function openLab(electron: ElectronParts, start: ElectronStart): Promise<RunningLab> {
  const { app } = electron;
  lockSession(electron.session.defaultSession);
  serveScheme(electron.protocol, start.makePages());
  // The page is read while the engine is loaded.
  const making = makeDesk(start);
  const carrier = new IpcCarrier(making, electron.ipcMain);
  const window = makeMainWindow(electron, {
    preload: start.preload,
    state: join(app.getPath('userData'), 'window.json'),
  });
  carrier.admit(window.webContents, dialogsOf(electron, window));
  const template = menuTemplate(start.platform === 'darwin', (command) => {
    const seen = carrier.windowOf(window.webContents);
    if (seen !== undefined) void making.then((desk) => desk.tellOne(seen, 'menu', command));
  });
  electron.Menu.setApplicationMenu(electron.Menu.buildFromTemplate(template));
  app.on('second-instance', () => {
    if (window.isMinimized()) window.restore();
    window.focus();
  });
  endWith(electron, making);
  keepAlive(electron, window);
  return { desk: await making, carrier, window };
}

async function makeDesk(start: ElectronStart): Promise<Desk> {
  const desk = await start.makeDesk();
  desk.beginWithFirstWindow();
  return desk;
}

/** The last window ends the lab; it goes only when the session is on the disk. */
function endWith({ app }: ElectronParts, making: Promise<Desk>): void {
  let isKept = false;
  app.on('window-all-closed', () => {
    app.quit();
  });
  app.on('will-quit', (event) => {
    if (isKept) return;
    event.preventDefault();
    void making
      .then((desk) => desk.close())
      .finally(() => {
        isKept = true;
        app.quit();
      });
  });
}
