// Find in this view: puts the focus into the field that finds, of the pane that has the focus or
// else of the first that is shown. False where nothing can be found.

const fields = '[data-find], input[type=search]';

export function focusFind(): boolean {
  const pane = document.activeElement?.closest('[data-pane]');
  const all = [...document.querySelectorAll<HTMLInputElement>(fields)].filter(
    (field) => field.offsetParent !== null,
  );
  const field = all.find((each) => pane?.contains(each) === true) ?? all[0];
  field?.focus();
  field?.select();
  return field !== undefined;
}
