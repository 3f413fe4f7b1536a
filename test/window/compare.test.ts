/// <reference lib="dom" />
// Goal: two runs are read beside each other by keyboard alone: from difference to difference, event
// by event, along time or along events, by lanes and by what is found; playing moves one cursor in
// both; and what is no pair to line up says so.
// Method: the story's examples in a real window; what is seen is read from the page, and the table
// behind the picture is held against what the picture was told.

import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { withRuns } from '#db/open.ts';
import { keepRun } from '#test/bench/runs.ts';
import { recordScenario } from '#test/support/run-record.ts';
import { openLabWindow } from './support/lab-window.ts';
import type { LabWindow } from './support/lab-window.ts';
import { keepPicture } from './support/pictures.ts';

let lab: LabWindow;
let page: Page;

const row = (name: string): Locator => page.getByRole('row', { name: new RegExp(`^${name}`) });
const clock = (): Promise<string> => page.locator('.compare output').innerText();
const sentence = (): Promise<string> => page.getByRole('heading', { level: 1 }).innerText();
const grid = (): Locator => page.getByRole('treegrid', { name: /^Lanes of/ });
/** What the row with the keyboard says. */
const current = (): Promise<string> => grid().locator('[tabindex="0"]').innerText();
const isPlaying = (): Locator => page.getByRole('button', { name: 'Pause' });

/** Picks two runs in the library and compares them. */
async function compare(first: string, second: string): Promise<void> {
  await page.keyboard.press('Control+3');
  for (const name of [first, second]) {
    await row(name).click({ modifiers: name === first ? [] : ['Control'] });
  }
  await page.keyboard.press('c');
}

beforeAll(async () => {
  lab = await openLabWindow();
  ({ page } = lab);
  await lab.desk.bench.begin();
}, 60_000);

afterAll(() => lab.close());

test('with nothing picked it says how to begin', async () => {
  await page.keyboard.press('Control+4');
  await page.getByRole('heading', { name: 'Pick two runs.' }).waitFor();
});

test('the lanes that differ come first, with what is left out', async () => {
  await compare('The bond deadlock', 'Same choices, v6.6');
  await expect.poll(sentence, { timeout: 15_000 }).toContain('on the PCI device in v6.6');
  const count = page.getByRole('button', { name: /lanes/ });
  expect(await count.innerText()).toMatch(/^8 of \d+ lanes: \d+ differ/);
  expect(await grid().getByRole('row').count()).toBe(8 * 3);
  await page.keyboard.press('o');
  await expect.poll(() => count.innerText()).toMatch(/^all \d+ lanes/);
  expect(await grid().getByRole('row').count()).toBeGreaterThan(100 * 3);
  await page.keyboard.press('o');
  await expect.poll(() => grid().getByRole('row').count()).toBe(8 * 3);
});

test('[ and ] go through the differences, and both machines follow', async () => {
  expect(await clock()).toMatch(/^\+0\.000/);
  const currentRow = page.locator('tr.current');
  expect(await currentRow.innerText()).toContain('holds netdev eth0');
  await page.keyboard.press('[');
  await expect.poll(() => currentRow.innerText()).toContain('settled');
  await page.keyboard.press(']');
  await page.keyboard.press(']');
  await expect.poll(() => currentRow.innerText()).not.toContain('holds netdev eth0');
  expect(await clock()).not.toMatch(/^\+0\.000\s?000\s?000/);
  for (let at = 0; at < 4; at++) await page.keyboard.press(']');
  const naive = page.getByRole('region', { name: 'naive at the cursor' });
  await naive.getByText('waits for eth0').waitFor();
});

test('. and , go event by event; t counts events, and back again it is the same', async () => {
  const before = await clock();
  await page.keyboard.press('.');
  await expect.poll(clock).not.toBe(before);
  await page.keyboard.press(',');
  await expect.poll(clock).toBe(before);
  await page.keyboard.press('t');
  await page.getByText('event base: each run since they parted').waitFor();
  const counted = await clock();
  expect(counted).toMatch(/^\+[\d\s]+$/);
  const count = Number(counted.replace(/\D/g, ''));
  await page.keyboard.press('.');
  await page.keyboard.press('.');
  await expect.poll(async () => Number((await clock()).replace(/\D/g, ''))).toBe(count + 2);
  await page.keyboard.press(',');
  await page.keyboard.press(',');
  await expect.poll(clock).toBe(counted);
  await page.keyboard.press('t');
  await expect.poll(clock).toBe(before);
});

