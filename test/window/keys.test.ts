// Goal: every command does what its row of the table says, by each of its keys, or from the palette
// when it has none.
// Method: the table is walked. Each command has a check here (a missing one is a type error): it
// prepares, gives the command, and looks for the effect, in the lab where it has one, else on the
// page. Before each, the window stands where the command acts: in the story's deadlock, gone on
// from five seconds after the cycle has closed, in the story beside its fix, or in the library.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { commandTable } from '#renderer/frame/commands.ts';
import type { CommandName, CommandRow } from '#renderer/frame/commands.ts';
import { panes } from '#renderer/frame/views.ts';
import { K } from '#trace/kinds.ts';
import {
  atEnd,
  button,
  cell,
  changes,
  clock,
  compared,
  difference,
  focusIsIn,
  fromNs,
  fromPalette,
  goTo,
  isGone,
  isHolding,
  isPulled,
  isSelected,
  isThere,
  kindAt,
  lab,
  laneNames,
  laneOfFocus,
  lookingBack,
  nsPerPixel,
  opens,
  ours,
  page,
  pane,
  places,
  pull,
  row,
  selected,
  seq,
  shown,
  showsPane,
  showsView,
  state,
  steps,
  story,
  turns,
  view,
  openWindow,
} from './support/command-window.ts';
import type { Check } from './support/command-window.ts';

beforeAll(openWindow, 60_000);

afterAll(() => lab.close());

const sessionChecks = {
  async run(act) {
    await act();
    await isThere(button(/^Pause/));
    expect(state().running).toBe(true);
    await act();
    await expect.poll(() => state().running).toBe(false);
    await isGone(button(/^Pause/));
  },
  point: (act) => steps(act, null),
  switch: (act) => steps(act, [K['task.switch']]),
  async event(act) {
    // A kind that comes again: of another the machine might never see the next.
    await steps(() => page.keyboard.press('>'), [K['task.switch']]);
    await steps(act, [kindAt(state().events - 1)]);
  },
  blocked: (act) => steps(act, [K['task.block'], K.finding]),
  async pointBack(act) {
    await act();
    await expect.poll(seq).toBe(state().events - 1);
  },
  async switchBack(act) {
    await act();
    await lookingBack();
    expect(kindAt((await seq()) - 1)).toBe(K['task.switch']);
  },
  async markBack(act) {
    await act();
    await lookingBack();
  },
  async markOn(act) {
    await changes(() => page.keyboard.press('['), seq);
    await changes(() => page.keyboard.press('['), seq);
    const before = await seq();
    await act();
    await expect.poll(seq).toBeGreaterThan(before);
  },
  async live(act) {
    await page.keyboard.press('<');
    await lookingBack();
    await act();
    await atEnd();
  },
  async fork(act) {
    await act();
    // The session before is ended and becomes a recording; then the fork is there.
    const isForked = (): boolean => state().live && state().number > ours;
    await expect.poll(isForked).toBe(true);
    expect(state()).toMatchObject({ variant: 'naive', opening: null });
    expect(state().parent).not.toBeNull();
    await atEnd();
  },
  allObjects: (act) => turns(act, () => button(/^All objects/).getAttribute('aria-pressed')),
  async mark(act) {
    await act();
    const note = page.getByRole('textbox', { name: /^Note of the mark at/ });
    await note.fill('look here');
    await page.keyboard.press('Enter');
    const own = () =>
      lab.desk.bench.timeline.marksBetween(0, Infinity).filter(({ kind }) => kind === 'own');
    await expect.poll(() => own().map(({ text }) => text)).toEqual(['look here']);
    await isGone(note);
  },
  async pin(act) {
    await places.timeline();
    await turns(act, () => button(/^Unpin/).count());
  },
  fold: (act) => turns(act, () => button(/^(Fold|Unfold)/).getAttribute('aria-pressed')),
  async terminal(act) {
    await act();
    await focusIsIn('terminals');
    await act();
    await focusIsIn('timeline');
  },
  async undo(act) {
    await pull();
    await act();
    await isPulled(false);
  },
  async redo(act) {
    await pull();
    await page.keyboard.press('Control+z');
    await isPulled(false);
    await act();
    await isPulled(true);
    await page.keyboard.press('Control+z');
    await isPulled(false);
  },
  hold: (act) => turns(act, () => Promise.resolve(isHolding())),
  async closePane(act) {
    await pane('detectors').focus();
    await act();
    await isGone(pane('detectors'));
    await fromPalette('Show Detectors');
    await isThere(pane('detectors'));
  },
  async exportRun(act) {
    await act();
    const said = 'This session goes on. It can be exported from Runs when it has ended.';
    await isThere(page.getByText(said));
  },
} satisfies Partial<Record<CommandName, Check>>;

