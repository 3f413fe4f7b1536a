/// <reference lib="dom" />
// Goal: what a person sets holds at once and at the next start: theme, motion, size of the type,
// letters, speed; the legend says what the shapes mean; the run key does what it was pressed for.
// Method: a real lab in a real browser; what is set is read from the page and from the machine.

import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { violations } from './support/axe.ts';
import { openLabWindow } from './support/lab-window.ts';
import type { LabWindow } from './support/lab-window.ts';

let lab: LabWindow;
let page: Page;

beforeAll(async () => {
  lab = await openLabWindow({ colorScheme: 'dark' });
  ({ page } = lab);
}, 60_000);

afterAll(() => lab.close());

const sheet = (): Locator => page.getByRole('dialog', { name: 'Settings' });
const look = (): Promise<string | undefined> =>
  page.evaluate(() => document.documentElement.dataset['theme']);

async function openSettings(): Promise<void> {
  await page.keyboard.press('Control+,');
  await sheet().waitFor();
}

async function closeSettings(): Promise<void> {
  await page.keyboard.press('Escape');
  await sheet().waitFor({ state: 'detached' });
}

test('theme and motion change at once, and are kept', async () => {
  await openSettings();
  expect(await look()).toBe('dark');
  await sheet().getByLabel('light', { exact: true }).check();
  expect(await look()).toBe('light');
  await sheet().getByLabel('reduced').check();
  expect(await page.evaluate(() => document.documentElement.dataset['motion'])).toBe('reduced');
  expect(await violations(page, 'dialog')).toEqual([]);
  await closeSettings();
  await page.reload();
  await page.getByRole('toolbar', { name: 'Transport' }).waitFor();
  expect(await look()).toBe('light');
  await openSettings();
  await sheet().getByLabel('as the system').first().check();
  expect(await look()).toBe('dark');
  await closeSettings();
});

test('the type of the terminals has the size that was set, within its limits', async () => {
  const rowPx = async (): Promise<number> =>
    Math.round((await page.locator('.xterm-rows > div').first().boundingBox())?.height ?? 0);
  await expect.poll(rowPx).toBe(18);
  for (const [px, high] of [
    ['20', 30],
    ['12', 18],
  ] as const) {
    await openSettings();
    const size = sheet().getByRole('spinbutton');
    await size.fill(px);
    await size.press('Tab');
    await closeSettings();
    await expect.poll(rowPx).toBe(high);
  }
});

test('without single letters a letter is none; with them it is a command', async () => {
  const objects = page.getByRole('button', { name: /All objects/ });
  const pressed = (): Promise<string | null> => objects.getAttribute('aria-pressed');
  const pressWith = async (letters: boolean): Promise<void> => {
    await openSettings();
    await sheet()
      .getByLabel(/letters/i)
      .setChecked(letters);
    await closeSettings();
    await page.locator('[data-pane=waits]').focus();
    await page.keyboard.press('o');
  };
  const before = await pressed();
  await pressWith(false);
  expect(await pressed()).toBe(before);
  await pressWith(true);
  await expect.poll(pressed).not.toBe(before);
  await page.keyboard.press('o');
});

test('the speed that the slider says is the speed of the machine', async () => {
  const slider = page.getByRole('slider');
  await slider.focus();
  await page.keyboard.press('Home');
  expect(await slider.getAttribute('aria-valuetext')).toBe('0.001×');
  await page.keyboard.press('F5');
  await expect.poll(() => lab.desk.bench.state).toMatchObject({ running: true, speed: 0.001 });
  await page.keyboard.press('End');
  expect(await slider.getAttribute('aria-valuetext')).toBe('max');
  await expect.poll(() => lab.desk.bench.state.speed).toBe(null);
  await page.keyboard.press('F5');
  await expect.poll(() => lab.desk.bench.state.running).toBe(false);
});

test('the run key twice at once is run and pause, however late the word of it', async () => {
  const events = lab.desk.bench.state.events;
  await page.evaluate(() => {
    for (let press = 0; press < 2; press++) {
      dispatchEvent(new KeyboardEvent('keydown', { key: 'F5', code: 'F5', bubbles: true }));
    }
  });
  await expect.poll(() => lab.desk.bench.state.events).toBeGreaterThanOrEqual(events);
  await page.waitForTimeout(300);
  expect(lab.desk.bench.state.running).toBe(false);
  await page.keyboard.press('F5');
  await expect.poll(() => lab.desk.bench.state.running).toBe(true);
  await page.keyboard.press('F5');
  await expect.poll(() => lab.desk.bench.state.running).toBe(false);
});

test('the legend draws every shape with its words', async () => {
  await page.locator('[data-pane=waits]').getByRole('button', { name: 'Legend' }).click();
  const legend = page.getByRole('dialog', { name: 'Legend' });
  await legend.waitFor();
  const items = await legend.getByRole('listitem').all();
  expect(items.length).toBeGreaterThan(15);
  for (const item of items) {
    expect((await item.innerText()).trim()).not.toBe('');
    expect(await item.locator('svg').count()).toBeGreaterThan(0);
  }
  expect(await violations(page, 'dialog')).toEqual([]);
  await page.keyboard.press('Escape');
  await legend.waitFor({ state: 'detached' });
  expect(lab.complaints).toEqual([]);
});
