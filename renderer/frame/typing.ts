// Whether a key press is text. Printed characters are letters to whoever types, and keys of the
// window to everybody else; in a sheet or the palette they belong to that.

/** Where the focus is, text is being typed: printed keys are text. */
export const isTextField = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  target.matches(
    'input:not([type=range]):not([type=checkbox]):not([type=radio]), textarea, select, ' +
      '[contenteditable]',
  );

/** The focus is in something that lies over the view. */
export const isOverView = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && target.closest('dialog, [role=dialog]') !== null;
