// The window opens on the bench, the machine runs, and nothing leaves the machine.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { openLabWindow } from './support/lab-window.ts';
import type { LabWindow } from './support/lab-window.ts';

let lab: LabWindow;

beforeAll(async () => {
  lab = await openLabWindow();
});

afterAll(() => lab.close());

test('the machine runs when it is told to, and time goes on in the window', async () => {
  const { page } = lab;
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await page.getByRole('button', { name: /Pause/ }).waitFor();
  await expect.poll(() => lab.desk.bench.state.timeNs).toBeGreaterThan(10e6);
  await page.getByRole('button', { name: /Pause/ }).click();
  expect(lab.complaints).toEqual([]);
});

test('nothing is asked for elsewhere', () => {
  const origin = new URL(lab.address).origin;
  const elsewhere = lab.requests.filter((url) => new URL(url).origin !== origin);
  expect(elsewhere).toEqual([]);
});
