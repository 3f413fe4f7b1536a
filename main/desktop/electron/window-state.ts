// Where the window was and how large, kept in a file of Electron's user data. A file that is none,
// or a place that no screen shows any more, counts as nothing.

import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { BrowserWindow, Rectangle } from 'electron';
import * as v from 'valibot';

/** The smallest window that the views are made for. */
export const smallest = { width: 960, height: 600 } as const;
const wanted = { width: 1440, height: 900 } as const;

const place = v.pipe(v.number(), v.safeInteger(), v.minValue(-100_000), v.maxValue(100_000));
const stateSchema = v.strictObject({
  x: v.exactOptional(place),
  y: v.exactOptional(place),
  width: v.pipe(place, v.minValue(smallest.width)),
  height: v.pipe(place, v.minValue(smallest.height)),
  maximised: v.boolean(),
});

/** Place, size, and whether it fills the screen. */
export type WindowState = v.InferOutput<typeof stateSchema>;

/** What a person can still get hold of: this much of the title's row on a screen. */
const gripPx = 100;

function isOnScreen({ x, y, width }: WindowState, screens: readonly Rectangle[]): boolean {
  if (x === undefined || y === undefined) return true;
  return screens.some(
    (area) =>
      Math.min(x + width, area.x + area.width) - Math.max(x, area.x) >= gripPx &&
      y >= area.y - 1 &&
      y < area.y + area.height - gripPx,
  );
}

/** The kept state, or the one of a first start on these screens (the first is the main one). */
export function readWindowState(file: string, screens: readonly Rectangle[]): WindowState {
  const main = screens[0] ?? { ...wanted, x: 0, y: 0 };
  const first: WindowState = {
    width: Math.max(smallest.width, Math.min(wanted.width, main.width)),
    height: Math.max(smallest.height, Math.min(wanted.height, main.height)),
    maximised: false,
  };
  try {
    const read = v.safeParse(stateSchema, JSON.parse(readFileSync(file, 'utf8')));
    return read.success && isOnScreen(read.output, screens) ? read.output : first;
  } catch {
    return first;
  }
}

/** Keeps it. What cannot be kept is not worth a word. */
export function keepWindowState(file: string, window: BrowserWindow): void {
  const { x, y, width, height } = window.getNormalBounds();
  const state: WindowState = { x, y, width, height, maximised: window.isMaximized() };
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(`${file}.new`, JSON.stringify(state));
    renameSync(`${file}.new`, file);
  } catch {
    // The next start opens at the default place.
  }
}