const timelineChecks = {
  async zoomIn(act) {
    const before = await nsPerPixel();
    await act();
    await expect.poll(nsPerPixel).toBeLessThan(before);
  },
  async zoomOut(act) {
    const before = await nsPerPixel();
    await act();
    await expect.poll(nsPerPixel).toBeGreaterThan(before);
  },
  async panBack(act) {
    await changes(() => page.keyboard.press('w'), nsPerPixel);
    const before = await fromNs();
    await act();
    await expect.poll(fromNs).toBeLessThan(before);
  },
  async panOn(act) {
    await changes(() => page.keyboard.press('w'), nsPerPixel);
    await changes(() => page.keyboard.press('a'), fromNs);
    const before = await fromNs();
    await act();
    await expect.poll(fromNs).toBeGreaterThan(before);
  },
  async spanBack(act) {
    await act();
    await lookingBack();
  },
  async spanOn(act) {
    await changes(() => page.keyboard.press('ArrowLeft'), seq);
    await changes(() => page.keyboard.press('ArrowLeft'), seq);
    const before = await seq();
    await act();
    await expect.poll(seq).toBeGreaterThan(before);
  },
  async laneUp(act) {
    const names = await laneNames();
    await page.keyboard.press('ArrowDown');
    await expect.poll(laneOfFocus).toBe(names[names.indexOf('sh') + 1]);
    await act();
    await expect.poll(laneOfFocus).toBe('sh');
  },
  async laneDown(act) {
    const names = await laneNames();
    await act();
    await expect.poll(laneOfFocus).toBe(names[names.indexOf('sh') + 1]);
  },
  async spanBegin(act) {
    await act();
    await lookingBack();
    expect(kindAt((await seq()) - 1)).not.toBe(K['task.switch']);
    await expect.poll(cell).toMatch(/^sh:\d+ A waits for /);
  },
  async selectBack(act) {
    await act();
    await isThere(selected());
    await lookingBack();
  },
  async selectOn(act) {
    await changes(() => page.keyboard.press('ArrowLeft'), seq);
    await changes(() => page.keyboard.press('ArrowLeft'), seq);
    const before = await seq();
    await act();
    await isThere(selected());
    await expect.poll(seq).toBeGreaterThan(before);
  },
  async zoomSpan(act) {
    await page.keyboard.press('Shift+ArrowLeft');
    await isThere(selected());
    await changes(act, nsPerPixel);
  },
  async leaveSpan(act) {
    await page.keyboard.press('Shift+ArrowLeft');
    await isThere(selected());
    await act();
    await isGone(selected());
  },
  async runBegin(act) {
    await act();
    await expect.poll(view).toMatchObject({ fromNs: 0, follows: false });
  },
  async runEnd(act) {
    await page.keyboard.press('Home');
    await expect.poll(view).toMatchObject({ follows: false });
    await act();
    await expect.poll(view).toMatchObject({ follows: true });
  },
} satisfies Partial<Record<CommandName, Check>>;

const compareChecks = {
  play: (act) => turns(act, () => button(/^Pause/).count()),
  compareOn: (act) => changes(act, clock),
  async compareBack(act) {
    const before = await clock();
    await changes(() => page.keyboard.press('.'), clock);
    await act();
    await expect.poll(clock).toBe(before);
  },
  async differenceOn(act) {
    await changes(act, difference);
  },
  async differenceBack(act) {
    const before = await difference();
    await changes(() => page.keyboard.press(']'), difference);
    await act();
    await expect.poll(difference).toBe(before);
  },
  swap: (act) => turns(act, compared),
  scale: (act) => turns(act, () => page.getByText(/^event base: /).count()),
  allLanes: (act) => turns(act, () => button(/lanes/).innerText()),
} satisfies Partial<Record<CommandName, Check>>;

