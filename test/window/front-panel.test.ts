// Hands at the front panel of a running machine: plugs by mouse and by keyboard, and what the
// card's link makes of it. Everything is an input of the run, and undo makes the opposite one.

import type { Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { K } from '#trace/kinds.ts';
import { violations } from './support/axe.ts';
import { openLabWindow } from './support/lab-window.ts';
import type { LabWindow } from './support/lab-window.ts';
import { story } from './support/wanted.ts';

let lab: LabWindow;
let page: Page;

beforeAll(async () => {
  lab = await openLabWindow();
  page = lab.page;
  await page.getByRole('button', { name: /^Run$/ }).click();
});

afterAll(() => lab.close());

beforeEach(async () => {
  await page.mouse.move(5, 5);
});

const panelNow = () => lab.desk.bench.moment({ at: 'end' }).panel;

/** The link of a port of the card, as the machine has it. */
const linkOf = (number: number) =>
  expect.poll(() => panelNow().ports[number - 1]!.link, { timeout: 20_000 });

/** What is in the two ends of the first cables. */
const endsOf = (cable: string) =>
  expect.poll(() => panelNow().cables.find(({ name }) => name === cable)?.ends);

const port = (name: string) => page.locator(`[data-port="${name}"]`);

/** Middle of a port, in the page. */
async function middleOf(name: string): Promise<{ x: number; y: number }> {
  const box = (await port(name).boundingBox())!;
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}

async function drag(from: string, to: { x: number; y: number }): Promise<void> {
  const { x, y } = await middleOf(from);
  await page.mouse.move(x, y);
  await page.mouse.down();
  await page.mouse.move(x + 3, y + 6);
  await page.mouse.move(to.x, to.y, { steps: 5 });
}

test('the links of both ports come up', async () => {
  await linkOf(1).toBe('up');
  await linkOf(2).toBe('up');
  await page.getByRole('img', { name: 'Port 2 link LED, steady.', exact: true }).waitFor();
});

test('a plug that is pulled by mouse hangs, and the link of its port goes down', async () => {
  const { x, y } = await middleOf('card0 port 1');
  await drag('card0 port 1', { x: x + 40, y: y + 60 });
  await endsOf('cable1').toEqual([null, 'switch0 port 1']);
  await page.mouse.up();
  await linkOf(1).toBe('down');
  await expect
    .poll(() => port('card0 port 1').getAttribute('aria-label'))
    .toBe('Port 1, eth0, Ethernet, no link, empty. Cable C1 hangs before it.');
});

test('a plug that hangs is dropped at its port, and the link comes back', async () => {
  const box = (await page.locator('[data-plug="C1"]').boundingBox())!;
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await page.mouse.down();
  await page.mouse.move(box.x, box.y + 20);
  await page.getByText('may go here').first().waitFor();
  const { x, y } = await middleOf('card0 port 1');
  await page.mouse.move(x, y, { steps: 5 });
  await page.mouse.up();
  await endsOf('cable1').toEqual(['card0 port 1', 'switch0 port 1']);
  await linkOf(1).toBe('up');
});

test('Escape puts a plug back that the mouse holds', async () => {
  await drag('card0 port 2', { x: 300, y: 500 });
  await endsOf('cable2').toEqual([null, 'switch0 port 2']);
  await page.keyboard.press('Escape');
  await endsOf('cable2').toEqual(['card0 port 2', 'switch0 port 2']);
  await page.mouse.up();
});

test('a double click pulls, and another one plugs in', async () => {
  await port('card0 port 1').dblclick();
  await endsOf('cable1').toEqual([null, 'switch0 port 1']);
  await page.locator('[data-plug="C1"]').dblclick();
  await endsOf('cable1').toEqual(['card0 port 1', 'switch0 port 1']);
});

test('with keys a plug goes to another port of the switch, and the link with it', async () => {
  await port('switch0 port 1').focus();
  await page.keyboard.press('Enter');
  await endsOf('cable1').toEqual(['card0 port 1', null]);
  await linkOf(1).toBe('down');
  await page.keyboard.press('ArrowRight');
  await page.locator('[data-port="switch0 port 4"]:focus').waitFor();
  await page.keyboard.press('Enter');
  await endsOf('cable1').toEqual(['card0 port 1', 'switch0 port 4']);
  await linkOf(1).toBe('up');
  await expect
    .poll(() => page.locator('section.pane').getByRole('status').textContent())
    .toBe('Cable C1 is in switch0 port 4.');
});

test('Delete pulls, and Ctrl Z and Ctrl Shift Z make the opposite inputs', async () => {
  await port('card0 port 2').focus();
  await page.keyboard.press('Delete');
  await endsOf('cable2').toEqual([null, 'switch0 port 2']);
  await page.keyboard.press('Control+z');
  await endsOf('cable2').toEqual(['card0 port 2', 'switch0 port 2']);
  await page.keyboard.press('Control+Shift+z');
  await endsOf('cable2').toEqual([null, 'switch0 port 2']);
  await page.keyboard.press('Control+z');
  await endsOf('cable2').toEqual(['card0 port 2', 'switch0 port 2']);
});

test('x exchanges the plugs of the two cages', async () => {
  await port('card0 port 1').focus();
  await page.keyboard.press('x');
  await endsOf('cable1').toEqual(['card0 port 2', 'switch0 port 4']);
  await endsOf('cable2').toEqual(['card0 port 1', 'switch0 port 2']);
  await page.keyboard.press('Control+z');
  await endsOf('cable1').toEqual(['card0 port 1', 'switch0 port 4']);
});

test('a fault is armed by its toggle, says so, and is cleared by it', async () => {
  const flap = page.getByRole('switch', { name: /^flap link 1/ });
  const other = page.getByRole('switch', { name: /^flap link 2/ });
  await flap.click();
  await expect.poll(() => flap.getAttribute('aria-checked')).toBe('true');
  expect(await other.getAttribute('aria-checked')).toBe('false');
  await page.getByRole('img', { name: 'Port 1 link LED, problem.', exact: true }).waitFor();
  await other.click();
  await expect.poll(() => other.getAttribute('aria-checked')).toBe('true');
  await flap.click();
  await expect.poll(() => flap.getAttribute('aria-checked')).toBe('false');
  await expect.poll(() => other.getAttribute('aria-checked')).toBe('true');
  await other.click();
  await expect.poll(() => other.getAttribute('aria-checked')).toBe('false');
});

test('a held command is counted, and let go', async () => {
  const hold = page.getByRole('switch', { name: /^hold command/ });
  await hold.click();
  await expect.poll(() => hold.getAttribute('aria-checked')).toBe('true');
  lab.desk.bench.machine.enter({ kind: 'type', terminal: 'main', line: 'ip link set eth1 up' });
  await page.getByText('1 held').waitFor();
  await hold.click();
  await expect.poll(() => hold.getAttribute('aria-checked')).toBe('false');
  await expect.poll(() => page.getByText('1 held').count()).toBe(0);
});

test('k twice within a frame throws the switch and throws it back', async () => {
  const { trace } = lab.desk.bench.session;
  // The driver asks the card every second: with a command held, k would let it go.
  await page.getByRole('button', { name: /^Pause$/ }).click();
  await page.getByRole('button', { name: /^Run$/ }).waitFor();
  const from = trace.count;
  // Both presses before anything of the first can be shown.
  await page.evaluate(`{
    document.activeElement.blur();
    for (let press = 0; press < 2; press++) {
      document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'k', bubbles: true }));
    }
  }`);
  const inputs = (): string[] =>
    Array.from({ length: trace.count - from }, (_, at) => trace.event(from + at))
      .filter(({ kind }) => kind === K.input)
      .map(({ object }) => trace.text(object));
  await expect.poll(inputs).toEqual(['fault holdCommand', 'clear fault holdCommand']);
  const hold = page.getByRole('switch', { name: /^hold command/ });
  await expect.poll(() => hold.getAttribute('aria-checked')).toBe('false');
  await page.getByRole('button', { name: /^Run$/ }).click();
});

test('choosing a type writes mlx4_port1 in a shell, and the menu follows the driver', async () => {
  await page.getByRole('combobox', { name: 'Type of port 1' }).selectOption('ib');
  await expect.poll(() => panelNow().ports[0]!.type, { timeout: 20_000 }).toBe('ib');
  await expect
    .poll(() => page.getByRole('combobox', { name: 'Type of port 1' }).inputValue())
    .toBe('ib');
  await page.getByText(/^ib, no link: switch0 port \d is Ethernet$/).waitFor();
});

test('every part of it has a name, and axe-core finds nothing', async () => {
  expect(await violations(page, '[data-pane=panel]', 'best-practice')).toEqual([]);
  expect(lab.complaints).toEqual([]);
});

test('in the story port maps of driver and card part, and the row leads there', async () => {
  const { bench } = lab.desk;
  await bench.open(story);
  bench.machine.start(null);
  const differ = page.getByRole('button', { name: /^Port map: They part at event/ });
  await differ.waitFor();
  expect(panelNow().ports[0]!.role).toBe('going');
  await page.getByRole('row', { name: /^Port map\. .* They differ\.$/ }).waitFor();
  await differ.focus();
  await page.getByRole('tooltip').waitFor();
  await page.keyboard.press('Enter');
  await page.getByText('You look back.').first().waitFor();
  await differ.waitFor();
});

test('while looking back nothing can be done, and the panel says why', async () => {
  expect(await page.getByRole('combobox', { name: 'Type of port 1' }).isDisabled()).toBe(true);
  const before = panelNow().cables;
  await port('card0 port 1').dblclick();
  await port('card0 port 1').focus();
  await page.keyboard.press('Delete');
  await page.getByRole('switch', { name: /^bad cable/ }).click({ force: true });
  expect(panelNow().cables).toEqual(before);
  expect(panelNow().faults.some(({ armed }) => armed)).toBe(false);
});

test('in a small window the faults are a menu in the header', async () => {
  const small = await lab.newPage({ viewport: { width: 1280, height: 800 } });
  const key = small.getByRole('button', { name: 'Faults none' });
  await key.click();
  await small.getByRole('switch', { name: /^drop IRQ/ }).waitFor();
  await small.keyboard.press('Escape');
  await expect.poll(() => key.getAttribute('aria-expanded')).toBe('false');
  expect(lab.complaints).toEqual([]);
});
