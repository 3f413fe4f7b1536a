// The window goes and comes in mid-run: the session goes on as if nobody had looked. No event is
// lost, nobody who has gone is kept, and a window that leaves disturbs no other.

import { afterEach, expect, test } from 'vitest';
import type { Page } from 'playwright-core';
import { replay } from '#lab/replay/replay.ts';
import { loadRun } from '#db/reader.ts';
import { withRuns } from '#db/open.ts';
import { count } from '#test/support/counts.ts';
import { openElectronWindow } from './support/electron-window.ts';
import { openLabWindow } from './support/lab-window.ts';

const reloads = count(5, 50);

let close: () => Promise<void> = () => Promise.resolve();
afterEach(() => close());

const key = (page: Page, name: RegExp): ReturnType<Page['getByRole']> =>
  page.getByRole('button', { name }).first();
const pauseKey = (page: Page): ReturnType<Page['getByRole']> => key(page, /Pause/);
const runKey = (page: Page): ReturnType<Page['getByRole']> => key(page, /^Run$/);

/** The run that was kept last, run again: equal to its recording, event by event. */
function expectWhole(file: string, events: number): void {
  const record = withRuns(file, (db) => loadRun(db, 1));
  expect(record.trace.count).toBeGreaterThanOrEqual(events);
  expect(replay(record).difference).toBeNull();
}

test(`in a browser, ${reloads} times`, async () => {
  const lab = await openLabWindow();
  let isClosed = false;
  close = async () => {
    if (!isClosed) await lab.close();
  };
  const { desk, page } = lab;
  const { machine } = desk.bench;
  machine.start(1);
  for (let time = 0; time < reloads; time++) {
    const before = machine.trace.count;
    await page.reload();
    await pauseKey(page).waitFor();
    await expect.poll(() => desk.windowCount).toBe(1);
    expect(lab.socketCount()).toBe(1);
    expect(desk.bench.machine).toBe(machine);
    expect(machine.trace.count).toBeGreaterThanOrEqual(before);
    expect(machine.running).toBe(true);
  }
  machine.pause();
  const events = machine.trace.count;
  await runKey(page).waitFor();
  expect(lab.complaints).toEqual([]);
  await desk.close();
  expectWhole(lab.file, events);
  await lab.close();
  isClosed = true;
});

test(`in Electron, ${reloads} times`, async () => {
  const opened = await openElectronWindow();
  ({ close } = opened);
  const { desk, carrier } = opened.lab;
  const { machine } = desk.bench;
  const { webContents, ...shown } = opened.window;
  machine.start(1);
  const listeners = (): number =>
    [webContents, opened.electron.ipcMain, opened.electron.app]
      .flatMap((emitter) => emitter.eventNames().map((name) => emitter.listenerCount(name)))
      .reduce((sum, count) => sum + count, 0);
  const first = listeners();
  for (let time = 0; time < reloads; time++) {
    await opened.page().reload();
    await pauseKey(opened.page()).waitFor();
    await expect.poll(() => desk.windowCount).toBe(1);
  }
  expect(listeners()).toBe(first);
  expect(carrier.strangers).toBe(0);
  expect(desk.bench.machine).toBe(machine);
  expect(shown.calls.filter((call) => call.startsWith('load'))).toHaveLength(1);
  machine.pause();
  const events = machine.trace.count;
  await desk.close();
  expectWhole(opened.file, events);
});

test('two windows see the same, and one that leaves does not disturb the other', async () => {
  const lab = await openLabWindow();
  ({ close } = lab);
  const other = await lab.newPage();
  await expect.poll(() => lab.desk.windowCount).toBe(2);
  await runKey(lab.page).click();
  await pauseKey(other).waitFor();
  await lab.page.close();
  await expect.poll(() => lab.desk.windowCount).toBe(1);
  expect(lab.desk.bench.machine.running).toBe(true);
  await pauseKey(other).click();
  await runKey(other).waitFor();
  expect(lab.desk.bench.machine.running).toBe(false);
  expect(lab.complaints).toEqual([]);
});
