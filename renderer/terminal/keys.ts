// Keys that the window keeps for itself while a terminal has the keyboard (specification 10): the
// function keys, what changes the tab, and what leaves the terminal. All others are typed. Tab
// completes where there is something to complete and leaves otherwise; on an empty line, after Esc
// and with Shift it always leaves, so that no terminal is a trap (WCAG 2.1.2).

const windowKeys = /^(F(5|6|8|9|10)|Tab)$/;

/** True for a key that is not typed into a terminal. */
export function isWindowKey({ key, code, ctrlKey, altKey }: KeyboardEvent): boolean {
  if (windowKeys.test(key)) return true;
  if (altKey && /^Digit[1-9]$/.test(code)) return true;
  return ctrlKey && (code === 'Backquote' || /^Digit[1-5]$/.test(code) || key === 'k');
}

/** Whether a Tab may complete: not with a modifier, not after Esc, not on an empty line. */
export const mayComplete = (
  { key, shiftKey, ctrlKey, altKey, metaKey }: KeyboardEvent,
  text: string,
  afterEscape: boolean,
): boolean =>
  key === 'Tab' &&
  !(shiftKey || ctrlKey || altKey || metaKey) &&
  !afterEscape &&
  text.trim() !== '';
