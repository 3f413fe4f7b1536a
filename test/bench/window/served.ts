// The lab as `npm start` serves it, in a process of its own, and a page that looks at it: the bench
// of the window takes no time from either.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { launchChromium } from '#test/window/support/chromium.ts';
import { usedBeforeScript } from '#test/window/support/frame-state.ts';

const program = fileURLToPath(new URL('../../../main/desktop/start.ts', import.meta.url));

/** A served lab. */
export interface Served {
  readonly browser: Browser;
  readonly page: Page;
  /** Seconds from the start of its process until the page can be used. */
  readonly startSeconds: number;
  close(): Promise<void>;
}

/** Serves the lab with this library of runs, and opens its window. */
export async function serve(file: string): Promise<Served> {
  const browser = await launchChromium();
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  await page.addInitScript(usedBeforeScript);
  const start = performance.now();
  const lab = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', program, '--no-open'],
    { env: { ...process.env, MLX4_LAB_DB: file }, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  for await (const line of createInterface(lab.stdout)) {
    const address = /http:\S+/.exec(line)?.[0];
    if (address === undefined) continue;
    await page.goto(address);
    break;
  }
  // It can be used when the machine has been told of and its keys answer.
  await page.getByRole('button', { name: 'Run', exact: true }).click({ trial: true });
  const startSeconds = (performance.now() - start) / 1000;
  const close = async (): Promise<void> => {
    await browser.close();
    lab.kill('SIGTERM');
    await once(lab, 'exit');
  };
  return { browser, page, startSeconds, close };
}
