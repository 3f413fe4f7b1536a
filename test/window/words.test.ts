// Goal: what the window says is true and can be read whole: on the live bench, and over a deadlock
// at three sizes.
// Method: a machine is driven from the window, and every word that was once wrong is read back from
// it. Pictures go to the folder of LAB_PICTURES, if that is set.

import type { Locator } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { openLabWindow } from './support/lab-window.ts';
import type { LabWindow } from './support/lab-window.ts';
import { keepPicture } from './support/pictures.ts';
import { naive, story } from './support/wanted.ts';

let lab: LabWindow;

beforeAll(async () => {
  lab = await openLabWindow({ colorScheme: 'dark' });
});

afterAll(() => lab.close());

const picture = (name: string): Promise<void> => keepPicture(lab.page, name);

const until = (told: () => boolean) => vi.waitUntil(told, { timeout: 60_000, interval: 100 });

const now = () => lab.desk.bench.moment({ at: 'end' });

/** Every letter of it stands inside of another thing. */
async function expectInside(inner: Locator, outer: Locator): Promise<void> {
  const [a, b] = [(await inner.boundingBox())!, (await outer.boundingBox())!];
  expect(a.x).toBeGreaterThanOrEqual(b.x);
  expect(a.y).toBeGreaterThanOrEqual(b.y);
  expect(a.x + a.width).toBeLessThanOrEqual(b.x + b.width + 0.5);
  expect(a.y + a.height).toBeLessThanOrEqual(b.y + b.height + 0.5);
}

describe('the bench', () => {
  test('is on the disk before anything is done to it', async () => {
    const { bench } = lab.desk;
    await bench.open(naive(null));
    await until(() => {
      const { record } = bench.state;
      return record.kind === 'recording' && record.behind === 0;
    });
    await expect.poll(() => lab.page.getByText('events behind').count()).toBe(0);
  });

  test('has the locks and interfaces of the story in its columns', async () => {
    const { bench } = lab.desk;
    bench.machine.start(20);
    await until(() => now().panel.ports.every(({ link }) => link === 'up'));
    await until(() => now().timeNs > 15e9);
    for (const name of ['lock:intf_mutex', 'reference:netdev eth0', 'reference:netdev eth1']) {
      await lab.page.locator(`[data-thing="${name}"]`).waitFor();
    }
    await picture('bench');
  });

  test('is told how a bond is really made', async () => {
    await lab.page.getByText('modprobe bonding').waitFor();
  });

  test('shows the terminal in which the panel has typed, when the first one is busy', async () => {
    const { page } = lab;
    await page.getByRole('textbox', { name: /^Terminal 1/ }).focus();
    await page.keyboard.type('sleep 10000\n');
    await until(() => now().terminals[0]?.line === 'sleep 10000');
    await page.getByRole('combobox', { name: 'Type of port 1' }).selectOption('ib');
    await page.getByRole('tabpanel', { name: 'Terminal 2' }).waitFor();
    // The write has come back, so that the next test finds a prompt.
    await until(() => now().terminals[1]?.line === null && now().panel.ports[0]!.type === 'ib');
  });

  test('says of a line that is typed while it is paused what it waits for', async () => {
    const { page } = lab;
    lab.desk.bench.machine.pause();
    await page.getByRole('tab', { name: /^Terminal 2/ }).click();
    await page.getByRole('textbox', { name: /^Terminal 2/ }).focus();
    expect(await page.getByText(/The machine is paused/).count()).toBe(0);
    await page.keyboard.type('ip -br link\n');
    await page.getByText('The machine is paused. Run it (F5), and the line goes on.').waitFor();
    // What was typed is on the disk too.
    await expect.poll(() => page.getByText('events behind').count()).toBe(0);
  });

  test('with all objects, every one of them can be scrolled to', async () => {
    const { page } = lab;
    const waits = page.locator('[data-pane=waits]');
    await waits.getByRole('button', { name: /All objects/ }).click();
    const last = waits.locator('[data-thing]').last();
    await last.scrollIntoViewIfNeeded();
    await expectInside(last.locator('.place'), waits);
    await waits.getByRole('button', { name: /All objects/ }).click();
  });
});

