// The window itself: a sandboxed page that starts where it was left. When its process dies it is
// loaded again; the session does not notice, for it lives in this process.

import type { BrowserWindow } from 'electron';
import { pageAddress } from './app-scheme.ts';
import type { ElectronParts } from './electron-parts.ts';
import { keepWindowState, readWindowState, smallest } from './window-state.ts';

/** Crashes in a row after which the person is asked, and how close together they count, ms. */
const crashesMax = 3;
const crashSpanMs = 60_000;

/** Files of a window. */
export interface WindowFiles {
  /** The preload, as JavaScript. */
  readonly preload: string;
  /** Where its place and size are kept. */
  readonly state: string;
}

/** Makes it; it is shown when it has something to show. */
export function makeMainWindow(
  { BrowserWindow, screen }: ElectronParts,
  files: WindowFiles,
): BrowserWindow {
  const screens = [screen.getPrimaryDisplay(), ...screen.getAllDisplays()];
  const { maximised, ...bounds } = readWindowState(
    files.state,
    screens.map(({ workArea }) => workArea),
  );
  const window = new BrowserWindow({
    ...bounds,
    minWidth: smallest.width,
    minHeight: smallest.height,
    title: 'mlx4 lab',
    show: false,
    webPreferences: {
      preload: files.preload,
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      webviewTag: false,
      navigateOnDragDrop: false,
      // Its dictionaries would be downloaded.
      spellcheck: false,
    },
  });
  if (maximised) window.maximize();
  window.once('ready-to-show', () => {
    window.show();
  });
  window.on('close', () => {
    keepWindowState(files.state, window);
  });
  return window;
}

/** Loads the page, and again whenever its process dies. */
export function keepAlive({ dialog }: ElectronParts, window: BrowserWindow): void {
  let crashesMs: number[] = [];
  const load = (): void => {
    // A page that does not load has said so itself.
    window.loadURL(pageAddress).catch(() => undefined);
  };
  window.webContents.on('render-process-gone', (_event, { reason }) => {
    if (reason === 'clean-exit') return;
    const nowMs = performance.now();
    crashesMs = [...crashesMs.filter((ms) => nowMs - ms < crashSpanMs), nowMs];
    if (crashesMs.length <= crashesMax) return load();
    crashesMs = [];
    const message = 'The window has crashed several times. The session is intact.';
    const buttons = ['Try again', 'End the lab'];
    void dialog.showMessageBox({ type: 'error', message, buttons }).then(({ response }) => {
      if (response === 0) load();
      else window.destroy();
    });
  });
  load();
}
