// Goal: every key of the table does what its row says, and settings are kept and act.
// Method: the table is walked: each command that has keys in the session has a check here (a
// missing one fails), and each of its keys is pressed in the real window; the lab itself says what
// came of it. Those of Runs and of Compare are pressed in the tests of these views.

import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { actsIn, commandTable } from '#renderer/frame/commands.ts';
import type { CommandRow } from '#renderer/frame/commands.ts';
import { K } from '#trace/kinds.ts';
import type { KindName } from '#trace/kinds.ts';
import { openLabWindow } from './support/lab-window.ts';
import type { LabWindow } from './support/lab-window.ts';

let lab: LabWindow;
let page: Page;
const patience = { timeout: 20_000 };
const pictures = process.env['LAB_PICTURES'] ?? '';

beforeAll(async () => {
  lab = await openLabWindow();
  ({ page } = lab);
  await lab.desk.bench.open({
    from: 'scenario',
    scenario: 'bond-deadlock',
    variant: 'naive',
    policy: 'until-blocked',
    seed: null,
  });
  lab.desk.bench.machine.start(null);
  while (lab.desk.bench.state.timeNs < 7e9) await page.waitForTimeout(50);
  lab.desk.bench.machine.pause();
  await page.locator('[role=alert]').waitFor(patience);
});

afterAll(() => lab.close());

/** Number of the event at the cursor, as the clock shows it. */
async function seq(): Promise<number> {
  const text = await page.locator('.clock .unit b').innerText();
  return Number(text.replaceAll(/\D/g, ''));
}

const state = () => lab.desk.bench.state;
const kindAt = (at: number): number => lab.desk.bench.session.trace.event(at).kind;
const heading = (name: string) => page.getByRole('heading', { name, exact: true });
const paneOfFocus = (): Promise<string> =>
  page.evaluate<string>(
    `document.activeElement.closest('[data-pane]')?.dataset.pane ?? document.activeElement.type`,
  );

/** The key lets the machine go on to an event of one of these kinds, and no further. */
async function stepsTo(key: string, kinds: readonly number[] | null): Promise<void> {
  const before = state().events;
  await page.keyboard.press(key);
  await expect.poll(() => state().events, patience).toBeGreaterThan(before);
  await expect.poll(seq, patience).toBe(state().events);
  const passed = Array.from({ length: state().events - before }, (_, at) => kindAt(before + at));
  if (kinds !== null) expect(passed.some((kind) => kinds.includes(kind))).toBe(true);
  expect(state().running).toBe(false);
}

/** The key moves the cursor before the live end; `l` brings it back. */
async function looksBack(key: string, before: (at: number) => boolean): Promise<void> {
  await page.keyboard.press(key);
  await expect.poll(seq, patience).toBeLessThan(state().events);
  expect(before(await seq())).toBe(true);
  await page.keyboard.press('l');
  await expect.poll(seq, patience).toBe(state().events);
}

const isKind =
  (name: KindName) =>
  (at: number): boolean =>
    kindAt(at - 1) === K[name];

const opensSheet = async (key: string, name: string): Promise<void> => {
  await page.keyboard.press(key);
  await page.getByRole('dialog', { name }).waitFor(patience);
  await page.keyboard.press('Escape');
  await expect.poll(() => page.getByRole('dialog', { name }).count(), patience).toBe(0);
};

const shows = async (key: string, view: string): Promise<void> => {
  await page.keyboard.press(key);
  await page.locator('nav [aria-current=page]', { hasText: view }).waitFor(patience);
  await page.keyboard.press('Control+1');
  await page.locator('nav [aria-current=page]', { hasText: 'Session' }).waitFor(patience);
};

const endOfCable2 = () =>
  lab.desk.bench.moment({ at: 'end' }).panel.cables.find(({ name }) => name === 'cable2')!.ends[0];
const pulled = (isPulled: boolean) =>
  expect.poll(endOfCable2, patience).toBe(isPulled ? null : 'card0 port 2');

const isHolding = () =>
  lab.desk.bench
    .moment({ at: 'end' })
    .panel.faults.some(({ name, armed }) => name === 'holdCommand' && armed);

