// Goal: the frame holds whatever is done to it: its bars stay in the window at every size and time,
// splitters have limits, panes are closed, shown and filled without losing the keyboard, nothing of
// one session leaks into the next.
// Method: a real lab in a real browser with the recorded story and live runs beside it.

import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Locator, Page } from 'playwright-core';
import { openLabWindow } from './support/lab-window.ts';
import type { LabWindow } from './support/lab-window.ts';

let lab: LabWindow;
let page: Page;
const patience = { timeout: 30_000 };

beforeAll(async () => {
  lab = await openLabWindow({ colorScheme: 'dark' });
  ({ page } = lab);
  await lab.desk.bench.begin();
  await openStory();
}, 60_000);

afterAll(() => lab.close());

const pane = (name: string): Locator => page.locator(`[data-pane=${name}]`);
const bar = (): Locator => page.getByRole('toolbar', { name: 'Transport' });
const status = (): Locator => page.getByRole('contentinfo');
const number = (): number => lab.desk.bench.state.number;

/** Where something is, as soon as it is there: a view that was just chosen may still be coming. */
async function boxOf(
  what: Locator,
): Promise<NonNullable<Awaited<ReturnType<Locator['boundingBox']>>>> {
  let box: Awaited<ReturnType<Locator['boundingBox']>> = null;
  await expect.poll(async () => (box = await what.boundingBox())).not.toBeNull();
  return box!;
}

async function openStory(): Promise<void> {
  await page.keyboard.press('Control+3');
  await page.getByRole('row', { name: /^The bond deadlock/ }).dblclick();
  await page.getByRole('alert').waitFor({ ...patience, state: 'attached' });
}

async function size(width: number, height: number): Promise<void> {
  await page.setViewportSize({ width, height });
  await expect.poll(() => page.evaluate(() => innerWidth)).toBe(width);
}

async function command(words: string): Promise<void> {
  await page.keyboard.press('Control+k');
  await page.keyboard.type(words);
  await page.keyboard.press('Enter');
}

/** Bars stand at the edges, and no control of the upper one is cut. */
async function expectBarsWhole(said: string): Promise<void> {
  const seen = async (): Promise<string> => {
    const [width, height] = await page.evaluate(() => [innerWidth, innerHeight] as const);
    const [top, bottom] = [await bar().boundingBox(), await status().boundingBox()];
    const keys = await bar().getByRole('button').all();
    const ends = await Promise.all(keys.map(boxOf));
    const cut = ends.filter(({ x, width: own }) => x + own > width).length;
    const last = Math.round(bottom!.y + bottom!.height);
    return `top ${top!.y}, bottom ${last - height}, ${cut} of ${keys.length} cut`;
  };
  await expect.poll(seen, { message: said }).toBe('top 0, bottom 0, 0 of 9 cut');
}

const sizes = [
  [1920, 1080],
  [1440, 900],
  [1280, 800],
  [1000, 700],
  [960, 600],
  [720, 450],
] as const;

test('at every size the bars are whole and the verdict is not cut', async () => {
  for (const [width, height] of sizes) {
    await size(width, height);
    await expectBarsWhole(`${width}`);
    const isCut = await page
      .locator('.sentence')
      .first()
      .evaluate((text) => text.scrollHeight > text.clientHeight);
    expect(isCut, `${width}`).toBe(false);
  }
});

test('a narrow window has room for the ring above and lanes below', async () => {
  for (const [width, height] of [
    [1000, 700],
    [960, 600],
  ] as const) {
    await size(width, height);
    await page.getByRole('tab', { name: 'Waits' }).click();
    await pane('waits').locator('svg').first().waitFor();
    await expect.poll(() => pane('waits').getByText('waits for').count()).toBeGreaterThan(0);
    expect((await boxOf(pane('timeline'))).height).toBeGreaterThan(90);
  }
  await page.getByRole('tab', { name: 'Front panel' }).click();
});

test('the card is whole at 1000: the last column is not cut', async () => {
  await size(1000, 700);
  await page.keyboard.press('Control+2');
  const side = page.getByRole('region', { name: 'Port map' });
  await side.waitFor();
  const box = await boxOf(side);
  expect(box.x + box.width).toBeLessThanOrEqual(1000);
  expect(box.width).toBeGreaterThan(300);
  await page.keyboard.press('Control+1');
});

