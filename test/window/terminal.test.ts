// Goal: the terminals of the window are the shells of the machine.
// Method: lines are typed with the keyboard into the real window of a real lab, and read back from
// the screen; the deadlock of the story is made by hand: one terminal hangs, the other answers.

import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Locator, Page } from 'playwright-core';
import { openLabWindow } from './support/lab-window.ts';
import type { LabWindow } from './support/lab-window.ts';

let lab: LabWindow;

beforeAll(async () => {
  lab = await openLabWindow();
  lab.desk.bench.machine.start(20);
});

afterAll(() => lab.close());

const panel = (page: Page, label: string): Locator =>
  page.getByRole('tabpanel', { name: `Terminal ${label}` });

/** What a shown terminal says, without the spaces at the ends of rows. */
async function screenOf(page: Page, label: string): Promise<string> {
  const rows = await panel(page, label).locator('.xterm-rows > div').allInnerTexts();
  return rows
    .map((row) => row.replaceAll('\u00a0', ' ').trimEnd())
    .join('\n')
    .trimEnd();
}

/** Keys with names, and text between them. */
async function press(label: string, ...keys: readonly string[]): Promise<void> {
  const { page } = lab;
  await page.getByRole('textbox', { name: `Terminal ${label}, type a line` }).focus();
  for (const key of keys) {
    if (/^(Arrow|Enter|Control|Home|End|Tab|Shift|Escape)/.test(key))
      await page.keyboard.press(key);
    else await page.keyboard.type(key);
  }
}

const sees = (label: string, text: RegExp): Promise<unknown> =>
  expect.poll(() => screenOf(lab.page, label), { timeout: 20_000 }).toMatch(text);

test('a line is typed, edited, run, and answered', async () => {
  await sees('1', /^lab#$/);
  await press('1', 'modprobe mlx4_en', 'Enter');
  await sees('1', /lab# modprobe mlx4_en\nlab#$/);
  await press('1', 'ip -r link', ...Array<string>(6).fill('ArrowLeft'), 'b', 'Enter');
  await sees('1', /lab# ip -br link\nlo +UNKNOWN [^$]*eth1[^$]*\nlab#$/);
});

test('an older line comes back with the arrow', async () => {
  await press('1', 'echo first', 'Enter', 'echo second', 'Enter');
  await sees('1', /lab# echo second\nsecond\nlab#$/);
  await press('1', 'ArrowUp', 'ArrowUp', 'Enter');
  await sees('1', /second\nlab# echo first\nfirst\nlab#$/);
});

const inTerminal = (): Promise<boolean> =>
  lab.page.evaluate<boolean>(`document.activeElement.closest('.screen') !== null`);

test('Tab completes programs, devices and paths, and shows what a word can become', async () => {
  await press('1', 'Control+L', 'ethto', 'Tab');
  await sees('1', /lab# ethtool$/);
  await press('1', '-i e', 'Tab');
  await sees('1', /lab# ethtool -i eth$/);
  await panel(lab.page, '1').getByText('eth0 eth1', { exact: true }).waitFor();
  await press('1', '1', 'Enter');
  await sees('1', /lab# ethtool -i eth1\ndriver: mlx4_en\n/);
  await press('1', 'Control+L', 'cat /sys/class/net/eth0/oper', 'Tab', 'Enter');
  await sees('1', /lab# cat \/sys\/class\/net\/eth0\/operstate\n\w+\nlab#$/);
});

test('Tab leaves: on an empty line, after Esc, with Shift, with nothing to complete', async () => {
  await press('1', 'Tab');
  expect(await inTerminal()).toBe(false);
  await press('1', 'ethto', 'Escape', 'Tab');
  expect(await inTerminal()).toBe(false);
  await press('1', 'Shift+Tab');
  expect(await inTerminal()).toBe(false);
  await press('1', 'Control+U', 'zzz', 'Tab');
  await expect.poll(inTerminal).toBe(false);
  await sees('1', /lab# zzz$/);
  await press('1', 'Control+U');
});

test('Ctrl C ends what runs, and Ctrl L clears the screen', async () => {
  await press('1', 'Control+L');
  await sees('1', /^lab#$/);
  await press('1', 'sleep 1000000', 'Enter');
  await sees('1', /lab# sleep 1000000$/);
  await press('1', 'Control+C');
  await sees('1', /lab# sleep 1000000\n\^C\nlab#$/);
});

test('pasted lines run one after the other', async () => {
  await press('1', 'Control+L');
  // A string, because it runs in the page and not here.
  await lab.page.evaluate(`{
    const clipboardData = new DataTransfer();
    clipboardData.setData('text/plain', 'echo one\\necho two\\necho th');
    const paste = new ClipboardEvent('paste', { clipboardData, bubbles: true });
    document.activeElement.dispatchEvent(paste);
  }`);
  await sees('1', /lab# echo one\none\nlab# echo two\ntwo\nlab# echo th$/);
  await press('1', 'ree', 'Enter');
  await sees('1', /three\nlab#$/);
});

const bond = [
  'modprobe bonding max_bonds=0',
  'cd /sys/class/net; echo +bond0 > bonding_masters',
  'cd bond0/bonding; echo active-backup > mode; echo 100 > miimon',
  'ip link set bond0 up; echo +eth0 > slaves; echo +eth1 > slaves; sleep 2',
];

test('the writer of ib hangs, and says so; another terminal answers', async () => {
  const { page, desk } = lab;
  for (const line of bond) await press('1', line, 'Enter');
  await press('1', 'echo bonded', 'Enter');
  await sees('1', /\nbonded\nlab#$/);
  await press('1', 'echo ib > /sys/bus/pci/devices/0000:06:00.0/mlx4_port1', 'Enter');
  await page.getByRole('tab', { name: /^Terminal 1, hangs \d+ s$/ }).waitFor();
  desk.bench.machine.start(2);
  await press('1', 'Control+C', 'Control+C');
  await sees('1', /mlx4_port1\n\^C\n\^C$/);
  await page.getByRole('button', { name: 'New terminal' }).click();
  await press('2', 'ip -br link', 'Enter');
  await sees('2', /lab# ip -br link\nlo[^$]*\nlab#$/);
  await page.getByRole('tab', { name: 'Terminal 2, alive' }).waitFor();
  await page.getByRole('button', { name: 'Split' }).click();
  expect(await panel(page, '1').isVisible()).toBe(true);
  expect(await panel(page, '2').isVisible()).toBe(true);
  expect(lab.complaints).toEqual([]);
});
