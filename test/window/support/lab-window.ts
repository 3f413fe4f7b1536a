// A lab with its browser host, and a page that looks at it. Every request of the page is noted, and
// every word on its console, so that a test can say that nothing left the machine and nothing
// broke.

import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BrowserHost } from '#desktop/browser/host.ts';
import { Desk } from '#desktop/desk.ts';
import { rendererFolder } from '#desktop/renderer-build.ts';
import { launchChromium } from './chromium.ts';
import { usedBefore } from './frame-state.ts';

/** A lab under test. */
export interface LabWindow {
  readonly browser: Browser;
  readonly desk: Desk;
  readonly address: string;
  /** Its database of runs. */
  readonly file: string;
  /** Sockets that are open. */
  socketCount(): number;
  readonly page: Page;
  /** Addresses that pages asked for. */
  readonly requests: string[];
  /** What pages complained about: errors and warnings. */
  readonly complaints: string[];
  /** Another page on the same lab. */
  newPage(options?: BrowserContextOptions): Promise<Page>;
  close(): Promise<void>;
}

const large = { width: 1440, height: 900 };

/** What a browser remembers of its windows. */
export interface Past {
  /** Nothing: as at the very first start. */
  readonly fresh?: boolean;
}

/** Starts one with a library of its own. Its windows open on the session unless they are fresh. */
export async function openLabWindow(
  options: BrowserContextOptions = {},
  { fresh = false }: Past = {},
): Promise<LabWindow> {
  const folder = mkdtempSync(join(tmpdir(), 'mlx4-lab-window-'));
  const file = join(folder, 'runs.db');
  const desk = new Desk(file);
  const host = new BrowserHost(desk, await rendererFolder());
  const address = await host.listen();
  const browser = await launchChromium();
  const requests: string[] = [];
  const complaints: string[] = [];
  const newPage = async (more: BrowserContextOptions = {}): Promise<Page> => {
    const storageState = fresh ? undefined : usedBefore(address);
    const context = await browser.newContext({
      viewport: large,
      ...(storageState === undefined ? {} : { storageState }),
      ...options,
      ...more,
    });
    const page = await context.newPage();
    page.on('request', (request) => requests.push(request.url()));
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
    });
    await page.goto(address);
    return page;
  };
  const page = await newPage();
  const close = async (): Promise<void> => {
    await browser.close();
    await host.close();
    await desk.close();
    rmSync(folder, { recursive: true, force: true });
  };
  const socketCount = (): number => host.socketCount;
  return { browser, desk, address, file, socketCount, page, requests, complaints, newPage, close };
}
