// Goal: the timeline by keyboard, by pointer and for a screen reader: the table behind the picture
// moves with the cursor; spans are explained under the pointer; marks with a note stay with the
// run; a stretch is selected, counted and zoomed to; lanes are pinned; what is looked for is found.
// Method: the deadlock of the story in the real window; what is asked of the page is what it says.

import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { groupedCount } from '#renderer/ui/numbers.ts';
import { violations } from './support/axe.ts';
import { openLabWindow } from './support/lab-window.ts';
import type { LabWindow } from './support/lab-window.ts';
import { keepPicture } from './support/pictures.ts';
import { story } from './support/wanted.ts';

let lab: LabWindow;
let page: Page;
const patience = { timeout: 20_000 };
const table = (): Locator => page.getByRole('treegrid', { name: /^Timeline of \d+ lanes/ });
const field = (): Locator => page.getByRole('searchbox', { name: /^find: / });

/** The cell that the keyboard is at, as it is read out. */
const cell = (): Promise<string> =>
  page.evaluate<string>(`{
    const grid = document.querySelector('[role=treegrid]');
    document.getElementById(grid.getAttribute('aria-activedescendant'))?.textContent.trim() ?? '';
  }`);

/** Names of the rows as they stand, headings too. */
const rowNames = (): Promise<string[]> => table().getByRole('rowheader').allTextContents();

const cursorNs = (): Promise<string> => page.getByText(/^looking at/).innerText();

beforeAll(async () => {
  lab = await openLabWindow();
  ({ page } = lab);
  const { bench } = lab.desk;
  await bench.open(story);
  bench.machine.start(null);
  await vi.waitUntil(() => bench.moment({ at: 'end' }).timeNs > 20e9, {
    timeout: 40_000,
    interval: 100,
  });
  bench.machine.pause();
  await page.getByRole('rowheader', { name: /^sh:\d+ A$/ }).waitFor({ state: 'attached' });
});

afterAll(() => lab.close());

test('a span is named as a sentence, and arrows move it and the cursor together', async () => {
  await table().focus();
  await field().fill('obj:intf_mutex kind:mutex.acquired');
  await page.keyboard.press('Control+f');
  await page.keyboard.press('Shift+Enter');
  await expect
    .poll(cell, patience)
    .toMatch(/^intf_mutex is held by sh:\d+ A, from \d+\.\d{3}.s\.$/);
  await page.keyboard.press('Escape');
  await page.keyboard.press('Escape');
  const before = await cursorNs();
  await page.keyboard.press('ArrowLeft');
  await expect.poll(cursorNs, patience).not.toBe(before);
  await expect.poll(cell, patience).toMatch(/^intf_mutex is held by .*, from .* to .*.s\.$/);
  await page.keyboard.press('ArrowRight');
  await expect.poll(cell, patience).toMatch(/^intf_mutex is held by sh:\d+ A, from/);
  expect(await cursorNs()).toBe(before);
  // One further: who wants it; and from the moment on at which the cycle closes, in vain.
  await page.keyboard.press('ArrowRight');
  await expect.poll(cell, patience).toMatch(/^intf_mutex is wanted by .*, from .* to .*.s\.$/);
  await page.keyboard.press('ArrowRight');
  await expect
    .poll(cell, patience)
    .toMatch(/^intf_mutex is wanted by kworker\/u8:0 [A-Z], from .*, in vain\.$/);
  await page.keyboard.press('ArrowDown');
  await expect.poll(cell, patience).not.toMatch(/^intf_mutex/);
});

test('the task that waits says that it cannot go on', async () => {
  await field().fill('task:mlx4_en@card0 took>5s');
  await field().press('Enter');
  await expect
    .poll(cell, patience)
    .toMatch(/^kworker\/u8:0 [A-Z] waits for intf_mutex, from [\d.]+.s, cannot end\.$/);
});

test('axe-core finds nothing in the pane', async () => {
  expect(await violations(page, '[data-pane=timeline]')).toEqual([]);
});

/** Middle of a lane's bars, at a part of the canvas's width. */
async function placeOf(name: string, part: number): Promise<{ x: number; y: number }> {
  const label = page.getByTitle(name, { exact: true });
  const [row, canvas] = [await label.boundingBox(), await table().boundingBox()];
  return { x: canvas!.x + canvas!.width * part, y: row!.y + row!.height / 2 };
}

