// Which arrangement of panes fits, and the sizes of panes in it: ui.md, section 2. Sizes are CSS
// pixels; the zoom of the browser simply lands in a smaller class.

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

export const sizeClassOf = (width: number, height: number): SizeClass => {
  if (width < 1200) return 'narrow';
  if (width < 1400 || height < 860) return 'small';
  return width < 1680 ? 'medium' : 'large';
};

/** Sizes before anybody has moved a splitter. */
export const defaultSizes: Readonly<Record<SizeClass, PaneSizes>> = {
  large: { panel: 520, waits: 0, right: 620, bottom: 440 },
  medium: { panel: 500, waits: 584, right: 602, bottom: 320 },
  small: { panel: 500, waits: 0, right: 602, bottom: 246 },
  narrow: { panel: 500, waits: 0, right: 0, bottom: 280 },
};

/** Least size of any pane. */
export const paneMin = 160;
