// The outlines of the visual grammar that a lane needs: the ticket of a work, with notched sides,
// and the tag of a firmware command, with a point.

const notch = 2.6;
/** Narrower ones have straight sides, CSS pixels. */
const notchedFrom = 16;

/** Adds a ticket to a path. */
export function drawTicket(
  path: Path2D,
  x: number,
  y: number,
  width: number,
  height: number,
): void {
  const [left, right, top, bottom] = [x + 0.75, x + width - 0.75, y + 0.75, y + height - 0.75];
  if (width < notchedFrom) return path.rect(left, top, right - left, bottom - top);
  const middle = y + height / 2;
  path.moveTo(left, top);
  path.lineTo(right, top);
  path.lineTo(right, middle - notch);
  path.arc(right, middle, notch, -Math.PI / 2, Math.PI / 2, true);
  path.lineTo(right, bottom);
  path.lineTo(left, bottom);
  path.lineTo(left, middle + notch);
  path.arc(left, middle, notch, Math.PI / 2, -Math.PI / 2, true);
  path.closePath();
}

/** Adds a tag to a path; its point is at the right. */
export function drawTag(path: Path2D, x: number, y: number, width: number, height: number): void {
  const [left, right, top, bottom] = [x + 0.75, x + width - 0.75, y + 0.75, y + height - 0.75];
  const point = Math.min(5, width / 3);
  path.moveTo(left, top);
  path.lineTo(right - point, top);
  path.lineTo(right, (top + bottom) / 2);
  path.lineTo(right - point, bottom);
  path.lineTo(left, bottom);
  path.closePath();
}

/** Adds the head of an arrow that points to a place from above (1) or below (-1). */
export function drawHead(path: Path2D, x: number, y: number, from: 1 | -1): void {
  path.moveTo(x, y + from);
  path.lineTo(x - 3, y - 3.5 * from);
  path.lineTo(x + 3, y - 3.5 * from);
  path.closePath();
}