test('the pointer is told who holds a lock, since when, who wants it, and what to do', async () => {
  await field().fill('obj:intf_mutex kind:mutex.acquired');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Filter' }).click();
  await expect.poll(rowNames, patience).toContain('intf_mutex');
  await page.keyboard.press('l');
  const { x, y } = await placeOf('intf_mutex', 0.5);
  await page.mouse.move(x, y);
  await page.mouse.move(x + 2, y);
  const tip = page.getByRole('tooltip');
  await expect
    .poll(() => tip.innerText(), patience)
    .toMatch(
      /^intf_mutex, held by A since 6\.\d{3}.s, wanted by [A-Z], in vain\. Double click: go to/,
    );
  expect((await tip.boundingBox())!.height).toBeLessThan(50);
  await page.mouse.dblclick(x, y);
  await expect.poll(cursorNs, patience).toMatch(/^looking at 6\./);
  await page.getByRole('button', { name: 'Filter' }).click();
  await field().fill('');
});

test('a stretch is drawn on the ruler, counted, zoomed to and left', async () => {
  const canvas = (await table().boundingBox())!;
  const y = canvas.y + 6;
  await page.mouse.move(canvas.x + 60, y);
  await page.mouse.down();
  await page.mouse.move(canvas.x + 200, y, { steps: 4 });
  await page.mouse.up();
  const said = page.getByText(/ selected, /);
  await expect.poll(() => said.innerText(), patience).toMatch(/^[\d.]+ \w+ selected, \d.* events?/);
  const wide = await table().getAttribute('aria-label');
  await page.keyboard.press('Z');
  await expect.poll(() => table().getAttribute('aria-label'), patience).not.toBe(wide);
  await page.keyboard.press('Escape');
  await expect.poll(() => said.count(), patience).toBe(0);
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('Shift+ArrowLeft');
  await said.waitFor(patience);
  await page.keyboard.press('Escape');
});

test('the flag of a cursor that is out of sight brings it back, and moves it not', async () => {
  const canvas = (await table().boundingBox())!;
  const before = await cursorNs();
  await table().focus();
  await page.keyboard.press('Home');
  for (let presses = 0; presses < 12; presses++) await page.keyboard.press('d');
  const there = { x: canvas.x + 8, y: canvas.y + 16 };
  await page.mouse.move(there.x, there.y);
  await page.mouse.click(there.x, there.y);
  await page.mouse.move(there.x + 1, there.y);
  // It is not there any more: what is there now is the ruler.
  await expect.poll(() => page.getByRole('tooltip').count(), patience).toBe(0);
  expect(await cursorNs()).toBe(before);
});

test('p pins the lane of the keyboard; a selected thing is pinned for the time', async () => {
  await field().fill('obj:intf_mutex kind:mutex.acquired');
  await page.keyboard.press('Enter');
  await page.keyboard.press('Escape');
  await page.keyboard.press('Escape');
  await expect.poll(cell, patience).toMatch(/^intf_mutex/);
  const first = async (): Promise<string[]> => (await rowNames()).slice(0, 2);
  await page.keyboard.press('p');
  await expect.poll(first, patience).toEqual(['Pinned', 'intf_mutex']);
  await page.keyboard.press('p');
  await expect.poll(rowNames, patience).not.toContain('Pinned');
  expect(await cell()).toMatch(/^intf_mutex/);
  await page.keyboard.press('l');
  await page.locator('[data-thing="task:sh"]').click();
  await expect
    .poll(() => page.getByRole('button', { name: /^Unpin sh:/ }).count(), patience)
    .toBe(1);
  await page.locator('[data-thing="task:sh"]').click();
  // A work has no lane of its own: its queue's is pinned.
  const work = page.locator('[data-thing^="work:"]').first();
  const ticket = { position: { x: 24, y: 20 } };
  await work.click(ticket);
  await expect
    .poll(() => page.getByRole('button', { name: /^Unpin mlx4_en/ }).count(), patience)
    .toBe(1);
  await work.click(ticket);
});

