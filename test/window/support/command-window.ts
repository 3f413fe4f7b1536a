// The window in which every command is given: where it stands before a command, the words to give
// one, and what a check looks for.

import type { Locator, Page } from 'playwright-core';
import { expect } from 'vitest';
import { seqAtTime } from '#lab/replay/moment.ts';
import type { PaneName } from '#renderer/frame/views.ts';
import { K } from '#trace/kinds.ts';
import { openLabWindow } from './lab-window.ts';
import type { LabWindow } from './lab-window.ts';

export let lab: LabWindow;
export let page: Page;
/** Number of the story in the library, and of the session that goes on from it. */
export let story: number;
export let ours = 0;

/** Opens the window, with the examples in its library. */
export async function openWindow(): Promise<void> {
  lab = await openLabWindow();
  ({ page } = lab);
  const { bench } = lab.desk;
  await bench.begin();
  story = bench.library.list({}).runs.find(({ name }) => name === 'The bond deadlock')!.run;
}

/** Five seconds after the cycle of the run on the bench has closed: number of the event. */
function afterClosed(): number {
  const { trace } = lab.desk.bench.session;
  const closed = [...trace.events()].find(({ kind }) => kind === K.deadlock)!;
  return seqAtTime(trace, closed.timeNs + 5e9);
}

export const state = () => lab.desk.bench.state;
export const kindAt = (at: number): number => lab.desk.bench.session.trace.event(at).kind;

/** Number of the event at the cursor, as the clock shows it. */
export async function seq(): Promise<number> {
  const text = await page.locator('.clock b').innerText();
  return Number(text.replaceAll(/\D/g, ''));
}

/** The window shows the last event, however many come while it is looked at. */
export const atEnd = () => expect.poll(async () => (await seq()) - state().events).toBe(0);
export const lookingBack = () => expect.poll(seq).toBeLessThan(state().events);
const blur = () => page.evaluate('document.activeElement.blur()');
export const pane = (name: PaneName): Locator => page.locator(`[data-pane=${name}]`);
export const row = (name: string): Locator =>
  page.getByRole('row', { name: new RegExp(`^${name}`) });
export const button = (name: RegExp): Locator => page.getByRole('button', { name });
const dialog = (name: string): Locator => page.getByRole('dialog', { name });
export const isThere = (what: Locator) => expect.poll(() => what.count()).toBeGreaterThan(0);
export const isGone = (what: Locator) => expect.poll(() => what.count()).toBe(0);
export const focusIsIn = (name: string) =>
  expect
    .poll(() =>
      page.evaluate('document.activeElement.closest("[data-pane]")?.dataset.pane ?? "none"'),
    )
    .toBe(name);

export async function goTo(view: string): Promise<void> {
  const at = ['Session', 'Card', 'Runs', 'Compare', 'Lessons'].indexOf(view);
  await page.keyboard.press(`Control+${at + 1}`);
  await shown(view);
}

export const shown = (view: string) =>
  isThere(page.locator('nav [aria-current=page]', { hasText: view }));

export async function fromPalette(title: string): Promise<void> {
  await page.keyboard.press('Control+k');
  await dialog('Command palette').waitFor();
  await page.keyboard.insertText(title);
  await page.keyboard.press('Enter');
}

/** Where a command acts. */
export const places = {
  /** The deadlock, at its live end; nothing has the focus. */
  async session(): Promise<void> {
    if (state().number !== ours) {
      const opened = { from: 'run', run: story } as const;
      await lab.desk.bench.open(opened);
      await lab.desk.bench.open({ from: 'fork', run: null, seq: afterClosed() });
      ours = state().number;
    }
    if (state().running) lab.desk.bench.machine.pause();
    await goTo('Session');
    await blur();
    await page.keyboard.press('l');
    await atEnd();
  },

  /** The same; the keyboard is at the lane of the task that removes the port. */
  async timeline(): Promise<void> {
    await places.session();
    await lanes().focus();
    await page.keyboard.press('Home');
    await page.keyboard.press('End');
    await toLane('sh');
    await expect.poll(cell).toMatch(/^sh:\d+ A waits for .*, cannot end\.$/);
  },

  async compare(): Promise<void> {
    await goTo('Compare');
    if ((await page.locator('.compare output').count()) === 0) {
      await places.runs();
      await row('The bond deadlock').click();
      await row('Same choices, v6.6').click({ modifiers: ['Control'] });
      await page.keyboard.press('c');
      await isThere(page.locator('.compare output'));
    }
    await blur();
  },

  /** The row of the story has the keyboard; nothing is selected. */
  async runs(): Promise<void> {
    await goTo('Runs');
    await row('The bond deadlock').click();
    await row('The bond deadlock').click({ modifiers: ['Control'] });
  },
};

