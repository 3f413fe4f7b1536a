// Goal: a lesson is begun, done and kept: the list, the text, the line under the transport bar with
// the next check, a link named wrong and then right, and the lesson marked as done.
// Method: keys and controls in the real window of a real lab; axe-core looks at the view. Pictures
// are kept when LAB_PICTURES names a folder.

import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { doneLessons } from '#db/learning.ts';
import { withRuns } from '#db/open.ts';
import { violations } from './support/axe.ts';
import { openLabWindow } from './support/lab-window.ts';
import type { LabWindow } from './support/lab-window.ts';
import { keepPicture } from './support/pictures.ts';

let lab: LabWindow;
let page: Page;
const patience = { timeout: 30_000 };
beforeAll(async () => {
  lab = await openLabWindow();
  ({ page } = lab);
});

afterAll(() => lab.close());

const picture = (name: string): Promise<void> => keepPicture(page, `lessons-${name}`);

const bar = () => page.getByRole('region', { name: 'Lesson', exact: true });

test('the list is gone through by keyboard, and a lesson is begun', async () => {
  await page.keyboard.press('Control+5');
  await page.getByRole('option', { name: /Hit the deadlock/ }).focus();
  await page.keyboard.press('ArrowDown');
  await page.getByRole('heading', { name: 'Name each link', level: 1 }).waitFor(patience);
  await picture('list');
  expect(await violations(page)).toEqual([]);
  await page.getByRole('button', { name: 'Begin' }).click();
  await expect
    .poll(() => bar().innerText(), patience)
    .toMatch(/^Lesson 2, Name each link:[^]*Next: a cycle to close\. Press Run[^]*0 of 5/);
});

test('the next check follows what happens, and a wrong name is told', async () => {
  lab.desk.bench.machine.start(null);
  await expect.poll(() => bar().innerText(), patience).toContain('1 of 5');
  lab.desk.bench.machine.pause();
  await picture('bar');
  expect(await violations(page)).toEqual([]);
  await page.getByRole('button', { name: 'Lesson 2, Name each link:' }).click();
  await page.getByLabel('What does sh wait for?').selectOption('intf_mutex');
  const wrong =
    'Expected what the first one waits for. sh does not wait for intf_mutex. ' +
    'Look at Waits: its dashed line ends there.';
  await page.getByText(wrong).waitFor(patience);
  await picture('wrong');
});

test('with the right names the lesson is done, and that is kept', async () => {
  await page.getByLabel('What does sh wait for?').selectOption('netdev eth0');
  const work = /^mlx4_en_bond_work#\d+/;
  const holder = page.getByLabel('Who has netdev eth0?');
  const names = await holder.locator('option').allInnerTexts();
  await holder.selectOption(names.find((name) => work.test(name))!);
  await page.getByLabel('What does worker of mlx4_en@card0 wait for?').selectOption('intf_mutex');
  await page.getByLabel('Who has intf_mutex?').selectOption('sh');
  await page.getByText('1 of 5 done').waitFor(patience);
  expect(withRuns(lab.file, doneLessons)).toEqual(['name-each-link']);
  await picture('done');
  expect(await violations(page)).toEqual([]);
  await page.getByRole('button', { name: 'Show session' }).click();
  await bar().getByText('All checks hold.').waitFor(patience);
  await page.getByRole('button', { name: 'Leave lesson' }).click();
  await expect.poll(() => bar().count(), patience).toBe(0);
  expect(lab.complaints).toEqual([]);
});