test('a pinned lane stays on top while the others are moved up under it', async () => {
  await page.keyboard.press('o');
  await table().focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('p');
  const pinned = page.locator('.names .stays .lane');
  await pinned.waitFor(patience);
  const [name, top] = [await pinned.getAttribute('title'), (await pinned.boundingBox())!.y];
  const before = await rowNames();
  const canvas = (await table().boundingBox())!;
  await page.mouse.move(canvas.x + 300, canvas.y + 150);
  await page.keyboard.down('Control');
  await page.mouse.wheel(0, 215);
  await page.keyboard.up('Control');
  await expect.poll(rowNames, patience).not.toEqual(before);
  expect((await rowNames())[0]).toBe('Pinned');
  expect((await pinned.boundingBox())!.y).toBe(top);
  await keepPicture(page, 'timeline-pinned');
  // What is pointed at there is the pinned lane: its pin takes it away again.
  await page.locator(`.names .stays [title="${name}"]`).hover();
  await pinned.getByRole('button').click();
  await expect.poll(rowNames, patience).not.toContain('Pinned');
  await page.keyboard.press('o');
});

test('what cannot be looked for says how; Esc empties the field, then leaves it', async () => {
  await table().focus();
  await page.keyboard.press('/');
  await page.keyboard.type('took>1');
  await page.keyboard.press('Enter');
  await page.getByText('Write took>1 as took>1ms or took<20us.').waitFor(patience);
  await field().fill('task:A kind:syscall');
  await page.keyboard.press('Enter');
  await page.getByText(/^\d+ of \d+$/).waitFor(patience);
  await page.keyboard.press('Escape');
  expect(await field().inputValue()).toBe('');
  await page.keyboard.press('Escape');
  expect(await table().evaluate((node) => node === document.activeElement)).toBe(true);
});

test('an answer that comes late does not move the cursor back', async () => {
  await table().focus();
  await page.keyboard.press('[');
  await page.getByText(/^looking at/).waitFor(patience);
  const { handled } = lab.desk;
  // Both keys before the lab can answer the first.
  await page.evaluate(`for (const key of ['ArrowLeft', 'l']) {
    document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
  }`);
  await expect.poll(() => lab.desk.handled, patience).toBeGreaterThan(handled + 1);
  // Both have been answered; the window takes that in.
  await page.waitForTimeout(100);
  expect(await page.getByText(/^looking at/).count()).toBe(0);
});

test('a mark with a note is walked to, goes with the run and can be removed', async () => {
  await page.keyboard.press('l');
  await page.keyboard.press('[');
  await page.getByText(/^looking at/).waitFor(patience);
  const event = () => page.locator('.clock b').innerText();
  const atFlag = await event();
  await page.keyboard.press('ArrowLeft');
  await expect.poll(event, patience).not.toBe(atFlag);
  await page.keyboard.press('m');
  const note = page.getByRole('textbox', { name: /^Note of the mark at/ });
  await note.fill('look here');
  await page.keyboard.press('Enter');
  const { bench } = lab.desk;
  const own = () => bench.timeline.marksBetween(0, Infinity).filter(({ kind }) => kind === 'own');
  await expect.poll(() => own().map(({ text }) => text), patience).toEqual(['look here']);
  const { seq } = own()[0]!;
  // The field goes when the lab has answered: before, a letter would still be typed into it.
  await expect.poll(() => note.count(), patience).toBe(0);
  await page.keyboard.press('l');
  await expect.poll(() => page.getByText(/^looking at/).count(), patience).toBe(0);
  // As long as the lab has not answered, the clock still shows where the cursor was.
  let last = groupedCount(bench.moment({ at: 'end' }).seq);
  await expect.poll(event, patience).toBe(last);
  for (let presses = 0; presses < 30 && last !== groupedCount(seq); presses++) {
    await page.keyboard.press('[');
    await expect.poll(event, patience).not.toBe(last);
    last = await event();
  }
  expect(last).toBe(groupedCount(seq));
  // There, the same key takes it into the hand, once the window has looked at the flags again.
  const inHand = async (): Promise<string> => {
    await page.keyboard.press('m');
    const text = await note.inputValue();
    if (text === '') await note.press('Escape');
    return text;
  };
  await expect.poll(inHand, patience).toBe('look here');
  await page.getByRole('button', { name: 'Remove' }).click();
  await expect.poll(own, patience).toEqual([]);
  await page.getByRole('button', { name: 'Put back' }).click();
  await expect.poll(() => own().map(({ text }) => text), patience).toEqual(['look here']);
  await bench.end();
  const { session } = bench;
  const run = 'number' in session ? session.number! : 0;
  await bench.open({ from: 'run', run });
  expect(own().map(({ text, seq: at }) => [text, at])).toEqual([['look here', seq]]);
  expect(lab.complaints).toEqual([]);
});
