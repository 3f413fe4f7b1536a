// Keys that the window keeps for itself while a terminal has the keyboard (specification 10): the
// function keys, what changes the tab, and what leaves the terminal. All others are typed.

const functionKeys = /^F(5|6|8|9|10)$/;

/** True for a key that is not typed into a terminal. */
export function isWindowKey({ key, code, ctrlKey, altKey }: KeyboardEvent): boolean {
  if (functionKeys.test(key)) return true;
  if (altKey && /^Digit[1-9]$/.test(code)) return true;
  return ctrlKey && (code === 'Backquote' || /^Digit[1-5]$/.test(code) || key === 'k');
}
