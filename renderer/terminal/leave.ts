// Leaves a terminal by keyboard as Tab does: to the control after it in the order of the document.
// Needed where the lab was asked first whether there is something to complete.

const controls =
  'a[href], button, input, select, textarea, summary, [tabindex]:not([tabindex="-1"])';

const takesFocus = (node: HTMLElement): boolean =>
  node.tabIndex >= 0 && !node.matches(':disabled') && node.offsetParent !== null;

/** Puts the focus on the first control after a box, or on the first of the page. */
export function leaveBox(box: HTMLElement): void {
  const all = [...document.querySelectorAll<HTMLElement>(controls)].filter(takesFocus);
  const after = all.find(
    (node) =>
      (box.compareDocumentPosition(node) & Node.DOCUMENT_POSITION_FOLLOWING) !== 0 &&
      !box.contains(node),
  );
  (after ?? all[0])?.focus();
}
