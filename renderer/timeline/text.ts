// Words that fit: widths are measured once for each font and word, long words are cut with an
// ellipsis, and nothing is written where less than a few letters have room.

/** Least width in which words are written, CSS pixels. */
const widthMin = 14;
/** Words that are remembered for each font; then it begins anew. */
const rememberedMax = 4000;

/** Measures and cuts words. One for each canvas. */
export class Fitter {
  private readonly widths = new Map<string, Map<string, number>>();

  /** Width of some words in a font, which the context has. */
  width(ctx: CanvasRenderingContext2D, words: string): number {
    const known = this.widths.get(ctx.font) ?? new Map<string, number>();
    this.widths.set(ctx.font, known);
    let width = known.get(words);
    if (width !== undefined) return width;
    if (known.size >= rememberedMax) known.clear();
    width = ctx.measureText(words).width;
    known.set(words, width);
    return width;
  }

  /** The words, cut to a width; empty when nothing that says something fits. */
  fit(ctx: CanvasRenderingContext2D, words: string, room: number): string {
    if (room < widthMin && this.width(ctx, words) > room) return '';
    if (this.width(ctx, words) <= room) return words;
    // Letters differ little in width: begin where the cut should be.
    let length = Math.floor((words.length * room) / this.width(ctx, words));
    while (length > 1 && this.width(ctx, `${words.slice(0, length)}…`) > room) length--;
    return length < 2 ? '' : `${words.slice(0, length)}…`;
  }
}
