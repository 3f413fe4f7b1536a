// Which panes stand where: ui.md, section 2. Any of them can be closed; what is left takes its
// room. Nothing here knows pixels: size-class.ts does.

import type { PaneName } from './views.ts';
import type { PaneSizes, SizeClass } from './size-class.ts';

/** Panes side by side, and which of them takes what the others leave. */
export interface PaneRow {
  readonly panes: readonly PaneName[];
  readonly grows: PaneName | null;
}

/** Where the open panes stand. A row without panes is not there. */
export interface Arrangement {
  readonly upper: PaneRow;
  readonly lower: PaneRow;
  /** Over the full height, one under the other. */
  readonly right: PaneRow;
  /** The detectors are a strip of lamps under the waits. */
  readonly strip: boolean;
}

/** Who takes the rest: the first of these that is there. */
const growers: readonly PaneName[] = ['detectors', 'waits', 'panel', 'timeline', 'terminals'];

const rowOf = (names: readonly PaneName[], open: readonly PaneName[]): PaneRow => {
  const panes = names.filter((name) => open.includes(name));
  return { panes, grows: growers.find((name) => panes.includes(name)) ?? null };
};

/** The arrangement of the open panes. A narrow window shows one of each row, under tabs. */
export function arrangementOf(kind: SizeClass, open: readonly PaneName[]): Arrangement {
  if (kind === 'large') {
    const right = rowOf(['detectors', 'terminals'], open);
    return {
      upper: rowOf(['panel', 'waits'], open),
      lower: rowOf(['timeline'], open),
      // The terminals take the rest here: a board of detectors has one height.
      right: { ...right, grows: right.panes.at(-1) ?? null },
      strip: false,
    };
  }
  const strip = kind === 'small' && open.includes('waits') && open.includes('detectors');
  return {
    upper: rowOf(strip ? ['panel', 'waits'] : ['panel', 'waits', 'detectors'], open),
    lower: rowOf(['timeline', 'terminals'], open),
    right: rowOf([], open),
    strip,
  };
}

/** The size of a pane that does not take the rest. */
export const sizeOf: Readonly<Record<PaneName, keyof PaneSizes>> = {
  panel: 'panel',
  waits: 'waits',
  detectors: 'right',
  timeline: 'bottom',
  terminals: 'right',
};
