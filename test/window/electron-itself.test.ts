// The same lab in the real Electron, where its program is there and there is a screen; elsewhere
// these are skipped, visibly, and `electron.test.ts` is what was shown.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { _electron as playwright } from 'playwright-core';
import type { ElectronApplication, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listRuns } from '#db/list.ts';
import { withRuns } from '#db/open.ts';
import { programFolder } from '#desktop/program-build.ts';
import { electronBinary } from '#desktop/start/electron-binary.ts';
import { hasScreen } from '#desktop/start/in-electron.ts';

const binary = hasScreen() ? electronBinary() : null;

describe.skipIf(binary === null)('in Electron itself', () => {
  let app: ElectronApplication;
  let page: Page;
  let folder: string;
  let file: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'mlx4-lab-itself-'));
    file = join(folder, 'runs.db');
    app = await playwright.launch({
      executablePath: binary!,
      args: [await programFolder(), `--user-data-dir=${folder}`],
      env: { ...(process.env as Record<string, string>), MLX4_LAB_DB: file },
    });
    page = await app.firstWindow();
  });

  afterAll(async () => {
    await app.close();
    rmSync(folder, { recursive: true });
  });

  test('the page is our own, and runs the machine', async () => {
    expect(page.url()).toBe('app://lab/');
    await page.getByRole('button', { name: /^Run$/ }).first().click();
    await page.getByRole('button', { name: /Pause/ }).first().waitFor();
  });

  test('it comes back in mid-run', async () => {
    await page.reload();
    await page.getByRole('button', { name: /Pause/ }).first().waitFor();
    await page.getByRole('button', { name: /Pause/ }).first().click();
  });

  test('it sees nothing of Node or Electron, and goes nowhere', async () => {
    const seen = `[typeof require, typeof process, Object.keys(mlx4Lab).join()].join(' ')`;
    expect(await page.evaluate(seen)).toBe('undefined undefined open,send');
    await page.evaluate(`window.open('https://example.org/')`);
    await page.evaluate(`location.href = 'https://example.org/'`);
    const fetched = `fetch('https://example.org/').then(() => 'read', () => 'refused')`;
    expect(await page.evaluate(fetched)).toBe('refused');
    expect(page.url()).toBe('app://lab/');
    expect(app.windows()).toHaveLength(1);
  });

  test('it ends when its window does, and what ran is kept', async () => {
    const ended = new Promise((resolve) => app.process().once('exit', resolve));
    await page.close();
    expect(await ended).toBe(0);
    expect(withRuns(file, (db) => listRuns(db))).toHaveLength(1);
  });
});
