// The transport bar drops words where it has no room for them: measured, for a driver's name may be
// long and the clock grows. The least needed goes first; every key stays.

/** What is dropped, in this order. */
export const drops = ['air', 'labels', 'find', 'record', 'unit', 'spare', 'kbd', 'tail'] as const;

/** The fewest drops with which it fits; all of them where it never does. */
export function dropsThatFit(fits: (dropped: readonly string[]) => boolean): readonly string[] {
  for (let count = 0; count < drops.length; count++) {
    const dropped = drops.slice(0, count);
    if (fits(dropped)) return dropped;
  }
  return drops;
}

/** Room that stays behind the last control, CSS pixels. */
const restPx = 8;

/** Lays a bar out with what it has to drop. */
export function fitBar(bar: HTMLElement): void {
  const put = (dropped: readonly string[]): void => {
    bar.dataset['drop'] = dropped.join(' ');
  };
  put(
    dropsThatFit((dropped) => {
      put(dropped);
      const end = bar.lastElementChild?.getBoundingClientRect().right ?? 0;
      return end <= bar.getBoundingClientRect().right - restPx;
    }),
  );
}
