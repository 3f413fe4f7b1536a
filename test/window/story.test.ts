// Goal: the story as a person does it, by keyboard alone: form the bond, write ib, see the writer
// hang and the cycle close while another terminal works, look back to before, fork there, run the
// same choices on the merged driver, and read in one sentence why that one goes on.
// Method: a real lab in a real browser; only keys are pressed, and what is asked of the page is
// what a screen reader would say. axe-core looks at each view; pictures are kept when LAB_PICTURES
// names a folder.

import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { violations } from './support/axe.ts';
import { openLabWindow } from './support/lab-window.ts';
import type { LabWindow } from './support/lab-window.ts';
import { keepPicture } from './support/pictures.ts';

let lab: LabWindow;
let page: Page;
const patience = { timeout: 30_000 };
beforeAll(async () => {
  lab = await openLabWindow({}, { fresh: true });
  ({ page } = lab);
});

afterAll(() => lab.close());

/** Goes from control to control until one with this name has the focus. */
async function tabTo(name: string): Promise<void> {
  for (let presses = 0; presses < 150; presses++) {
    const here = await page.evaluate<string>(`{
      const { activeElement: at, body } = document;
      at === body ? '' : (at.getAttribute('aria-label') ?? at.innerText ?? '');
    }`);
    if (here.includes(name)) return;
    await page.keyboard.press('Tab');
  }
  const stuck = await page.evaluate<string>('document.activeElement.outerHTML.slice(0, 200)');
  throw new Error(`no way by keyboard to ${name}, from ${stuck}`);
}

async function type(line: string): Promise<void> {
  await page.keyboard.type(line);
  await page.keyboard.press('Enter');
}

const picture = (name: string): Promise<void> => keepPicture(page, `story-${name}`);

const led = (port: number, which: string, state: string) =>
  page.getByRole('img', { name: `Port ${port} ${which} LED, ${state}.`, exact: true });

test('the machine runs, and both ports have a link', async () => {
  await page.getByRole('heading', { name: 'How one word hangs a machine' }).waitFor();
  await page.keyboard.press('Control+1');
  await page.getByRole('toolbar', { name: 'Transport' }).waitFor();
  await tabTo('Session');
  for (let presses = 0; presses < 20; presses++) {
    await page.keyboard.press('Tab');
    if (await page.evaluate(`document.activeElement.type === 'range'`)) break;
  }
  for (let presses = 0; presses < 22; presses++) await page.keyboard.press('ArrowRight');
  await page.keyboard.press('F5');
  await led(1, 'link', 'steady').waitFor(patience);
  await led(2, 'link', 'steady').waitFor(patience);
  expect(await violations(page)).toEqual([]);
});

test('the bond is formed in the terminal, and the card has it', async () => {
  await page.keyboard.press('Control+`');
  await type('modprobe bonding max_bonds=0');
  await type('cd /sys/class/net; echo +bond0 > bonding_masters');
  await type('cd bond0/bonding; echo active-backup > mode; echo 100 > miimon');
  await type('ip link set bond0 up; echo +eth0 > slaves; sleep 1; echo +eth1 > slaves');
  const map = 'Port map. Card: 1 to 1, 2 to 1. Driver: 1 to 1, 2 to 1.';
  await page.getByRole('row', { name: map }).waitFor(patience);
  await page
    .getByRole('row', { name: /^Hardware bond\. Card: yes\. Driver: yes/ })
    .waitFor(patience);
  await picture('bonded');
});

test('ib is written; the terminal hangs, the cycle closes, another terminal works', async () => {
  await type('echo ib > /sys/bus/pci/devices/0000:06:00.0/mlx4_port1');
  await page.getByRole('tab', { name: /^Terminal 1, hangs \d+ s$/ }).waitFor(patience);
  const verdict = page.getByRole('alert');
  await expect.poll(() => verdict.innerText(), patience).toMatch(/^Deadlock\..*intf_mutex/);
  const items = page.getByRole('listitem').filter({ hasText: /^Cycle of 5\. 1 of 5: / });
  await expect.poll(() => items.count(), patience).toBeGreaterThan(0);
  await page.keyboard.press('Control+Shift+`');
  await type('ip -br link');
  const screen = page.getByRole('tabpanel', { name: 'Terminal 2' });
  await expect.poll(() => screen.innerText(), patience).toContain('LOOPBACK');
  await page.getByRole('tab', { name: 'Terminal 2, alive' }).waitFor(patience);
  await page.keyboard.press('F5');
  expect(lab.desk.bench.machine.running).toBe(false);
  await picture('deadlock');
  expect(await violations(page)).toEqual([]);
});

test('the moment before is looked at: nobody is in a cycle yet', async () => {
  await page.keyboard.press('Control+`');
  await tabTo('Before it closed');
  await page.keyboard.press('Enter');
  await page.getByText(/^looking at \d/).waitFor(patience);
  await expect.poll(() => page.getByRole('alert').count(), patience).toBe(0);
  const before = page.getByText(/^two waits, no cycle$|^one wait, no cycle$/);
  await before.first().waitFor(patience);
  await picture('before');
});

test('the same choices on the merged driver settle, and one sentence says why', async () => {
  await page.keyboard.press('l');
  await page.getByRole('alert').waitFor({ ...patience, state: 'attached' });
  await tabTo('Same choices, v6.6');
  await page.keyboard.press('Enter');
  const sentence = page.getByRole('heading', { level: 1 });
  await expect
    .poll(() => sentence.textContent(), { timeout: 60_000 })
    .toContain('on eth0 in naive, on the PCI device in v6.6');
  await picture('compared');
  expect(await violations(page)).toEqual([]);
});

test('both runs are in the library; the hung one is opened, looked into and forked', async () => {
  await page.keyboard.press('Control+3');
  const kept = page.getByRole('row', { name: /^bench/ });
  await kept.first().waitFor(patience);
  await page.getByRole('row', { name: /v6\.6/ }).first().waitFor(patience);
  await tabTo('bench');
  await page.keyboard.press('Enter');
  await expect.poll(() => lab.desk.bench.state.record.kind, patience).toBe('replay');
  await page.getByRole('alert').waitFor({ ...patience, state: 'attached' });
  await tabTo('Before it closed');
  await page.keyboard.press('Enter');
  await expect.poll(() => page.getByRole('alert').count(), patience).toBe(0);
  await page.keyboard.press('f');
  await expect.poll(() => lab.desk.bench.state.live, { timeout: 60_000 }).toBe(true);
  expect(lab.desk.bench.state.parent).not.toBeNull();
  expect(lab.complaints).toEqual([]);
});
