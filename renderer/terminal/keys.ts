// Keys that the window keeps for itself while a terminal has the keyboard (specification 10): the
// function keys, what changes the tab, and what leaves the terminal: also Tab, which is no trap as
// long as the shell completes nothing. All others are typed.

const windowKeys = /^(F(5|6|8|9|10)|Tab)$/;

/** True for a key that is not typed into a terminal. */
export function isWindowKey({ key, code, ctrlKey, altKey }: KeyboardEvent): boolean {
  if (windowKeys.test(key)) return true;
  if (altKey && /^Digit[1-9]$/.test(code)) return true;
  return ctrlKey && (code === 'Backquote' || /^Digit[1-5]$/.test(code) || key === 'k');
}
