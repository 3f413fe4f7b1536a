// Which arrangement of panes fits, and the sizes of panes in it: ui.md, section 2. Sizes are CSS
// pixels; the zoom of the browser simply lands in a smaller class. Whatever a hand wanted once, the
// panes that are shown always fit into the view, each with a rest that can be used.

/** Arrangements, from the largest. */
export type SizeClass = 'large' | 'medium' | 'small' | 'narrow';

/** Sizes that splitters move. */
export interface PaneSizes {
  /** Width of the front panel. */
  readonly panel: number;
  /** Width of the waits, where the detectors stand beside them. */
  readonly waits: number;
  /** Width of the right column or of the terminals. */
  readonly right: number;
  /** Height of the timeline. */
  readonly bottom: number;
}

/** What there is for panes, CSS pixels. */
export interface Room {
  readonly width: number;
  readonly height: number;
}

/** How small and how large each size may be. */
export type SizeLimits = Readonly<
  Record<keyof PaneSizes, { readonly min: number; readonly max: number }>
>;

export const sizeClassOf = (width: number, height: number): SizeClass => {
  if (width < 1200) return 'narrow';
  if (width < 1400 || height < 860) return 'small';
  return width < 1680 ? 'medium' : 'large';
};

/** Least width of a pane, and of the detectors. */
const [widthMin, detectorsMin] = [240, 284];
/** Least height of a row. */
const rowMin = 96;
/** Part of a narrow window that the lower pane has at first. */
const narrowShare = 0.3;

/** Sizes before anybody has moved a splitter. */
export function defaultSizes(kind: SizeClass, room: Room): PaneSizes {
  switch (kind) {
    case 'large':
      return { panel: 520, waits: 584, right: 620, bottom: 440 };
    case 'medium':
      return { panel: 500, waits: 584, right: 602, bottom: 320 };
    case 'small':
      return { panel: 500, waits: 584, right: 602, bottom: 246 };
    case 'narrow':
      return { panel: 500, waits: 584, right: 602, bottom: Math.round(room.height * narrowShare) };
  }
}

const clamp = (size: number, { min, max }: SizeLimits['panel']): number =>
  Math.round(Math.max(min, Math.min(size, max)));

/** Sizes that fit: the first takes what it wants, the others what it leaves. */
export function fittedSizes(
  kind: SizeClass,
  wanted: PaneSizes,
  room: Room,
): { readonly sizes: PaneSizes; readonly limits: SizeLimits } {
  const upTo = (min: number, max: number): SizeLimits['panel'] => ({
    min,
    max: Math.max(min, Math.round(max)),
  });
  const isLarge = kind === 'large';
  // In a large window the right column stands beside front panel and waits.
  const beside = isLarge ? 2 * widthMin : widthMin;
  const right = upTo(widthMin, room.width - beside);
  const rightSize = clamp(wanted.right, right);
  const row = isLarge ? room.width - rightSize : room.width;
  const behind = kind === 'medium' ? widthMin + detectorsMin : widthMin;
  const panel = upTo(widthMin, row - behind);
  const panelSize = clamp(wanted.panel, panel);
  const waits = upTo(widthMin, row - panelSize - detectorsMin);
  const bottom = upTo(Math.min(rowMin, Math.round(room.height / 2)), room.height - rowMin);
  return {
    sizes: {
      panel: panelSize,
      waits: clamp(wanted.waits, waits),
      right: rightSize,
      bottom: clamp(wanted.bottom, bottom),
    },
    limits: { panel, waits, right, bottom },
  };
}