test('splitters stop where the next pane needs its room, also those that were stored', async () => {
  await size(1440, 900);
  const splitter = page.getByRole('separator', { name: 'Height of the lower row' });
  const from = await boxOf(splitter);
  await page.mouse.move(from.x + 300, from.y);
  await page.mouse.down();
  await page.mouse.move(from.x + 300, -500, { steps: 4 });
  await page.mouse.up();
  await expectBarsWhole('dragged to the top');
  expect((await boxOf(pane('waits'))).height).toBeGreaterThan(90);
  await page.evaluate(() => {
    const key = 'mlx4-lab.frame';
    const kept = JSON.parse(localStorage.getItem(key)!) as Record<string, unknown>;
    const far = { panel: 3000, waits: 3000, right: 3000, bottom: 3000 };
    kept['sizes'] = { medium: far, small: far, large: far, narrow: far };
    localStorage.setItem(key, JSON.stringify(kept));
  });
  await page.reload();
  for (const [width, height] of sizes) {
    await size(width, height);
    await expectBarsWhole(`stored, ${width}`);
    if (width < 1200) continue;
    const board = await boxOf(pane('detectors'));
    expect(board.x + board.width).toBeLessThanOrEqual(width);
    const tabs = await pane('terminals').getByRole('tab').all();
    const boxes = await Promise.all(tabs.map(boxOf));
    for (const [at, { x }] of boxes.entries()) {
      const before = boxes[at - 1];
      if (before !== undefined) expect(x).toBeGreaterThanOrEqual(before.x + before.width);
    }
  }
  await size(1440, 900);
  await command('default arrangement');
  await expect.poll(async () => (await boxOf(pane('panel'))).width).toBe(500);
});

test('a pane is closed by its mark, shown from the palette; others take its room', async () => {
  const before = (await boxOf(pane('waits'))).width;
  await page.getByRole('button', { name: 'Close Detectors' }).click();
  await expect.poll(() => pane('detectors').count()).toBe(0);
  expect((await boxOf(pane('waits'))).width).toBeGreaterThan(before + 200);
  await page.reload();
  await pane('waits').waitFor();
  expect(await pane('detectors').count()).toBe(0);
  await command('show detectors');
  await pane('detectors').waitFor();
  await expect
    .poll(() => pane('detectors').evaluate((slot) => slot === document.activeElement))
    .toBe(true);
  await page.getByRole('button', { name: 'Close Timeline' }).click();
  await page.getByRole('button', { name: 'Close Front panel' }).click();
  await command('default arrangement');
  await pane('timeline').waitFor();
  await pane('panel').waitFor();
});

test('F8 fills the view; the keyboard and what was open in the pane stay', async () => {
  await pane('terminals').getByRole('tab', { name: 'tasks' }).click();
  const row = pane('terminals')
    .getByRole('row', { name: /^A sh|intf_mutex/ })
    .first();
  await row.click();
  const inside = (): Promise<boolean> =>
    pane('terminals').evaluate((slot) => slot.contains(document.activeElement));
  await expect.poll(inside).toBe(true);
  await page.keyboard.press('Enter');
  const stack = pane('terminals').getByRole('region', { name: /^Stack of/ });
  await stack.waitFor();
  const small = (await boxOf(pane('terminals'))).width;
  await page.keyboard.press('F8');
  await expect
    .poll(async () => (await boxOf(pane('terminals'))).width)
    .toBeGreaterThan(small + 400);
  expect(await inside()).toBe(true);
  expect(await stack.isVisible()).toBe(true);
  expect(await pane('waits').isVisible()).toBe(false);
  await page.keyboard.press('F8');
  await expect.poll(async () => (await boxOf(pane('terminals'))).width).toBe(small);
  expect(await inside()).toBe(true);
  expect(await stack.isVisible()).toBe(true);
});

test('the mark of a pane fills the view, and puts it back', async () => {
  const small = (await boxOf(pane('waits'))).width;
  await page.getByRole('button', { name: 'Let Waits fill the view' }).click();
  await expect.poll(async () => (await boxOf(pane('waits'))).width).toBe(1376);
  await page.getByRole('button', { name: 'Put Waits back' }).click();
  await expect.poll(async () => (await boxOf(pane('waits'))).width).toBe(small);
});

