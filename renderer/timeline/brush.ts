// Bars, outlines and words of a picture, collected by how they look and drawn together: a change of
// colour or hatching costs more than the bar itself. Bars come first, outlines over them, words
// last.

import type { Palette } from './palette.ts';
import { drawHead } from './shapes.ts';
import type { Fitter } from './text.ts';

/** Words to be written. */
interface Words {
  readonly text: string;
  readonly x: number;
  readonly y: number;
  readonly room: number;
  readonly colour: string;
  readonly font: string;
  /** Ground behind them, with a dashed edge; empty for none. */
  readonly plate: string;
  /** Drawn around the letters, where they stand on lines; empty for none. */
  readonly halo: string;
}

/** Bars of at least this width have round corners, CSS pixels. */
const roundFrom = 8;
const radius = 1.5;

function add(
  bars: Map<string | CanvasPattern, number[]>,
  fill: string | CanvasPattern,
  x: number,
  y: number,
  width: number,
  height: number,
): void {
  const known = bars.get(fill);
  if (known === undefined) bars.set(fill, [x, y, width, height]);
  else known.push(x, y, width, height);
}

/** Collects a picture. */
export class Brush {
  readonly palette: Palette;
  readonly fonts: { readonly bar: string; readonly letter: string; readonly mono: string };
  private readonly ctx: CanvasRenderingContext2D;
  private readonly fitter: Fitter;
  /** x, y, width, height of each bar. */
  private readonly bars = new Map<string | CanvasPattern, number[]>();
  /** The same, over all of those. */
  private readonly barsOver = new Map<string | CanvasPattern, number[]>();
  private readonly outlines = new Map<string, Path2D>();
  private heads = new Path2D();
  private readonly words: Words[] = [];

  constructor(ctx: CanvasRenderingContext2D, palette: Palette, fitter: Fitter) {
    this.ctx = ctx;
    this.palette = palette;
    this.fitter = fitter;
    this.fonts = {
      bar: `500 12px ${palette.sans}`,
      letter: `650 12px ${palette.sans}`,
      mono: `12px ${palette.mono}`,
    };
  }

  bar(fill: string | CanvasPattern, x: number, y: number, width: number, height: number): void {
    add(this.bars, fill, x, y, width, height);
  }

  /** A bar of density: on whole pixels, and one with its neighbour where they are alike. */
  column(fill: string, x: number, y: number, width: number, height: number): void {
    const left = Math.floor(x);
    const right = Math.max(left + 1, Math.ceil(x + width - 0.5));
    const [top, bottom] = [Math.round(y), Math.round(y + height)];
    const known = this.bars.get(fill);
    const last = (known?.length ?? 0) - 4;
    const isAlike =
      known !== undefined &&
      last >= 0 &&
      known[last + 1] === top &&
      known[last + 3] === bottom - top &&
      left <= known[last]! + known[last + 2]! &&
      left >= known[last]!;
    if (isAlike) known[last + 2] = Math.max(known[last + 2]!, right - known[last]!);
    else add(this.bars, fill, left, top, right - left, bottom - top);
  }

  /** A bar on top of another one. */
  barOver(fill: string | CanvasPattern, x: number, y: number, width: number, height: number): void {
    add(this.barsOver, fill, x, y, width, height);
  }

  /** The path of all outlines of a colour and width, for more lines. */
  outline(colour: string, lineWidth: number, dash = ''): Path2D {
    const key = `${lineWidth}|${dash}|${colour}`;
    let path = this.outlines.get(key);
    if (path === undefined) this.outlines.set(key, (path = new Path2D()));
    return path;
  }

  /** Head of an arrow that points to a place from above (1) or below (-1). */
  head(x: number, y: number, from: 1 | -1): void {
    drawHead(this.heads, x, y, from);
  }

  /** Words from `x` on, vertically in the middle at `y`, cut to the room. */
  write(text: string, x: number, y: number, room: number, colour: string, font: string): void {
    if (room > 5) this.words.push({ text, x, y, room, colour, font, plate: '', halo: '' });
  }

  /** As write(), on a plate with a dashed edge. */
  writeOnPlate(text: string, x: number, y: number, room: number, edge: string): void {
    const rest = { colour: this.palette.ink, font: this.fonts.mono, halo: '' };
    if (room > 18) this.words.push({ text, x, y, room, plate: edge, ...rest });
  }

  /** As write(), over lines. */
  writeOver(text: string, x: number, y: number, room: number, colour: string, font: string): void {
    const halo = this.palette.pane;
    if (room > 5) this.words.push({ text, x, y, room, colour, font, plate: '', halo });
  }

  /** Puts everything on the canvas, and is empty again. */
  flush(): void {
    this.flushBars(this.bars);
    this.flushBars(this.barsOver);
    this.flushOutlines();
    this.ctx.fillStyle = this.palette.ink;
    this.ctx.fill(this.heads);
    this.heads = new Path2D();
    let font = '';
    for (const words of this.words) {
      // A font is expensive to set, even to what it is.
      if (words.font !== font) this.ctx.font = font = words.font;
      this.put(words);
    }
    this.words.length = 0;
  }

  private flushBars(all: Map<string | CanvasPattern, number[]>): void {
    const { ctx } = this;
    for (const [fill, bars] of all) {
      ctx.fillStyle = fill;
      let isRound = false;
      ctx.beginPath();
      for (let at = 0; at < bars.length; at += 4) {
        const [x, y, width, height] = [bars[at]!, bars[at + 1]!, bars[at + 2]!, bars[at + 3]!];
        if (width < roundFrom) {
          ctx.fillRect(x, y, width, height);
          continue;
        }
        ctx.roundRect(x, y, width, height, radius);
        isRound = true;
      }
      if (isRound) ctx.fill();
    }
    all.clear();
  }

  private flushOutlines(): void {
    const { ctx } = this;
    for (const [key, path] of this.outlines) {
      const [width = '1', dash = '', colour = ''] = key.split('|');
      ctx.strokeStyle = colour;
      ctx.lineWidth = Number(width);
      ctx.setLineDash(dash === '' ? [] : dash.split(' ').map(Number));
      ctx.stroke(path);
    }
    ctx.setLineDash([]);
    this.outlines.clear();
  }

  private put({ text, x, y, room, colour, font, plate, halo }: Words): void {
    const { ctx, fitter, palette } = this;
    const shown = fitter.fit(ctx, font, text, plate === '' ? room : room - 10);
    if (shown === '') return;
    if (plate !== '') {
      const width = fitter.width(ctx, font, shown) + 10;
      ctx.fillStyle = palette.pane;
      ctx.fillRect(x, y - 6.5, width, 13);
      ctx.strokeStyle = plate;
      ctx.lineWidth = 1;
      ctx.setLineDash([3, 2]);
      ctx.strokeRect(x + 0.5, y - 6, width - 1, 12);
      ctx.setLineDash([]);
    }
    const left = plate === '' ? x : x + 5;
    if (halo !== '') {
      ctx.strokeStyle = halo;
      ctx.lineWidth = 3.5;
      ctx.lineJoin = 'round';
      ctx.strokeText(shown, left, y + 0.5);
      ctx.lineJoin = 'miter';
    }
    ctx.fillStyle = colour;
    ctx.fillText(shown, left, y + 0.5);
  }
}
