// Words that fit: widths are measured once for each font and word, long words are cut with an
// ellipsis, and nothing is written where only a few letters have room.

/** Fewer letters than these say nothing. */
const lettersMin = 5;
/** Words that are remembered for each font; then it begins anew. */
const rememberedMax = 4000;

/** Measures and cuts words. One for each canvas. */
export class Fitter {
  private readonly widths = new Map<string, Map<string, number>>();

  /** Width of some words in a font. The context is asked, and its font set, only for new ones. */
  width(ctx: CanvasRenderingContext2D, font: string, words: string): number {
    let known = this.widths.get(font);
    if (known === undefined) this.widths.set(font, (known = new Map<string, number>()));
    let width = known.get(words);
    if (width !== undefined) return width;
    if (known.size >= rememberedMax) known.clear();
    const before = ctx.font;
    ctx.font = font;
    width = ctx.measureText(words).width;
    ctx.font = before;
    known.set(words, width);
    return width;
  }

  /**
   * The words, cut to a width. Where only a few letters would be left, the first word alone, if it
   * fits; else nothing.
   */
  fit(ctx: CanvasRenderingContext2D, font: string, words: string, room: number): string {
    const whole = this.width(ctx, font, words);
    if (whole <= room) return words;
    // Letters differ little in width: begin where the cut should be.
    let length = Math.floor((words.length * room) / whole);
    while (length > 0 && this.width(ctx, font, `${words.slice(0, length)}…`) > room) length--;
    if (length >= lettersMin) return `${words.slice(0, length).trimEnd()}…`;
    const [first = ''] = words.split(' ', 1);
    return first !== words && this.width(ctx, font, first) <= room ? first : '';
  }
}