test('the status bar says how ports, bond and tasks stand, and what plays', async () => {
  await status().getByRole('img', { name: 'Port 1, eth, link off, activity off' }).waitFor();
  await status().getByText('active-backup, eth1, not in hardware').waitFor();
  await status().getByText('2 blocked, both in a cycle').waitFor();
  await page.keyboard.press('F5');
  await status().getByText('the recording plays, 1×').waitFor();
  expect(await status().getByText('paused at the cursor').count()).toBe(0);
  await page.keyboard.press('F5');
  await status().getByText('paused at the cursor').waitFor();
  // Whoever goes somewhere while it plays stays there.
  await page.keyboard.press('F5');
  await status().getByText('the recording plays, 1×').waitFor();
  await page.getByRole('button', { name: 'Before it closed' }).click();
  await status().getByText('paused at the cursor').waitFor();
  await page.keyboard.press('l');
  await page.getByRole('alert').waitFor({ state: 'attached' });
});

test('a window that was gone is back where it was, and says for how long', async () => {
  // Whatever the page shows of it, however shortly.
  await page.addInitScript(() => {
    const heard: string[] = [];
    Object.assign(globalThis, { heard });
    new MutationObserver(() => {
      const said = document.querySelector('#app')?.textContent ?? '';
      heard.push(...(/.{0,40}The lab is away.{0,20}/.exec(said) ?? []));
    }).observe(document, { subtree: true, childList: true, characterData: true });
  });
  await page.getByRole('button', { name: 'Before it closed' }).click();
  await expect.poll(() => page.getByRole('alert').count()).toBe(0);
  await pane('terminals').getByRole('tab', { name: 'firmware' }).click();
  await pane('timeline').getByRole('treegrid').focus();
  await page.keyboard.press('w');
  await page.keyboard.press('w');
  const zoom = (): Promise<string> => pane('timeline').locator('.aside').first().innerText();
  const clock = (): Promise<string> =>
    page.getByRole('status', { name: 'virtual time' }).innerText();
  const was = [await zoom(), await clock()];
  await page.reload();
  await status()
    .getByText(/^The window was gone for \d.*Nothing is lost\.$/)
    .waitFor();
  await expect.poll(async () => [await zoom(), await clock()]).toEqual(was);
  expect(await page.getByRole('alert').count()).toBe(0);
  const tab = pane('terminals').getByRole('tab', { name: 'firmware' });
  expect(await tab.getAttribute('aria-selected')).toBe('true');
  expect(await page.evaluate('heard')).toEqual([]);
});

test('a file that is dropped on the session is imported, not opened as a page', async () => {
  const drop = (): boolean => {
    const data = new DataTransfer();
    data.items.add(new File(['no run'], 'letter.txt'));
    const event = new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true });
    document.querySelector('[data-pane=waits]')!.dispatchEvent(event);
    return event.defaultPrevented;
  };
  const before = lab.desk.handled;
  expect(await page.evaluate(drop)).toBe(true);
  await page.locator('.said p').waitFor();
  expect(lab.desk.handled).toBeGreaterThan(before);
  await page.locator('.said button').click();
  // The library shows what came of it.
  await page.getByRole('heading', { level: 1, name: 'Runs' }).waitFor();
  await page.keyboard.press('Control+1');
});

test('the menu of the variant: the same choices on another driver', async () => {
  await page.getByTitle('Driver, who runs next, seed').click();
  const same = page.getByRole('button', { name: 'Same choices', exact: true });
  expect(await same.isDisabled()).toBe(true);
  await page.keyboard.press('Escape');
  expect(await same.count()).toBe(0);
  await page.keyboard.press('l');
  await page.getByTitle('Driver, who runs next, seed').press('Enter');
  await page.getByRole('combobox', { name: /^Driver/ }).selectOption('early-unregister');
  await same.click();
  await expect.poll(() => lab.desk.bench.state.variant, patience).toBe('early-unregister');
  await page.getByRole('heading', { level: 1 }).waitFor(patience);
});