const lanes = (): Locator => page.getByRole('treegrid', { name: /^Timeline of/ });
export const laneOfFocus = async (): Promise<string> => {
  const lane = page.locator('.names .lane.focus');
  return (await lane.count()) === 0 ? '' : ((await lane.getAttribute('title')) ?? '');
};
export const laneNames = () =>
  page
    .locator('.names .lane')
    .evaluateAll((all) => all.map((lane) => lane.getAttribute('title') ?? ''));

/** The cell that the keyboard is at, as it is read out. */
export const cell = (): Promise<string> =>
  page.evaluate<string>(`{
    const id = document.querySelector('[role=treegrid]').getAttribute('aria-activedescendant');
    document.getElementById(id)?.textContent.trim() ?? '';
  }`);

async function toLane(name: string): Promise<void> {
  for (let at = await laneOfFocus(); at !== name; at = await laneOfFocus()) {
    const names = await laneNames();
    const isAbove = names.includes(name) && names.indexOf(name) < names.indexOf(at);
    await page.keyboard.press(isAbove ? 'ArrowUp' : 'ArrowDown');
    await expect.poll(laneOfFocus).not.toBe(at);
  }
}

/** What the timeline shows, as the window keeps it for its return. */
export const view = (): Promise<{ fromNs: number; nsPerPixel: number; follows: boolean }> =>
  page.evaluate(`{
    window.dispatchEvent(new Event('pagehide'));
    JSON.parse(sessionStorage.getItem('mlx4-lab.window')).parts.timeline;
  }`);

export const fromNs = async () => (await view()).fromNs;
export const nsPerPixel = async () => (await view()).nsPerPixel;
export const selected = (): Locator => page.getByText(/ selected, /);

type Act = () => Promise<void>;
export type Check = (act: Act) => Promise<void>;

/** The command brings it about, and the second time takes it back. */
export async function turns(act: Act, what: () => Promise<unknown>): Promise<void> {
  const before = await what();
  await act();
  await expect.poll(what).not.toEqual(before);
  await act();
  await expect.poll(what).toEqual(before);
}

/** The command changes it. */
export async function changes(act: Act, what: () => Promise<unknown>): Promise<void> {
  const before = await what();
  await act();
  await expect.poll(what).not.toEqual(before);
}

/** The machine goes on to an event of one of these kinds, and no further. */
export async function steps(act: Act, kinds: readonly number[] | null): Promise<void> {
  const before = state().events;
  await act();
  await expect.poll(() => state().events).toBeGreaterThan(before);
  await expect.poll(() => state().running).toBe(false);
  await atEnd();
  const passed = Array.from({ length: state().events - before }, (_, at) => kindAt(before + at));
  if (kinds !== null) expect(kinds.some((kind) => passed.includes(kind))).toBe(true);
}

/** A dialog opens. */
export async function opens(act: Act, name: string): Promise<void> {
  await act();
  await dialog(name).waitFor();
  await page.keyboard.press('Escape');
  await isGone(dialog(name));
}

export const showsView =
  (name: string, from = 'Session'): Check =>
  async (act) => {
    await goTo(from);
    await act();
    await shown(name);
  };

export const showsPane =
  (name: PaneName, title: string): Check =>
  async (act) => {
    await button(new RegExp(`^Close ${title}$`)).click();
    await isGone(pane(name));
    await act();
    await isThere(pane(name));
    await focusIsIn(name);
  };

const panel = () => lab.desk.bench.moment({ at: 'end' }).panel;
export const isHolding = (): boolean =>
  panel().faults.some(({ name, armed }) => name === 'holdCommand' && armed);
export const isPulled = (is: boolean) =>
  expect
    .poll(() => panel().cables.find(({ name }) => name === 'cable2')!.ends[0])
    .toBe(is ? null : 'card0 port 2');

export async function pull(): Promise<void> {
  await page.locator('[data-port="card0 port 2"]').focus();
  await page.keyboard.press('Delete');
  await isPulled(true);
  // Elsewhere in the view: it is not the panel's key alone.
  await page.keyboard.press('F6');
}

export const clock = (): Promise<string> => page.locator('.compare output').innerText();
export const compared = (): Promise<string> => page.getByRole('heading', { level: 1 }).innerText();
export const difference = (): Promise<string> => page.locator('tr.current').innerText();
export const isSelected = () => row('The bond deadlock').getAttribute('aria-selected');
