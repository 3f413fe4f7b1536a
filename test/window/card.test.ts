// Goal: lists and the view of the card show the run, to everybody.
// Method: the story's scenario runs in a real lab; the window is read by roles and names, and
// checked by axe-core in both themes.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { violations } from './support/axe.ts';
import { openLabWindow } from './support/lab-window.ts';
import type { LabWindow } from './support/lab-window.ts';
import { story } from './support/wanted.ts';

let lab: LabWindow;

beforeAll(async () => {
  lab = await openLabWindow();
  const { bench } = lab.desk;
  await bench.open(story);
  bench.machine.start(null);
  while (bench.state.timeNs < 40e9) await new Promise((resolve) => setTimeout(resolve, 20));
  bench.machine.pause();
});

afterAll(() => lab.close());

const setTheme = (theme: string): Promise<unknown> =>
  lab.page.evaluate(`document.documentElement.dataset.theme = '${theme}'`);

test.each(['dmesg', 'firmware', 'packets', 'tasks'])('the list %s has rows', async (name) => {
  const { page } = lab;
  await page.getByRole('tab', { name }).click();
  const grid = page.getByRole('grid');
  await grid.getByRole('row').nth(5).waitFor();
  await setTheme('dark');
  expect(await violations(page, 'html', 'best-practice')).toEqual([]);
  await setTheme('light');
  expect(await violations(page, 'html', 'best-practice')).toEqual([]);
});

test('the log is filtered by words, and Enter goes to a line', async () => {
  const { page, desk } = lab;
  await page.getByRole('tab', { name: 'dmesg' }).click();
  await page.getByRole('searchbox', { name: 'filter' }).fill('unregister_netdevice');
  const rows = page.getByRole('grid').getByRole('row');
  await expect.poll(() => rows.nth(1).innerText()).toContain('unregister_netdevice');
  await page.getByRole('grid').focus();
  await page.keyboard.press('Home');
  await page.keyboard.press('Enter');
  const [first] = desk.bench.lists.log({
    from: 0,
    cursor: 0,
    level: 7,
    words: 'unregister_netdevice',
  }).rows;
  const seconds = (first!.timeNs / 1e9).toFixed(3);
  await expect.poll(() => page.locator('.clock').innerText()).toContain(seconds);
});

test('looking back, the terminal says why it takes no line', async () => {
  const { page } = lab;
  await page.getByRole('tab', { name: 'Terminal 1' }).click();
  await page.getByText(/^You look at .*\ss\. Go to the live end/).waitFor();
});

test('the stack of a task is shown at the live end', async () => {
  const { page } = lab;
  await page.getByRole('button', { name: /^Live/ }).click();
  await page.getByRole('tab', { name: 'tasks' }).click();
  await page.getByRole('searchbox', { name: 'filter' }).fill('worker of mlx4_en@card0');
  const tasks = page.getByRole('tabpanel', { name: 'tasks' });
  const row = tasks.getByRole('row').filter({ hasText: 'intf_mutex' }).first();
  await row.dblclick();
  const stack = page.getByRole('region', { name: 'Stack of kworker/u8:0' });
  await expect.poll(() => stack.innerText(), { timeout: 10_000 }).toMatch(/pid \d+[^]*mlx4_/);
});

test('the card shows the command that unbonded it', async () => {
  const { page } = lab;
  await page.getByRole('button', { name: 'Card', exact: true }).click();
  await page.getByRole('heading', { name: 'VIRT_PORT_MAP' }).waitFor();
  await page.getByText('Virtual port 1 leaves through port 1, virtual port 2 through').waitFor();
  await page.getByText('was 1').waitFor();
  // Every byte of the mailbox has room in its box.
  const bytes = page.getByRole('img', { name: 'Mailbox' }).locator('.byte');
  const cut = await bytes.evaluateAll((all) =>
    all.filter((byte) => byte.scrollWidth > byte.clientWidth).map((byte) => byte.textContent),
  );
  expect([await bytes.count(), cut]).toEqual([32, []]);
  await page.getByText("≠ driver's cache 1→1 2→1").waitFor();
  await page.getByText(/^full \d\d$/).waitFor();
  await setTheme('dark');
  expect(await violations(page, 'html', 'best-practice')).toEqual([]);
  await setTheme('light');
  expect(await violations(page, 'html', 'best-practice')).toEqual([]);
  expect(lab.complaints).toEqual([]);
});
