// The lab in Electron, as tests see it: main process, preload and page are the real ones, Electron
// itself is the stand-in, and Chromium shows the page.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { Desk } from '#desktop/desk.ts';
import { startElectron } from '#desktop/electron/start-electron.ts';
import type { RunningLab } from '#desktop/electron/start-electron.ts';
import { Pages } from '#desktop/pages.ts';
import { rendererFolder, root } from '#desktop/renderer-build.ts';
import { launchChromium } from './chromium.ts';
import { ChromiumScreen, standInOrigin } from './electron-page.ts';
import { ElectronStandIn } from './electron-stand-in.ts';
import type { StandInWindow } from './electron-stand-in.ts';
import { usedBefore } from './frame-state.ts';

/** A lab in Electron. */
export interface ElectronWindow {
  readonly browser: Browser;
  readonly electron: ElectronStandIn;
  readonly lab: RunningLab;
  readonly window: StandInWindow;
  readonly folder: string;
  /** Its database of runs. */
  readonly file: string;
  /** The page that the window shows now. */
  page(): Page;
  /** Addresses that pages asked for. */
  readonly requests: string[];
  /** What pages complained about: errors and warnings. */
  readonly complaints: string[];
  close(): Promise<void>;
}

/** Starts one with a library of its own. */
export async function openElectronWindow(): Promise<ElectronWindow> {
  const folder = mkdtempSync(join(tmpdir(), 'mlx4-lab-electron-'));
  const file = join(folder, 'runs.db');
  const electron = new ElectronStandIn(folder);
  const browser = await launchChromium();
  const context = await browser.newContext({
    viewport: { width: 1440, height: 900 },
    storageState: usedBefore(standInOrigin),
  });
  const screen = new ChromiumScreen(electron, context);
  const requests: string[] = [];
  const complaints: string[] = [];
  screen.onPage = (page) => {
    page.on('request', (request) => requests.push(request.url()));
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
    });
  };
  const renderer = await rendererFolder();
  const lab = await startElectron(electron.parts, {
    makeDesk: () => new Desk(file),
    makePages: () => new Pages(renderer),
    preload: join(root, 'main', 'desktop', 'electron', 'preload.cjs'),
    platform: 'linux',
  });
  const [window] = electron.windows;
  const ended = new Promise((resolve) => electron.app.once('quit', resolve));
  const close = async (): Promise<void> => {
    window!.close();
    await ended;
    await browser.close();
    rmSync(folder, { recursive: true, force: true });
  };
  const page = (): Page => screen.page!;
  await new Promise<void>((resolve) => window!.once('ready-to-show', resolve));
  return {
    browser,
    electron,
    lab: lab!,
    window: window!,
    folder,
    file,
    page,
    requests,
    complaints,
    close,
  };
}