describe('a deadlock', () => {
  beforeAll(async () => {
    const { bench } = lab.desk;
    await bench.open(story);
    bench.machine.start(null);
    await until(() => now().timeNs > 250e9);
    bench.machine.pause();
    await lab.page.getByRole('region', { name: 'Verdict' }).waitFor();
  });

  test('the bench that was left is in the library as what it is', () => {
    const { bench: live } = lab.desk;
    const { runs } = live.library.list({});
    const bench = runs.find(({ scenario }) => scenario === 'bench')!;
    expect(bench.outcome).toBe('left');
    expect(bench.unfinished).toMatch(/^left /);
    expect(runs.find(({ run }) => run === live.recording)?.outcome).toBeNull();
  });

  const sizes = [
    [1280, 800],
    [1440, 900],
    [1920, 1080],
  ] as const;

  test.each(sizes)('the middle of the ring and the bond are whole at %i×%i', async (...size) => {
    const { page } = lab;
    const [width, height] = size;
    await page.setViewportSize({ width, height });
    const waits = page.locator('[data-pane=waits]');
    await expect
      .poll(() => waits.locator('.centre').allTextContents())
      .toEqual(['Each can only be released by the next.']);
    const panel = page.locator('[data-pane=panel]');
    await expectInside(panel.getByRole('row', { name: /^Hardware bond/ }), panel);
    await picture(`words-${width}`);
  });

  test('the strip of lamps is whole, and each opens its rule by keyboard', async () => {
    const { page } = lab;
    await page.setViewportSize({ width: 1280, height: 800 });
    const strip = page.getByRole('region', { name: 'Detectors' });
    const lamps = strip.getByRole('button');
    await expect.poll(() => lamps.count()).toBe(5);
    for (const lamp of await lamps.all()) await expectInside(lamp, strip);
    await strip.getByRole('button', { name: /^Hung task/ }).focus();
    await page.keyboard.press('Enter');
    const open = page.getByRole('region', { name: 'Hung task' });
    await open.getByText(/INFO: task kworker\/u8:0:\d+ blocked for more than/).waitFor();
    expect((await open.boundingBox())!.height).toBeGreaterThan(60);
    await picture('words-strip');
    await page.keyboard.press('Escape');
    await expect.poll(() => open.count()).toBe(0);
  });

  test('all five reasons are in sight at 1440, and the printed text opens', async () => {
    const { page } = lab;
    await page.setViewportSize({ width: 1440, height: 900 });
    const board = page.locator('[data-pane=detectors]');
    await board.getByText(/^Cycle of 5, reported at event/).waitFor();
    const rows = board.getByRole('listitem');
    await expect.poll(() => rows.count()).toBe(5);
    for (const row of await rows.all()) await expectInside(row, board);
    await board.getByRole('button', { name: /^netdev warning/ }).click();
    await board.getByText(/^unregister_netdevice: waiting for eth0/).waitFor();
    await board.getByRole('button', { name: /^netdev warning/ }).click();
  });

  test('tasks have pid and top of stack, and the kernel log its last number', async () => {
    const { page } = lab;
    await page.getByRole('tab', { name: 'tasks' }).click();
    const tasks = page.getByRole('grid', { name: 'Tasks' });
    const worker = tasks.getByRole('row', { name: /kworker\/u8:0/ });
    await expect.poll(() => worker.innerText()).toMatch(/kworker\/u8:0\s+11\s/);
    await expect.poll(() => worker.innerText()).toMatch(/mlx4_do_bond/);
    await page.getByRole('tab', { name: 'dmesg' }).click();
    const lines = page.getByRole('grid', { name: 'Kernel log' });
    await expect.poll(() => lines.innerText()).toMatch(/Usage\s+count = \d+/);
    for (const text of await lines.locator('.text').all()) {
      expect(await text.evaluate((node) => node.scrollWidth <= node.clientWidth + 1)).toBe(true);
    }
    await picture('words-dmesg');
  });

  test('no name of a birth path is anywhere in the window', async () => {
    expect(await lab.page.locator('body').innerText()).not.toMatch(/worker of /);
    expect(lab.complaints).toEqual([]);
  });
});
