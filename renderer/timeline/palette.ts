// Colours and hatchings of the canvas. The caller reads the colours from the tokens (styles/
// tokens.css) once for each theme; hatchings are drawn once for each palette and pixel ratio.

/** The tokens that the canvas uses, by name. */
export interface Colours {
  readonly desk: string;
  readonly pane: string;
  readonly hover: string;
  readonly ink: string;
  readonly ink2: string;
  readonly edge: string;
  readonly line: string;
  readonly line2: string;
  readonly run: string;
  readonly runInk: string;
  readonly wait: string;
  readonly waitDim: string;
  readonly waitInk: string;
  readonly cyc: string;
  readonly cycDim: string;
  readonly cycInk: string;
  readonly cur: string;
  readonly curInk: string;
  readonly curDim: string;
  readonly hold: string;
  readonly holdInk: string;
  readonly plate: string;
  readonly plateInk: string;
}

/** Custom properties by token. */
const properties: Readonly<Record<keyof Colours, string>> = {
  desk: '--desk',
  pane: '--pane',
  hover: '--hover',
  ink: '--ink',
  ink2: '--ink2',
  edge: '--edge',
  line: '--line',
  line2: '--line2',
  run: '--run',
  runInk: '--run-ink',
  wait: '--wait',
  waitDim: '--wait-dim',
  waitInk: '--wait-ink',
  cyc: '--cyc',
  cycDim: '--cyc-dim',
  cycInk: '--cyc-ink',
  cur: '--cur',
  curInk: '--cur-ink',
  curDim: '--cur-dim',
  hold: '--hold',
  holdInk: '--hold-ink',
  plate: '--plate',
  plateInk: '--plate-ink',
};

/** Colours and hatchings. */
export interface Palette extends Colours {
  /** `///`, a wait. */
  readonly waitHatch: CanvasPattern;
  /** `\\\`, a wait that cannot end. */
  readonly stuckHatch: CanvasPattern;
  readonly sans: string;
  readonly mono: string;
}

/** Distance of two lines of a hatching, CSS pixels. */
const hatchStep = 7;

function hatch(line: string, ground: string, leans: 1 | -1, ratio: number): CanvasPattern {
  const size = Math.round(hatchStep * ratio);
  const tile = new OffscreenCanvas(size, size);
  const ctx = tile.getContext('2d')!;
  ctx.fillStyle = ground;
  ctx.fillRect(0, 0, size, size);
  ctx.strokeStyle = line;
  ctx.lineWidth = size * 0.42;
  ctx.beginPath();
  for (const shift of [-size, 0, size]) {
    // Longer than the tile, so that neighbours meet without a seam.
    ctx.moveTo(shift - size * 0.5, leans > 0 ? size * 1.5 : -size * 0.5);
    ctx.lineTo(shift + size * 1.5, leans > 0 ? -size * 0.5 : size * 1.5);
  }
  ctx.stroke();
  const pattern = ctx.createPattern(tile, 'repeat')!;
  pattern.setTransform(new DOMMatrix().scale(hatchStep / size));
  return pattern;
}

/** Reads the tokens; `value` gives a custom property of the root, trimmed. */
export function makePalette(value: (property: string) => string, ratio: number): Palette {
  const colours = Object.fromEntries(
    Object.entries(properties).map(([name, property]) => [name, value(property)]),
  ) as unknown as Colours;
  return {
    ...colours,
    waitHatch: hatch(colours.wait, colours.waitDim, 1, ratio),
    stuckHatch: hatch(colours.cyc, colours.cycDim, -1, ratio),
    sans: value('--sans'),
    mono: value('--mono'),
  };
}
