// Goal: the trainee as the scheduler: hints lead to the deadlock, are counted and never guess; at
// the end the window says how many choices it took and what the shortest known order is.
// Method: keys in the real window of a real lab; what hints say is picked, then the plain policy
// goes on until the cycle closes. Pictures are kept when LAB_PICTURES names a folder.

import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { violations } from './support/axe.ts';
import { misfits } from './support/fit.ts';
import { openLabWindow } from './support/lab-window.ts';
import type { LabWindow } from './support/lab-window.ts';
import { keepPicture } from './support/pictures.ts';
import { story } from './support/wanted.ts';

let lab: LabWindow;
let page: Page;
const patience = { timeout: 60_000 };

beforeAll(async () => {
  lab = await openLabWindow();
  ({ page } = lab);
});

afterAll(() => lab.close());

async function choose(variant: string): Promise<void> {
  await lab.desk.bench.open({ ...story, variant, policy: 'you-choose' });
  lab.desk.bench.machine.start(null);
  await page.getByRole('heading', { name: 'Who runs next?' }).waitFor(patience);
  await page.getByRole('option').first().waitFor(patience);
}

const picture = (name: string): Promise<void> => keepPicture(page, `choosing-${name}`);

/** The hint that stands there after the key. */
async function hint(): Promise<string> {
  const before = lab.desk.bench.choosing!.hints.count;
  await page.keyboard.press('h');
  await expect.poll(() => lab.desk.bench.choosing!.hints.count, patience).toBe(before + 1);
  // The window has it with its count: until then the hint before it stands there.
  await page.getByText(before === 0 ? '1 hint' : `${before + 1} hints`, { exact: true }).waitFor();
  const said = page
    .getByRole('status')
    .filter({ hasText: /^(Watch|It is about|Pick|No schedule)/ });
  await said.waitFor(patience);
  return said.innerText();
}

test('asked from the write on; what is typed into a terminal picks nobody', async () => {
  await choose('naive');
  await picture('first');
  await page.getByRole('textbox', { name: 'Terminal 1, type a line' }).focus();
  await page.keyboard.type('echo 1h2');
  expect(lab.desk.bench.choosing!.picks.length).toBe(0);
  expect(lab.desk.bench.choosing!.hints.count).toBe(0);
  await page.keyboard.press('Control+U');
});

test('hints go from who to what to the pick', async () => {
  await page.getByRole('heading', { name: 'Who runs next?' }).click();
  expect(await hint()).toMatch(/^Watch sh and worker of mlx4_en@card0: /);
  expect(await hint()).toMatch(/^It is about netdev eth0 and intf_mutex: /);
  expect(await hint()).toMatch(/^Pick \d, [^.]+\. .* in \d+ choices from here\.$/);
  await page.getByText('3 hints', { exact: true }).waitFor(patience);
  await picture('hint');
});

test('what a hint says can be picked; at the end choices stand beside the shortest', async () => {
  for (let picks = 0; picks < 2; picks++) {
    const said = picks === 0 ? await page.getByText(/^Pick \d,/).innerText() : await hint();
    const [, digit] = /^Pick (\d),/.exec(said)!;
    await page.keyboard.press(digit!);
    await expect.poll(() => lab.desk.bench.choosing!.picks.length, patience).toBe(picks + 1);
    await expect.poll(() => lab.desk.bench.choosing!.isAsking, patience).toBe(true);
  }
  await page.keyboard.press('Space');
  await expect.poll(() => lab.desk.bench.choosing!.isClosed, patience).toBe(true);
  const end = page.getByRole('status').filter({ hasText: 'The cycle has closed.' });
  await expect.poll(() => end.innerText(), patience).toMatch(/The shortest known: \d+, after/);
  await picture('closed');
  const { letRun } = lab.desk.bench.choosing!.state.reached!;
  const said = await end.innerText();
  expect(said).toContain(
    `You needed 2 choices, the plain policy made ${letRun} more, with 4 hints.`,
  );
  const shortest = Number(/shortest known: (\d+)/.exec(said)![1]);
  expect(shortest).toBeGreaterThan(2);
  expect(shortest).toBeLessThan(2 + letRun);
});

test('a card says who that is, where it stands, what its step does and what it has', async () => {
  await choose('naive');
  const cards = page.getByRole('option');
  for (let picks = 0; picks < 12; picks++) {
    const { question } = lab.desk.bench.choosing!.state;
    if (question!.cards.some(({ effects }) => effects.length > 1)) break;
    // Away from the writer first, so that somebody comes to wait for what it has.
    await cards.last().click();
    await expect.poll(() => lab.desk.bench.choosing!.picks.length, patience).toBe(picks + 1);
    await expect.poll(() => lab.desk.bench.choosing!.isAsking, patience).toBe(true);
  }
  const writer = cards.filter({ hasText: 'writes ib, terminal 1' });
  await expect
    .poll(() => writer.innerText(), patience)
    .toMatch(/would next\s+release state_lock\s+mlx4_en_close\s+mlx4\/en_netdev\.c/);
  const said = await writer.innerText();
  expect(said).toMatch(/frees state_lock\s+E?[A-Z]?\s*wakes [A-Z], which can run then/);
  expect(said).not.toMatch(/deadlock|cycle/);
  await writer.getByRole('img', { name: 'intf_mutex' }).waitFor(patience);
  await writer.getByRole('img', { name: '1 reference on kn->active(mlx4_port1)' }).waitFor();
});

test('cards fit, three in a row, and a screen reader trips over nothing', async () => {
  // The worker takes up its work, then the writer wakes a third one.
  for (const card of ['last', 'first'] as const) {
    const picks = lab.desk.bench.choosing!.picks.length;
    await page.getByRole('option')[card]().click();
    await expect.poll(() => lab.desk.bench.choosing!.picks.length, patience).toBe(picks + 1);
    await expect.poll(() => lab.desk.bench.choosing!.isAsking, patience).toBe(true);
  }
  await expect.poll(() => page.getByRole('option').count(), patience).toBe(3);
  for (const theme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme: theme });
    for (const size of [
      { width: 1280, height: 800 },
      { width: 1440, height: 900 },
    ]) {
      await page.setViewportSize(size);
      await picture(`cards-${theme}-${size.width}`);
      expect(await misfits(page), `${theme} ${size.width}`).toEqual([]);
      const tops = await page
        .getByRole('option')
        .evaluateAll((cards) => cards.map((card) => card.getBoundingClientRect().top));
      expect(new Set(tops).size, `rows at ${size.width}`).toBe(1);
    }
    expect(await violations(page, 'html', 'best-practice'), theme).toEqual([]);
  }
});

test('where the driver does not deadlock, the hint says that nothing was found', async () => {
  await choose('v6.6');
  expect(await hint()).toMatch(/^No schedule that deadlocks found from here in \d+ tries\./);
  await picture('none');
  expect(lab.complaints).toEqual([]);
});
