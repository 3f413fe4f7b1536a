// Goal: every view, in both themes and at the two sizes of the specification, is as it should be:
// nothing is cut off, a screen reader trips over nothing, and a picture is kept to be looked at.
// Pictures go to .cache/pictures, or to the folder that LAB_PICTURES names.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { violations } from './support/axe.ts';
import { misfits } from './support/fit.ts';
import { openLabWindow } from './support/lab-window.ts';
import type { LabWindow } from './support/lab-window.ts';
import { still } from './support/still.ts';
import { story } from './support/wanted.ts';

const folder =
  process.env['LAB_PICTURES'] ?? fileURLToPath(new URL('../../.cache/pictures', import.meta.url));
const sizes = [
  { width: 1280, height: 800 },
  { width: 1920, height: 1080 },
] as const;
const patience = { timeout: 30_000 };

let lab: LabWindow;
let page: Page;

const view = async (number: number): Promise<void> => {
  await page.keyboard.press('Escape');
  await page.keyboard.press(`Control+${number}`);
};

/** Opens the recorded story at its end. */
async function openStory(): Promise<void> {
  await view(3);
  await page.getByRole('row', { name: /^The bond deadlock/ }).focus();
  await page.keyboard.press('Enter');
  await expect.poll(() => lab.desk.bench.state.record.kind, patience).toBe('replay');
  await page.getByRole('alert').waitFor({ ...patience, state: 'attached' });
}

/** Every view, in the order in which it is gone to. */
const scenes: readonly (readonly [name: string, go: () => Promise<void>])[] = [
  [
    'runs',
    async () => {
      await view(3);
      await page.getByRole('row', { name: /^The bond deadlock/ }).waitFor(patience);
    },
  ],
  [
    'live',
    async () => {
      await view(1);
      await page.getByText('Nothing waits.').first().waitFor(patience);
    },
  ],
  ['deadlock', openStory],
  [
    'before',
    async () => {
      await page.getByRole('button', { name: /^Before it closed/ }).click();
      await expect.poll(() => page.getByRole('alert').count(), patience).toBe(0);
    },
  ],
  [
    'card',
    async () => {
      await view(2);
      await page.getByText('VIRT_PORT_MAP').first().waitFor(patience);
    },
  ],
  [
    'compare',
    async () => {
      await view(3);
      await page.getByRole('row', { name: /^The bond deadlock/ }).focus();
      await page.keyboard.press('Space');
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('Space');
      await page.keyboard.press('c');
      await page.getByRole('heading', { level: 1, name: /^Same choices/ }).waitFor(patience);
    },
  ],
  [
    'lessons',
    async () => {
      await view(5);
    },
  ],
  [
    'choose',
    async () => {
      await lab.desk.bench.open({ ...story, policy: 'you-choose' });
      await view(1);
      await page.keyboard.press('F5');
      await page.getByText('Who runs next?').waitFor(patience);
    },
  ],
  [
    'palette',
    async () => {
      await page.keyboard.press('Control+k');
      await page.getByRole('dialog').waitFor();
    },
  ],
  [
    'keys',
    async () => {
      await page.keyboard.press('Escape');
      await page.keyboard.press('?');
      await page.getByRole('dialog').waitFor();
    },
  ],
  [
    'settings',
    async () => {
      await page.keyboard.press('Escape');
      await page.keyboard.press('Control+,');
      await page.getByRole('dialog').waitFor();
    },
  ],
  [
    'tour',
    async () => {
      await page.keyboard.press('Escape');
      await page.keyboard.press('Control+k');
      await page.keyboard.type('tour');
      await page.keyboard.press('Enter');
      await page.getByRole('button', { name: /^Start the tour/ }).click();
      await page.getByText('1 of 6').waitFor(patience);
    },
  ],
];

beforeAll(async () => {
  mkdirSync(folder, { recursive: true });
  lab = await openLabWindow();
  ({ page } = lab);
  await lab.desk.bench.begin();
}, 60_000);

afterAll(() => lab.close());

test.for(scenes)('%s', async ([name, go]) => {
  await go();
  const wrong: string[] = [];
  for (const theme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme: theme });
    for (const size of sizes) {
      await page.setViewportSize(size);
      await still(page);
      await page.screenshot({ path: join(folder, `${name}-${theme}-${size.width}.png`) });
      for (const said of await misfits(page)) wrong.push(`${theme} ${size.width}: ${said}`);
    }
    for (const said of await violations(page, 'html', 'best-practice'))
      wrong.push(`${theme}: ${said}`);
  }
  expect(wrong).toEqual([]);
});