const runsChecks = {
  selectRun: (act) => turns(act, isSelected),
  async openRun(act) {
    await act();
    await shown('Session');
    await expect.poll(() => state().record).toMatchObject({ kind: 'replay', run: story });
  },
  async compareRuns(act) {
    await page.keyboard.press('Space');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Space');
    await act();
    await shown('Compare');
    await expect.poll(compared).toMatch(/takes its reference/);
  },
  async renameRun(act) {
    const field = page.getByRole('textbox', { name: 'Name of the run' });
    await act();
    await expect.poll(() => field.inputValue()).toBe('The bond deadlock');
    await page.keyboard.press('Escape');
    await isGone(field);
  },
  async describeRun(act) {
    const field = page.getByRole('textbox', { name: 'a tag' });
    await act();
    await isThere(field);
    await page.keyboard.press('Escape');
    await isGone(field);
  },
  async deleteRun(act) {
    await act();
    await isThere(page.getByRole('alertdialog'));
    await page.keyboard.press('Escape');
    await isGone(page.getByRole('alertdialog'));
    await isThere(row('The bond deadlock'));
  },
  async undelete(act) {
    await row('A restart that is lost').click();
    await page.keyboard.press('Delete');
    await page.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).click();
    await isGone(row('A restart that is lost'));
    await act();
    await isThere(row('A restart that is lost'));
  },
} satisfies Partial<Record<CommandName, Check>>;

const frameChecks = {
  session: showsView('Session', 'Card'),
  card: showsView('Card'),
  runs: showsView('Runs'),
  compare: showsView('Compare'),
  lessons: showsView('Lessons'),
  async nextPane(act) {
    for (const name of panes.slice(0, 2)) {
      await act();
      await focusIsIn(name);
    }
  },
  async previousPane(act) {
    await pane('waits').focus();
    await act();
    await focusIsIn('panel');
  },
  async fill(act) {
    await pane('waits').focus();
    await turns(act, () => page.locator('[data-pane]:visible').count());
  },
  showPanel: showsPane('panel', 'Front panel'),
  showWaits: showsPane('waits', 'Waits'),
  showDetectors: showsPane('detectors', 'Detectors'),
  showTimeline: showsPane('timeline', 'Timeline'),
  showTerminals: showsPane('terminals', 'Terminals'),
  palette: (act) => opens(act, 'Command palette'),
  keys: (act) => opens(act, 'Keys'),
  settings: (act) => opens(act, 'Settings'),
  async newRun(act) {
    await act();
    await shown('Runs');
    await isThere(page.getByRole('combobox', { name: 'Scenario' }));
    await page.keyboard.press('Escape');
  },
  async begin(act) {
    await act();
    await shown('Runs');
    await isThere(page.getByRole('button', { name: 'Start the tour' }));
  },
  async liveBench(act) {
    await act();
    await expect.poll(state).toMatchObject({ live: true, scenario: 'bench' });
    await shown('Session');
  },
  async importRun(act) {
    const chooser = page.waitForEvent('filechooser');
    await act();
    expect((await chooser).isMultiple()).toBe(true);
  },
  async find(act) {
    await act();
    await isThere(page.locator('[data-find]:focus'));
  },
  async arrange(act) {
    await button(/^Close Waits$/).click();
    await isGone(pane('waits'));
    await act();
    await isThere(pane('waits'));
  },
  theme: (act) => turns(act, () => page.evaluate('document.documentElement.dataset.theme')),
} satisfies Partial<Record<CommandName, Check>>;

const checks: Readonly<Record<CommandName, Check>> = {
  ...sessionChecks,
  ...timelineChecks,
  ...compareChecks,
  ...runsChecks,
  ...frameChecks,
};

function placeOf({ pane: inPane, views }: CommandRow): keyof typeof places {
  if (inPane === 'timeline') return 'timeline';
  return views?.length === 1 && (views[0] === 'compare' || views[0] === 'runs')
    ? views[0]
    : 'session';
}

/** As Playwright calls it. */
const pressName = (key: string): string => key.replace('Ctrl', 'Control');

const rows: readonly CommandRow[] = commandTable;
const walk = rows.flatMap((each) => {
  const { name, title, keys } = each;
  const how = keys.length === 0 ? ['palette'] : keys;
  return how.map((key) => ({ name: name as CommandName, title, key, place: placeOf(each) }));
});

test.each(walk)('$key: $title', async ({ name, title, key, place }) => {
  await places[place]();
  await checks[name](() =>
    key === 'palette' ? fromPalette(title) : page.keyboard.press(pressName(key)),
  );
  expect(lab.complaints).toEqual([]);
});

test.each(['.', 'F10', '>', 'b'])('on the card, %s lets the machine go on too', async (key) => {
  await places.session();
  await goTo('Card');
  await steps(() => page.keyboard.press(key), null);
});
