/// <reference lib="dom" />
// Goal: a recorded run of Linux itself is shown like any other, nothing is claimed of what cannot
// be seen of it, and our driver can be made to do the same from here.
// Method: a run as a guest leaves it, in the library of a real window; what is seen is read from
// the page.

import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { violations } from './support/axe.ts';
import { openLabWindow } from './support/lab-window.ts';
import type { LabWindow } from './support/lab-window.ts';
import { keepPicture } from './support/pictures.ts';
import { openRealRun } from './support/real-run.ts';

let lab: LabWindow;
let page: Page;

const shown = (text: string): Promise<void> => page.getByText(text).first().waitFor();

beforeAll(async () => {
  lab = await openLabWindow();
  ({ page } = lab);
  await openRealRun(lab);
}, 60_000);

afterAll(() => lab.close());

test('panel, terminal, log are there; of locks, detectors, bond it says why not', async () => {
  await shown('This is a recording of Linux itself, which does not run the same way twice.');
  await shown('This is a recording of Linux itself: nothing more can be typed.');
  await shown('Linux itself shows none of its locks, references and works.');
  await shown('They look into the lab’s kernel. Linux itself reports in dmesg.');
  await shown('0000:00:04.0');
  const hardware = page.getByRole('row', { name: /Hardware bond/ });
  expect(await hardware.innerText()).toMatch(/^Hardware bond\s+yes/);
  expect(await page.getByRole('contentinfo').innerText()).not.toContain('blocked');
  await page.getByRole('tab', { name: 'dmesg' }).click();
  await shown('mlx4_en: eth0: Link Up');
  expect(await violations(page)).toEqual([]);
  await keepPicture(page, 'real run');
});

test('it cannot be forked, in a sentence; the same lines run on the lab’s driver', async () => {
  await page.keyboard.press('f');
  await shown('ran by the clock of its computer');
  await page.getByRole('button', { name: 'Linux 6.1.0-50-686' }).click();
  await page.getByRole('button', { name: 'Same lines' }).click();
  const sentence = page.getByRole('heading', { level: 1 });
  await expect
    .poll(() => sentence.innerText(), { timeout: 20_000 })
    .toContain('Linux itself shows nothing of its tasks and locks');
  expect(await page.getByRole('row', { name: /firmware .*not sent/ }).count()).toBeGreaterThan(0);
  expect(await violations(page)).toEqual([]);
  await keepPicture(page, 'real run compared');
  expect(lab.complaints).toEqual([]);
});
