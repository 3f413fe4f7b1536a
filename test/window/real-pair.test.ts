/// <reference lib="dom" />
// Goal: a recorded run of two real computers is shown: what each has printed, where each cable
// goes; and the window says why the lab's driver cannot do the same.
// Method: a run as two guests leave it, in the library of a real window; what is seen is read from
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
let run: number;

const shown = (text: string): Promise<void> => page.getByText(text).first().waitFor();

beforeAll(async () => {
  lab = await openLabWindow();
  ({ page } = lab);
  run = await openRealRun(lab, 2);
}, 60_000);

afterAll(() => lab.close());

test('neither a fork nor the lab’s driver goes on from it: a sentence says why', async () => {
  await shown('This is a recording of Linux itself, which does not run the same way twice.');
  await page.keyboard.press('f');
  await shown('It is a run of several computers');
  const again = lab.desk.bench.open({ from: 'fork', run, seq: 9, variant: 'v6.1' });
  await expect(again).rejects.toThrow('nobody is there for "main of card1$ uname -r"');
});

test('a tab for each computer, a word for each cable, a plug for those that are here', async () => {
  await page.getByRole('tab', { name: 'Terminal 2' }).click();
  await shown('6.1.0-50-686');
  await page.getByLabel(/^switch0 port 4,.* cable C4 to card1 port 1/).waitFor();
  await page.getByLabel(/^switch0 port 5,.* cable C5, its other end hangs/).waitFor();
  const drawing = page.getByRole('group', { name: 'The card, its cables and the switch' });
  const labels = await drawing.getByText(/^C\d$/).allTextContents();
  expect(labels.toSorted()).toEqual(['C1', 'C2', 'C3']);
  expect(await violations(page)).toEqual([]);
  await keepPicture(page, 'real run of two');
  expect(lab.complaints).toEqual([]);
});
