/// <reference lib="dom" />
// Goal: a person finds the examples, opens one, forks it, compares the deadlock with its fix and
// reads why, takes a run out and in again, deletes one and brings it back; by keyboard, and without
// anything that a screen reader would trip over.

import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { violations } from './support/axe.ts';
import { openLabWindow } from './support/lab-window.ts';
import type { LabWindow } from './support/lab-window.ts';
import { keepPicture, keepsPictures } from './support/pictures.ts';

let lab: LabWindow;
let page: Page;
async function picture(name: string): Promise<void> {
  if (!keepsPictures) return;
  for (const theme of ['dark', 'light']) {
    await page.evaluate((wanted) => {
      document.documentElement.dataset['theme'] = wanted;
    }, theme);
    for (const [width, height] of [
      [1440, 900],
      [1280, 800],
      [1920, 1080],
    ] as const) {
      await page.setViewportSize({ width, height });
      await keepPicture(page, `${name}-${theme}-${width}`);
    }
  }
  await page.evaluate(() => {
    delete document.documentElement.dataset['theme'];
  });
  await page.setViewportSize({ width: 1440, height: 900 });
}

const faults = (part = 'html') => violations(page, part, 'best-practice');

const row = (name: string) => page.getByRole('row', { name: new RegExp(`^${name}`) });

beforeAll(async () => {
  lab = await openLabWindow();
  ({ page } = lab);
  await lab.desk.bench.begin();
  await page.getByRole('button', { name: 'Runs', exact: true }).click();
}, 60_000);

afterAll(() => lab.close());

test('the examples are there, the fixes under the deadlock', async () => {
  await row('The bond deadlock').waitFor();
  const levels = await page
    .getByRole('row')
    .evaluateAll((rows) =>
      rows.map((each) => each.getAttribute('aria-level')).filter((level) => level !== null),
    );
  expect(levels).toEqual(['1', '2', '2', '1', '1']);
  await page.getByText('all chains whole').waitFor();
  await expect.poll(() => page.locator('svg rect.stuck').count()).toBeGreaterThan(0);
  await picture('runs');
  expect(await faults()).toEqual([]);
});

test('a filter and a search narrow the list', async () => {
  await page.getByRole('button', { name: /^settled/ }).click();
  await expect.poll(() => row('The bond deadlock').count()).toBe(0);
  await page.getByRole('button', { name: /^All runs/ }).click();
  await row('The bond deadlock').focus();
  await page.keyboard.press('/');
  await page.keyboard.type('CHANGEUPPER');
  await expect.poll(() => row('The bond deadlock').count()).toBe(1);
  await page.keyboard.press('Escape');
});

test('by keyboard: the deadlock and its fix are compared, and the sentence says why', async () => {
  await row('The bond deadlock').focus();
  await page.keyboard.press('Space');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Space');
  await page.keyboard.press('c');
  const sentence = page.getByRole('heading', { level: 1 });
  await expect
    .poll(() => sentence.textContent(), { timeout: 15_000 })
    .toContain('takes its reference: on eth0 in naive, on the PCI device in v6.6');
  expect(await sentence.textContent()).toContain('sh goes on and lets go of intf_mutex.');
  const naive = page.getByRole('region', { name: 'naive at the cursor' });
  await naive.getByText('deadlock').waitFor();
  for (let at = 0; at < 5; at++) await page.keyboard.press(']');
  await naive.getByText('waits for eth0').waitFor();
  await picture('compare');
  expect(await faults()).toEqual([]);
  await page.keyboard.press('x');
  await expect
    .poll(() => sentence.textContent(), { timeout: 15_000 })
    .toContain('on the PCI device in v6.6, on eth0 in naive');
});

test('a run is opened; a fork of it goes on live and hangs under it', async () => {
  await page.getByRole('button', { name: 'Runs', exact: true }).click();
  await row('The bond deadlock').focus();
  await page.keyboard.press('Enter');
  await expect.poll(() => lab.desk.bench.state.record.kind).toBe('replay');
  await page.locator('nav [aria-current=page]', { hasText: 'Session' }).waitFor();
  const wanted = { from: 'fork', run: null, seq: 15_000 } as const;
  await lab.desk.bench.open(wanted);
  expect(lab.desk.bench.state.live).toBe(true);
  await page.getByRole('button', { name: 'Runs', exact: true }).click();
  await page.getByRole('row', { name: /forked at event/ }).waitFor();
});

