import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BrowserWindow } from 'electron';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { keepWindowState, readWindowState } from '#desktop/electron/window-state.ts';

const screens = [
  { x: 0, y: 25, width: 1920, height: 1055 },
  { x: 1920, y: 0, width: 1280, height: 1024 },
];
const first = { width: 1440, height: 900, maximised: false };
const kept = { x: 2000, y: 100, width: 1000, height: 700, maximised: true };

let folder: string;
let file: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mlx4-lab-window-state-'));
  file = join(folder, 'inner', 'window.json');
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

const windowAt = (state: typeof kept): BrowserWindow =>
  ({
    getNormalBounds: () => ({ x: state.x, y: state.y, width: state.width, height: state.height }),
    isMaximized: () => state.maximised,
  }) as BrowserWindow;

test('it is where it was', () => {
  expect(readWindowState(file, screens)).toEqual(first);
  keepWindowState(file, windowAt(kept));
  expect(readWindowState(file, screens)).toEqual(kept);
  expect(readdirSync(join(folder, 'inner'))).toEqual(['window.json']);
});

test('a screen that is gone counts as a first start', () => {
  expect(readWindowState(file, screens.slice(0, 1))).toEqual(first);
  expect(readWindowState(file, [])).toEqual(first);
});

test('a first start fits on a small screen, and is never smaller than the views', () => {
  const none = join(folder, 'none');
  expect(readWindowState(none, [{ x: 0, y: 0, width: 1280, height: 720 }])).toEqual({
    ...first,
    width: 1280,
    height: 720,
  });
  expect(readWindowState(none, [{ x: 0, y: 0, width: 640, height: 480 }])).toEqual({
    ...first,
    width: 960,
    height: 600,
  });
});

test.each([
  '',
  '{',
  'null',
  '[]',
  JSON.stringify({ ...kept, width: 959 }),
  JSON.stringify({ ...kept, height: 1e9 }),
  JSON.stringify({ ...kept, x: 0.5 }),
  JSON.stringify({ ...kept, y: '1' }),
  JSON.stringify({ ...kept, more: 1 }),
])('%s is no state', (text) => {
  writeFileSync(file, text);
  expect(readWindowState(file, screens)).toEqual(first);
});

test('what cannot be kept is not worth a word', () => {
  const blocked = join(file, 'below', 'window.json');
  const before = readFileSync(file, 'utf8');
  keepWindowState(blocked, windowAt(kept));
  expect(readFileSync(file, 'utf8')).toBe(before);
});