/** What each key must do. They come one after the other, in the order of the table. */
const checks: Readonly<Record<string, (key: string) => Promise<void>>> = {
  run: async (key) => {
    await page.keyboard.press(key);
    await expect.poll(() => state().running, patience).toBe(true);
    await page.keyboard.press(key);
    await expect.poll(() => state().running, patience).toBe(false);
  },
  point: (key) => stepsTo(key, null),
  switch: (key) => stepsTo(key, [K['task.switch']]),
  event: (key) => stepsTo(key, [kindAt(state().events - 1)]),
  blocked: (key) => stepsTo(key, [K['task.block'], K.finding]),
  pointBack: (key) => looksBack(key, (at) => at === state().events - 1),
  switchBack: (key) => looksBack(key, isKind('task.switch')),
  markBack: (key) => looksBack(key, (at) => at > 0),
  markOn: async (key) => {
    await page.keyboard.press('[');
    await expect.poll(seq, patience).toBeLessThan(state().events);
    await page.keyboard.press('[');
    const before = await seq();
    await page.keyboard.press('[');
    await expect.poll(seq, patience).toBeLessThan(before);
    const at = await seq();
    await page.keyboard.press(key);
    await expect.poll(seq, patience).toBeGreaterThan(at);
  },
  live: async (key) => {
    await page.keyboard.press('<');
    await expect.poll(seq, patience).toBeLessThan(state().events);
    await page.keyboard.press(key);
    await expect.poll(seq, patience).toBe(state().events);
  },
  allObjects: async (key) => {
    const objects = page.getByRole('button', { name: /^All objects/ });
    await page.keyboard.press(key);
    await expect.poll(() => objects.getAttribute('aria-pressed'), patience).toBe('true');
    await page.keyboard.press(key);
    await expect.poll(() => objects.getAttribute('aria-pressed'), patience).toBe('false');
  },
  find: async (key) => {
    await page.keyboard.press(key);
    await page.locator('[data-find]:focus').waitFor(patience);
    await page.evaluate('document.activeElement.blur()');
  },
  exportRun: async (key) => {
    await page.keyboard.press(key);
    await page.getByText(/^This session goes on\. It can be exported from Runs/).waitFor(patience);
  },
  importRun: async (key) => {
    const chooser = page.waitForEvent('filechooser');
    await page.keyboard.press(key);
    await chooser;
  },
  session: (key) => shows(key, 'Session'),
  card: (key) => shows(key, 'Card'),
  runs: (key) => shows(key, 'Runs'),
  compare: (key) => shows(key, 'Compare'),
  lessons: (key) => shows(key, 'Lessons'),
  nextPane: async (key) => {
    await page.evaluate('document.activeElement.blur()');
    for (const pane of ['panel', 'waits']) {
      await page.keyboard.press(key);
      await expect.poll(paneOfFocus, patience).toBe(pane);
    }
  },
  previousPane: async (key) => {
    await page.keyboard.press(key);
    await expect.poll(paneOfFocus, patience).toBe('panel');
  },
  fill: async (key) => {
    const panes = page.locator('[data-pane]');
    const all = await panes.count();
    await page.keyboard.press(key);
    await expect.poll(() => panes.count(), patience).toBe(1);
    await page.keyboard.press(key);
    await expect.poll(() => panes.count(), patience).toBe(all);
  },
  terminal: async (key) => {
    await page.keyboard.press(key);
    await expect.poll(paneOfFocus, patience).toBe('terminals');
    await page.keyboard.press(key);
    await expect.poll(paneOfFocus, patience).not.toBe('terminals');
  },
  palette: (key) => opensSheet(key, 'Command palette'),
  keys: (key) => opensSheet(key, 'Keys'),
  undo: async (key) => {
    await page.locator('[data-port="card0 port 2"]').focus();
    await page.keyboard.press('Delete');
    await pulled(true);
    // Elsewhere in the view: it is not the panel's key alone.
    await page.keyboard.press('F6');
    await page.keyboard.press(key);
    await pulled(false);
  },
  redo: async (key) => {
    await page.keyboard.press(key);
    await pulled(true);
    await page.keyboard.press('Control+z');
    await pulled(false);
  },
  hold: async (key) => {
    const toggle = page.getByRole('switch', { name: /^hold command/ });
    for (const on of [true, false]) {
      await page.keyboard.press(key);
      await expect.poll(isHolding, patience).toBe(on);
      await expect.poll(() => toggle.getAttribute('aria-checked'), patience).toBe(String(on));
    }
  },
  newRun: (key) => shows(key, 'Runs'),
  settings: (key) => opensSheet(key, 'Settings'),
  fork: async (key) => {
    const { number } = state();
    await page.keyboard.press(key);
    // The session before is ended and becomes a recording; then the fork is there.
    await expect.poll(() => state().parent, patience).not.toBeNull();
    expect(state()).toMatchObject({ live: true, variant: 'naive' });
    expect(state().number).toBeGreaterThan(number);
    await expect.poll(seq, patience).toBe(state().events);
  },
};