test('a name is written, a run is deleted and comes back', async () => {
  await row('A restart that is lost').focus();
  await page.keyboard.press('F2');
  await page.getByRole('textbox', { name: 'Name of the run' }).fill('My race');
  await page.keyboard.press('Enter');
  await row('My race').focus();
  await page.keyboard.press('Delete');
  await page.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).click();
  await page.getByText('“My race” is deleted.').waitFor();
  expect(await row('My race').count()).toBe(0);
  await page.getByRole('button', { name: 'Undo' }).click();
  await row('My race').waitFor();
});

test('tags and notes are written where they stand, and found', async () => {
  await row('My race').focus();
  await page.keyboard.press('i');
  const labels = page.getByRole('region', { name: 'My race' });
  await labels.getByRole('textbox', { name: 'a tag' }).fill('homework');
  await page.keyboard.press('Enter');
  await labels.getByText('homework').waitFor();
  await labels.getByRole('textbox', { name: 'a note' }).fill('who runs first?');
  await page.keyboard.press('Enter');
  const note = labels.getByRole('textbox', { name: 'Note 1' });
  await expect.poll(() => note.inputValue()).toBe('who runs first?');
  await note.fill('the worker runs first');
  await page.keyboard.press('Tab');
  expect(await faults()).toEqual([]);
  await page.keyboard.press('Escape');
  await page.keyboard.press('/');
  await page.keyboard.type('the worker RUNS');
  await expect.poll(() => row('My race').count()).toBe(1);
  await expect.poll(() => row('The bond deadlock').count()).toBe(0);
  await page.keyboard.press('Escape');
  await row('My race').focus();
  await page.keyboard.press('i');
  await labels.getByRole('button', { name: 'Remove note 1' }).click();
  await labels.getByRole('button', { name: 'Remove the tag homework' }).click();
  await expect.poll(() => labels.getByText('homework').count()).toBe(0);
  await labels.getByText('none').waitFor();
  await page.keyboard.press('Escape');
});

test('a run goes out as a file and comes in again; a wrong file is named', async () => {
  await row('My race').focus();
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.keyboard.press('Control+e'),
  ]);
  expect(download.suggestedFilename()).toBe('My-race.mlx4run');
  const bytes = readFileSync(await download.path());
  const file = { name: 'My-race.mlx4run', mimeType: 'application/octet-stream', buffer: bytes };
  const input = page.locator('input[type=file]');
  await input.setInputFiles(file);
  await page.getByText('My-race.mlx4run was in the library before').first().waitFor();
  await input.setInputFiles({ ...file, name: 'notes.txt', buffer: Buffer.from('notes') });
  await page.getByText('notes.txt: it is no database, and so holds no runs').first().waitFor();
});

test('a file is dropped anywhere: it is checked, and the library shown', async () => {
  await page.keyboard.press('Control+1');
  const transfer = await page.evaluateHandle(() => {
    const data = new DataTransfer();
    data.items.add(new File(['no run at all'], 'dropped.txt'));
    return data;
  });
  await page.dispatchEvent('main', 'dragover', { dataTransfer: transfer });
  await page.dispatchEvent('main', 'drop', { dataTransfer: transfer });
  await page.getByText('dropped.txt: it is no database, and so holds no runs').first().waitFor();
  await row('My race').waitFor();
});

test('the tour goes through its six stops and ends beside the fix', async () => {
  await page.getByRole('button', { name: 'Start the tour' }).click();
  await page.getByText('1 of 6').waitFor();
  for (let at = 2; at <= 6; at++) {
    await page.keyboard.press('ArrowRight');
    await page.getByText(`${at} of 6`).waitFor();
  }
  await picture('tour');
  expect(await faults('aside')).toEqual([]);
  await page.keyboard.press('ArrowRight');
  await page.getByRole('heading', { name: /takes its reference/ }).waitFor({ timeout: 15_000 });
});

test('a new run begins with Enter', async () => {
  await page.getByRole('button', { name: 'Runs', exact: true }).click();
  await row('The bond deadlock').focus();
  await page.keyboard.press('N');
  await page.getByRole('combobox', { name: 'Scenario' }).waitFor();
  expect(await faults()).toEqual([]);
  await expect.poll(() => page.evaluate(() => document.activeElement?.tagName)).toBe('SELECT');
  const { number } = lab.desk.bench.state;
  await page.keyboard.press('Enter');
  await expect.poll(() => lab.desk.bench.state.number).toBeGreaterThan(number);
  expect(lab.desk.bench.state.live).toBe(true);
  expect(lab.complaints).toEqual([]);
});