test('the table behind the picture: arrows move it and the cursor together', async () => {
  await grid().locator('[tabindex="0"]').focus();
  await page.keyboard.press('Home');
  await expect.poll(clock).toMatch(/^\+0\.000\s?000\s?000/);
  expect(await current()).toMatch(/^sh\s+differs/);
  await page.keyboard.press('ArrowDown');
  await expect.poll(current).toMatch(/^sh, naive/);
  let told = '';
  for (let at = 0; at < 12 && !told.includes('cannot end'); at++) {
    const before = await clock();
    await page.keyboard.press('ArrowRight');
    await expect.poll(clock).not.toBe(before);
    await expect.poll(current).not.toBe(told);
    told = await current();
  }
  expect(told).toContain('waits for netdev eth0, cannot end');
  await page.keyboard.press('ArrowDown');
  await expect.poll(current).toMatch(/^sh, v6\.6/);
  expect(await current()).not.toContain('cannot end');
});

test('find: / takes the keyboard, Enter walks through both runs', async () => {
  await page.keyboard.press('/');
  await page.keyboard.type('intf_mutex');
  const before = await clock();
  await page.keyboard.press('Enter');
  await page.getByText(/^\d+ and \d+ found$/).waitFor();
  await expect.poll(clock).not.toBe(before);
  const first = await clock();
  await page.keyboard.press('Enter');
  await expect.poll(clock).not.toBe(first);
  await page.keyboard.press('Shift+Enter');
  await expect.poll(clock).toBe(first);
  await page.keyboard.press('Escape');
});

test('play moves the one cursor until it is paused; nothing else does', async () => {
  await grid().locator('[tabindex="0"]').focus();
  await page.keyboard.press('Home');
  await page.keyboard.press('Space');
  await isPlaying().waitFor();
  await expect.poll(clock).not.toMatch(/^\+0\.000\s?000\s?000/);
  await page.keyboard.press('Space');
  await expect.poll(() => isPlaying().count()).toBe(0);
  const stood = await clock();
  await page.keyboard.press('.');
  await expect.poll(clock).not.toBe(stood);
});

test('with less motion it plays in steps', async () => {
  await page.emulateMedia({ reducedMotion: 'reduce' });
  const shown = await page.evaluate(async () => {
    const output = document.querySelector('.compare output')!;
    const texts = new Set<string>();
    const observer = new MutationObserver(() => texts.add(output.textContent));
    observer.observe(output, { characterData: true, childList: true, subtree: true });
    const play = [...document.querySelectorAll('button')].find((each) =>
      each.textContent.includes('Play'),
    );
    play!.click();
    let frames = 0;
    while (texts.size < 2) {
      await new Promise(requestAnimationFrame);
      frames++;
    }
    return { frames, texts: texts.size };
  });
  await page.keyboard.press('F5');
  await page.emulateMedia({ reducedMotion: null });
  // Two looks are at least one whole pause apart: many frames, whatever the machine is doing.
  expect(shown.frames).toBeGreaterThan(shown.texts * 2);
});

test('x swaps the two', async () => {
  await page.keyboard.press('x');
  await expect
    .poll(sentence, { timeout: 15_000 })
    .toContain('on the PCI device in v6.6, on eth0 in naive');
});

test('the palette offers what acts here, and does it', async () => {
  await page.keyboard.press('Control+k');
  await page.keyboard.type('swap');
  await page.keyboard.press('Enter');
  await expect
    .poll(sentence, { timeout: 15_000 })
    .toContain('on eth0 in naive, on the PCI device in v6.6');
});

test('two scenarios share no start', async () => {
  await compare('The bond deadlock', 'A restart that is lost');
  await expect
    .poll(sentence, { timeout: 15_000 })
    .toBe('These two runs share no start. Lined up at their first event.');
  expect(await page.getByText('lined up at their first event', { exact: true }).count()).toBe(1);
  expect(lab.complaints).toEqual([]);
});

test('equal runs are drawn once, to the end that they share, and nothing differs', async () => {
  const record = recordScenario('failover');
  const numbers = withRuns(lab.file, (db) => {
    const twins = ['One twin', 'The other twin'];
    for (const name of twins)
      keepRun(db, { ...record, head: { ...record.head, scenarioName: name } });
    return twins.length;
  });
  expect(numbers).toBe(2);
  await page.reload();
  await compare('One twin', 'The other twin');
  await expect
    .poll(sentence, { timeout: 15_000 })
    .toMatch(/^The same, event for event: ([\d\s]+) of \1\.$/);
  await page.getByText('the same from their first event to their last').waitFor();
  expect(await grid().getByRole('row').count()).toBeGreaterThan(20);
  expect(await page.locator('tbody tr').count()).toBe(0);
  const machines = page.getByRole('region', { name: /at the cursor$/ });
  // Below their names, which tell them apart.
  const below = async (): Promise<string[][]> =>
    (await machines.allInnerTexts()).map((text) => text.split('\n').slice(1));
  await expect.poll(async () => (await below())[0]).toEqual((await below())[1]);
  await page.keyboard.press(',');
  await expect.poll(clock).toMatch(/^\u2212/);
  await keepPicture(page, 'compare-equal');
  expect(lab.complaints).toEqual([]);
});