/** As Playwright calls it. */
const pressName = (key: string): string => key.replace('Ctrl', 'Control');

// The fork is another session, so it comes last.
const rows: readonly CommandRow[] = commandTable;
const walk = rows
  .filter((row) => actsIn(row, 'session'))
  .flatMap((row) => row.keys.map((key) => ({ name: row.name, key })))
  .toSorted((a, b) => Number(a.name === 'fork') - Number(b.name === 'fork'));

test.each(walk)('$key: $name', async ({ name, key }) => {
  await checks[name]!(pressName(key));
});

test.each(['.', 'F10', '>', 'b'])('on the card, %s lets the machine go on too', async (key) => {
  await page.keyboard.press('Control+2');
  await stepsTo(key, null);
});

test('the slider follows the speed of the bench, whoever has changed it', async () => {
  await page.keyboard.press('Control+1');
  const slider = page.getByRole('slider', { name: 'Speed' });
  lab.desk.bench.machine.start(0.01);
  await expect.poll(() => slider.getAttribute('aria-valuetext'), patience).toBe('0.01×');
  lab.desk.bench.machine.start(10);
  await expect.poll(() => slider.getAttribute('aria-valuetext'), patience).toBe('10×');
  await slider.focus();
  await page.keyboard.press('End');
  await expect.poll(() => state().speed, patience).toBeNull();
  lab.desk.bench.machine.pause();
  await expect.poll(() => slider.getAttribute('aria-valuetext'), patience).toBe('max');
});

test('the legend of the graph names each shape and line', async () => {
  await page.getByRole('button', { name: 'Legend' }).click();
  const legend = page.getByRole('dialog', { name: 'Legend' });
  for (const said of ['waits, and cannot end', 'a reference and its count', 'is queued on']) {
    await legend.getByText(said).waitFor(patience);
  }
  if (pictures !== '') await page.screenshot({ path: `${pictures}/keys-legend.png` });
  await page.keyboard.press('Escape');
  await expect.poll(() => legend.count()).toBe(0);
});

/** What the page makes of the first element that fits. */
const styleOf = (selector: string, name: string): Promise<string> =>
  page.evaluate<string>(`getComputedStyle(document.querySelector('${selector}')).${name}`);

test('settings act at once, and are there again after a reload', async () => {
  const root = (name: string): Promise<string> =>
    page.evaluate<string>(`document.documentElement.dataset.${name}`);
  expect(await styleOf('button.key', 'transitionProperty')).not.toBe('none');
  await page.keyboard.press('Control+,');
  await page.getByLabel('dark', { exact: true }).check();
  await page.getByLabel('reduced', { exact: true }).check();
  await page.getByLabel('Type size of terminals').fill('16');
  await page.getByLabel('Terminals speak to a screen reader').check();
  await page.getByLabel('Single letters are keys').uncheck();
  if (pictures !== '') await page.screenshot({ path: `${pictures}/keys-settings.png` });
  await page.keyboard.press('Escape');
  for (const again of [false, true]) {
    if (again) await page.reload();
    await page
      .locator('.xterm-accessibility')
      .first()
      .waitFor({ ...patience, state: 'attached' });
    expect([await root('theme'), await root('motion')]).toEqual(['dark', 'reduced']);
    expect(await styleOf('.xterm-rows', 'fontSize')).toBe('16px');
    expect(await styleOf('button.key', 'transitionProperty')).toBe('none');
  }
  // Letters are off, function keys are not.
  const before = state().events;
  await page.keyboard.press('.');
  await page.keyboard.press('o');
  await stepsTo('F10', null);
  expect(state().events).toBeGreaterThan(before);
  const objects = page.getByRole('button', { name: /^All objects/ });
  expect(await objects.getAttribute('aria-pressed')).toBe('false');
  expect(await heading('Waits').count()).toBe(1);
  expect(lab.complaints).toEqual([]);
});
