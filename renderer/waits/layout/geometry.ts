// Sizes and boxes of the graph, and how much text fits in them. Widths are reckoned from the number
// of letters, so that a layout is a pure function and needs no page: mono is exact, sans is taken a
// little too wide.

export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** A rectangle by its upper left corner. */
export interface Box extends Point, Size {}

/** Width of one letter, px, in the type of names (mono 13) and of details (sans 12.5). */
export const monoPx = 7.8;
export const sansPx = 6.6;

export const meet = (a: Box, b: Box): boolean =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;

/** The text, cut with an ellipsis to what fits. */
export function fitted(text: string, widthPx: number, letterPx: number): string {
  const letters = Math.max(1, Math.floor(widthPx / letterPx));
  return text.length <= letters ? text : `${text.slice(0, letters - 1).trimEnd()}…`;
}

/** The text in at most two lines. */
export function wrapped(text: string, widthPx: number, letterPx: number): string[] {
  const letters = Math.max(4, Math.floor(widthPx / letterPx));
  if (text.length <= letters) return text === '' ? [] : [text];
  const space = text.lastIndexOf(' ', letters);
  if (space <= 0) return [fitted(text, widthPx, letterPx)];
  return [text.slice(0, space), fitted(text.slice(space + 1), widthPx, letterPx)];
}

export const clamp = (value: number, least: number, most: number): number =>
  Math.max(least, Math.min(most, value));
