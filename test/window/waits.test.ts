// The deadlock of the real lab in the window: the ring, its list, the verdict and the board, in
// both themes and three sizes. Pictures go to the folder of LAB_PICTURES, if that is set.

import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { violations } from './support/axe.ts';
import { openLabWindow } from './support/lab-window.ts';
import type { LabWindow } from './support/lab-window.ts';
import { keepPicture } from './support/pictures.ts';
import { story } from './support/wanted.ts';

let lab: LabWindow;
const sizes = [
  [1280, 800],
  [1440, 900],
  [1920, 1080],
] as const;

const picture = (name: string): Promise<void> => keepPicture(lab.page, name);

const until = (told: () => boolean) => vi.waitUntil(told, { timeout: 40_000, interval: 200 });

const now = () => lab.desk.bench.moment({ at: 'end' });

beforeAll(async () => {
  lab = await openLabWindow({ colorScheme: 'dark' });
  const { bench } = lab.desk;
  await bench.open(story);
  bench.machine.start(null);
  await until(() => now().waits.cycles.length > 0);
  await until(() => now().timeNs > 60e9 || bench.state.stopped !== null);
  bench.machine.pause();
});

afterAll(() => lab.close());

test('the cycle is a ring of five and the same as a list', async () => {
  const { page } = lab;
  const list = page.getByRole('list', { name: 'The waits in order' });
  await expect
    .poll(() => list.getByRole('listitem').first().textContent(), { timeout: 20_000 })
    .toMatch(/^Cycle of 5\. 1 of 5: .*, task \w+, waits for/);
  expect(await page.locator('[data-thing]').count()).toBe(5);
});

test('the verdict is read out once', async () => {
  await expect
    .poll(() => lab.page.getByRole('alert').first().textContent())
    .toMatch(/^Deadlock\. /);
});

test('it looks as it should in three sizes and both themes', async () => {
  const { page } = lab;
  for (const theme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme: theme });
    for (const [width, height] of sizes) {
      await page.setViewportSize({ width, height });
      await page.waitForTimeout(300);
      await picture(`deadlock-${theme}-${width}`);
      const body = await page.locator('[data-pane=waits]').boundingBox();
      for (const node of await page.locator('[data-thing] .place').all()) {
        const box = (await node.boundingBox())!;
        expect(box.x).toBeGreaterThanOrEqual(body!.x);
        expect(box.x + box.width).toBeLessThanOrEqual(body!.x + body!.width);
      }
    }
  }
  await page.setViewportSize({ width: 1440, height: 900 });
  await page.emulateMedia({ colorScheme: 'dark' });
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('Emulation.setEmulatedVisionDeficiency', { type: 'deuteranopia' });
  await picture('deadlock-deuteranopia');
  await cdp.send('Emulation.setEmulatedVisionDeficiency', { type: 'none' });
});

test('axe-core finds nothing in the three', async () => {
  const { page } = lab;
  const three = '[data-pane=waits], [data-pane=detectors], .verdict';
  expect(await violations(page, three)).toEqual([]);
});

test('a double click goes to when the wait began, and then it is at three sides', async () => {
  const { page } = lab;
  await page.locator('[data-thing="task:sh"]').dblclick();
  await page.waitForTimeout(500);
  await picture('sides');
  await page.getByRole('button', { name: /All objects/ }).click();
  await page.getByText('References, works, queues').waitFor();
  await picture('columns');
  expect(lab.complaints).toEqual([]);
});