test('letters, selection and cursor of one session are not those of the next', async () => {
  await page.keyboard.press('Control+1');
  await openStory();
  const node = pane('waits')
    .getByRole('button', { name: /intf_mutex/ })
    .first();
  await node.press('Enter');
  await expect.poll(() => page.locator('.lane.pinned').count()).toBeGreaterThan(0);
  const before = number();
  await page.getByTitle('Driver, who runs next, seed').click();
  await page.getByRole('combobox', { name: /^Driver/ }).selectOption('v6.6');
  await page.getByRole('combobox', { name: /^Who runs next/ }).selectOption('random');
  await page.getByRole('button', { name: 'New run', exact: true }).click();
  await expect.poll(number, patience).toBeGreaterThan(before);
  expect(lab.desk.bench.state).toMatchObject({ live: true, variant: 'v6.6', policy: 'random' });
  lab.desk.bench.machine.start(null);
  await expect.poll(() => lab.desk.bench.state.timeNs, patience).toBeGreaterThan(8e9);
  lab.desk.bench.machine.pause();
  const letters = new Map(
    lab.desk.bench.moment({ at: 'end' }).waits.things.map(({ name, letter }) => [name, letter]),
  );
  const lanes = async (): Promise<readonly string[]> => {
    const shown = await page
      .locator('.lane')
      .evaluateAll((all) =>
        all.map((lane) => [
          lane.getAttribute('title') ?? '',
          lane.querySelector('text')?.textContent,
        ]),
      );
    const tasks = shown.filter(([name]) => /^(sh|worker of mlx4_en)/.test(name ?? ''));
    expect(tasks.length).toBeGreaterThan(1);
    return tasks.flatMap(([name, letter]) =>
      letters.get(name!) === letter ? [] : [`${name} ${letter} ${letters.get(name!)}`],
    );
  };
  await expect.poll(lanes, patience).toEqual([]);
  expect(await page.locator('.lane.pinned').count()).toBe(0);
});

test('running and paused the key is 80 px wide, and after hours nothing is cut', async () => {
  const { machine } = lab.desk.bench;
  const boxes = async (): Promise<readonly number[]> => {
    const run = await boxOf(bar().getByRole('button').nth(1));
    const point = await boxOf(bar().getByRole('button', { name: 'Point', exact: true }));
    return [run.width, point.x];
  };
  const paused = await boxes();
  expect(paused[0]).toBe(80);
  machine.start(1);
  await bar()
    .getByRole('button', { name: /^Pause/ })
    .waitFor();
  expect(await boxes()).toEqual(paused);
  await status()
    .getByText(/ms behind$/)
    .waitFor();
  machine.start(null);
  await expect.poll(() => machine.nowNs, { timeout: 60_000 }).toBeGreaterThan(1000e9);
  machine.pause();
  for (const [width, height] of sizes) {
    await size(width, height);
    await expectBarsWhole(`1000 s, ${width}`);
  }
  await size(1440, 900);
}, 90_000);

test('the trainee is asked: the status bar says who is waited for', async () => {
  await page.getByTitle('Driver, who runs next, seed').click();
  await page.getByRole('combobox', { name: /^Who runs next/ }).selectOption('you-choose');
  await page.getByRole('button', { name: 'New run', exact: true }).click();
  await expect.poll(() => lab.desk.bench.state.policy, patience).toBe('you-choose');
  lab.desk.bench.machine.start(null);
  await status().getByText('stopped, waits for you').waitFor(patience);
});

test("in the person's own colours words on filled keys and the canvas have them too", async () => {
  await openStory();
  await page.emulateMedia({ forcedColors: 'active', colorScheme: 'light' });
  const colours = (): Promise<readonly string[]> =>
    page.evaluate(() => {
      const key = getComputedStyle(document.querySelector('.key.primary')!);
      const canvas = document.querySelector<HTMLCanvasElement>('.canvas canvas')!;
      // The window's own canvas is not made for being read.
      const copy = new OffscreenCanvas(canvas.width, canvas.height);
      const context = copy.getContext('2d', { willReadFrequently: true })!;
      context.drawImage(canvas, 0, 0);
      const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
      const counts = new Map<string, number>();
      for (let at = 0; at < data.length; at += 4) {
        const colour = `${data[at]} ${data[at + 1]} ${data[at + 2]}`;
        counts.set(colour, (counts.get(colour) ?? 0) + 1);
      }
      const [ground] = [...counts].toSorted((a, b) => b[1] - a[1])[0]!;
      const badge = getComputedStyle(document.querySelector('.badge.solid')!);
      return [
        key.forcedColorAdjust,
        badge.forcedColorAdjust,
        String(key.color !== key.backgroundColor),
        ground,
      ];
    });
  await expect.poll(colours).toEqual(['none', 'none', 'true', '255 255 255']);
  expect(lab.complaints).toEqual([]);
});
