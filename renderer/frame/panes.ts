// Going from pane to pane with F6: each pane is an element with data-pane that can take the focus.
// The order is that of the document, which is the order of reading.

import { panes } from './views.ts';
import type { PaneName } from './views.ts';

/** The pane that an element is in, or null. */
export function paneOf(target: EventTarget | null): PaneName | null {
  const element = target instanceof Element ? target : null;
  const name = element?.closest<HTMLElement>('[data-pane]')?.dataset['pane'];
  return panes.find((pane) => pane === name) ?? null;
}

/** The pane that has the focus, or null. */
export const paneOfFocus = (): PaneName | null => paneOf(document.activeElement);

/** Puts the focus on what in a pane had or can have it. */
export function focusPane(pane: HTMLElement | null): void {
  const inside = pane?.querySelector<HTMLElement>('[data-pane-focus], textarea');
  (inside ?? pane)?.focus();
}

/** Puts the focus on the next (1) or previous (-1) pane, on what in it had or can have it. */
export function nextPane(step: 1 | -1): void {
  const shown = [...document.querySelectorAll<HTMLElement>('[data-pane]')].filter(
    (pane) => pane.offsetParent !== null,
  );
  if (shown.length === 0) return;
  const here = shown.findIndex((pane) => pane.contains(document.activeElement));
  focusPane(shown.at((here + step + shown.length) % shown.length)!);
}
