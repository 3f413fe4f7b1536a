// What the window costs a trainee: how long it takes to open, how smoothly a long run is panned and
// zoomed, how soon every view shows another moment, how soon a key is answered while the machine
// runs as fast as it goes, and how much memory the page has.

import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { withRuns } from '#db/open.ts';
import { Random } from '#test/support/card/random.ts';
import { inFolder } from '../folder.ts';
import { longRun } from '../long-run.ts';
import { quantile } from '../quantile.ts';
import { keepRun } from '../runs.ts';
import { frames, inputs, memoryMb, settlings } from './probes.ts';
import { serve } from './served.ts';

type Box = NonNullable<Awaited<ReturnType<Locator['boundingBox']>>>;

/** What a long run costs in the window. */
export interface LongRunCost {
  /** A frame while nothing happens, ms: what this browser does at best. */
  readonly idleMs: number;
  /** 19 in 20 frames of panning and zooming are shorter, ms. */
  readonly frameMs: number;
  /** 19 in 20 moments are shown in all views sooner, ms. */
  readonly scrubMs: number;
  /** Memory of the page's process, MB. */
  readonly memoryMb: number;
}

/** What the window costs. */
export interface WindowCost {
  readonly startSeconds: number;
  readonly million: LongRunCost;
  readonly fiveMillion: LongRunCost;
  /** 19 in 20 keys are answered sooner while the machine runs at full speed, ms. */
  readonly inputMs: number;
}

/** The lanes of the timeline; above them the strip of the whole run is another canvas. */
async function lanesBox(page: Page): Promise<Box> {
  const boxes = await Promise.all(
    (await page.locator('[data-pane=timeline] canvas').all()).map((canvas) => canvas.boundingBox()),
  );
  return boxes.filter((box) => box !== null).sort((a, b) => b.height - a.height)[0]!;
}

/** Pans and zooms for a while: in to single spans, along, out again, twenty gestures a second. */
async function panAndZoom(page: Page): Promise<void> {
  const box = await lanesBox(page);
  const random = new Random(3);
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  for (let gesture = 0; gesture < 160; gesture++) {
    const phase = Math.floor(gesture / 20) % 4;
    const x = box.x + box.width * (0.2 + random.below(60) / 100);
    await page.mouse.move(x, box.y + box.height / 2);
    if (phase === 0) await page.mouse.wheel(0, -240);
    else if (phase === 2) await page.mouse.wheel(0, 240);
    else await page.mouse.wheel(phase === 1 ? 90 : -90, 0);
    await page.waitForTimeout(40);
  }
}

/** Looks at moments here and there in the run. */
async function scrub(page: Page): Promise<void> {
  const box = await lanesBox(page);
  const random = new Random(5);
  for (let look = 0; look < 60; look++) {
    const x = box.x + 8 + random.below(Math.floor(box.width - 16));
    await page.mouse.move(x, box.y - 12);
    await page.waitForTimeout(100);
    await page.mouse.down();
    await page.mouse.up();
    await page.waitForTimeout(250);
  }
}

async function longRunCost(file: string): Promise<LongRunCost> {
  const { browser, page, close } = await serve(file);
  try {
    await page.keyboard.press('Control+3');
    await page
      .getByRole('row', { name: /^bond-deadlock/ })
      .first()
      .dblclick();
    await page.getByText('Replay').first().waitFor({ timeout: 60_000 });
    await page.waitForTimeout(3000);
    const idleMs = quantile(await frames(page, () => page.waitForTimeout(1000)), 0.5);
    const frameMs = quantile(await frames(page, () => panAndZoom(page)), 0.95);
    const scrubMs = quantile(await settlings(page, () => scrub(page)), 0.95);
    return { idleMs, frameMs, scrubMs, memoryMb: await memoryMb(browser) };
  } finally {
    await close();
  }
}

async function atFullSpeed(file: string): Promise<Pick<WindowCost, 'startSeconds' | 'inputMs'>> {
  const { page, startSeconds, close } = await serve(file);
  try {
    await page.evaluate(`document.querySelector('input[type=range]').focus()`);
    await page.keyboard.press('End');
    await page.keyboard.press('F5');
    await page.waitForTimeout(500);
    const times = await inputs(page, async () => {
      for (let press = 0; press < 100; press++) {
        await page.keyboard.press(press % 2 === 0 ? 'Control+k' : 'Escape');
        await page.waitForTimeout(70);
      }
    });
    return { startSeconds, inputMs: quantile(times, 0.95) };
  } finally {
    await close();
  }
}

/** Measures the window with runs of one million events and of five. */
export const windowCost = (): Promise<WindowCost> =>
  inFolder(async (folder) => {
    const keep = (times: number): string => {
      const file = join(folder, `${times}.db`);
      withRuns(file, (db) => keepRun(db, longRun(times)));
      return file;
    };
    return {
      million: await longRunCost(keep(10)),
      fiveMillion: await longRunCost(keep(46)),
      ...(await atFullSpeed(join(folder, 'none.db'))),
    };
  });
