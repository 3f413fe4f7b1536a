// Going from pane to pane with F6: each pane is an element with data-pane that can take the focus.
// The order is that of the document, which is the order of reading.

/** Puts the focus on what in a pane had or can have it. */
export function focusPane(pane: HTMLElement | null): void {
  const inside = pane?.querySelector<HTMLElement>('[data-pane-focus], textarea');
  (inside ?? pane)?.focus();
}

/** Puts the focus on the next (1) or previous (-1) pane, on what in it had or can have it. */
export function nextPane(step: 1 | -1): void {
  const panes = [...document.querySelectorAll<HTMLElement>('[data-pane]')].filter(
    (pane) => pane.offsetParent !== null,
  );
  if (panes.length === 0) return;
  const here = panes.findIndex((pane) => pane.contains(document.activeElement));
  focusPane(panes.at((here + step + panes.length) % panes.length)!);
}
