// Goal: a newcomer's window opens on the library; Enter begins the tour of the recorded story.
// Every note stands beside what it speaks of, takes no room from it, and shows the moment that it
// tells. Method: a real lab in a real browser that remembers nothing.

import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Page } from 'playwright-core';
import { openLabWindow } from './support/lab-window.ts';
import type { LabWindow } from './support/lab-window.ts';

let lab: LabWindow;
let page: Page;

beforeAll(async () => {
  lab = await openLabWindow({}, { fresh: true });
  ({ page } = lab);
  await lab.desk.bench.begin();
}, 60_000);

afterAll(() => lab.close());

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** How far one box reaches into another, px. */
const overlap = (a: Box, b: Box): number =>
  Math.max(
    0,
    Math.min(
      Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x),
      Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y),
    ),
  );

const note = () => page.getByRole('complementary', { name: 'Tour' });
const pane = (name: string) => page.locator(`[data-pane=${name}]`);
const alerts = () => page.getByRole('alert').count();

/** Where things stand, once the note is placed. */
async function boxes(name: string): Promise<{ note: Box; pane: Box; status: Box }> {
  const [noteBox, paneBox, statusBox] = await Promise.all(
    [note(), pane(name), page.locator('footer')].map((each) => each.boundingBox()),
  );
  return { note: noteBox!, pane: paneBox!, status: statusBox! };
}

test('nothing is stored: the library is there, and the tour beside it', async () => {
  await page.getByRole('heading', { name: 'How one word hangs a machine' }).waitFor();
  expect(await page.getByRole('toolbar').count()).toBe(0);
});

test('Enter begins the tour, at its first stop and not at the end of the run', async () => {
  const start = page.getByRole('button', { name: /Start the tour/ });
  await expect.poll(() => start.evaluate((key) => key === document.activeElement)).toBe(true);
  await page.keyboard.press('Enter');
  await note().getByText('1 of 6').waitFor();
  await expect.poll(() => lab.desk.bench.state.record.kind).toBe('replay');
  await page.getByText('two ports, and a bond').waitFor();
  const clock = page.getByRole('status', { name: 'virtual time' });
  await expect.poll(() => clock.innerText()).toMatch(/^6\.0/);
  expect(await alerts()).toBe(0);
});

const stops = ['panel', 'terminals', 'waits', 'waits', 'waits', 'timeline'] as const;
/** The least window has no place of that height beside the waits: only their lower edge may go. */
const tightPx = 24;
const windows = [
  [1440, 900],
  [1280, 800],
  [1920, 1080],
  [1000, 700],
  [960, 600],
] as const;

test('each note stands beside its pane, whole, and takes no room', async () => {
  for (const [at, name] of stops.entries()) {
    await note()
      .getByText(`${at + 1} of 6`)
      .waitFor();
    for (const [width, height] of windows) {
      await page.setViewportSize({ width, height });
      // The note moves when the window has another size: a moment later.
      const standsRight = async (): Promise<Record<string, boolean>> => {
        const { note: own, pane: about, status } = await boxes(name);
        return {
          beside: overlap(own, about) <= (height < 700 ? tightPx : 0),
          whole: own.x >= 0 && own.x + own.width <= width && own.y + own.height <= height,
          narrow: own.width <= 280,
          noRoomTaken: status.y + status.height === height,
        };
      };
      const right = { beside: true, whole: true, narrow: true, noRoomTaken: true };
      await expect.poll(standsRight, { message: `stop ${at + 1} at ${width}` }).toEqual(right);
    }
    if (at + 1 < stops.length) await page.keyboard.press('ArrowRight');
  }
});

test('where the note says that each waits for the other, the ring is closed', async () => {
  await page.setViewportSize({ width: 1440, height: 900 });
  await page.keyboard.press('ArrowLeft');
  await note().getByText('5 of 6').waitFor();
  await page.getByText('one cycle, two tasks in it').waitFor();
  await expect.poll(alerts).toBe(1);
  await page.keyboard.press('ArrowLeft');
  await expect.poll(alerts).toBe(0);
});

test('the trainee touches something: the tour stops, and goes on from here', async () => {
  await page.keyboard.press('.');
  await note().getByRole('button', { name: 'Go on from here' }).click();
  await note().getByText('4 of 6').waitFor();
  await page.keyboard.press('Escape');
  await expect.poll(() => note().count()).toBe(0);
  expect(lab.complaints).toEqual([]);
});
