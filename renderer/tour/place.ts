// Where a coach note stands: beside what it speaks of, or, where no side has room for it, where it
// covers the least of that; and always whole inside the window.

/** A box on the screen, CSS pixels. */
export interface Place {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** Distance to what it speaks of, and to the edge of the room. */
const noteGap = 8;

const clamp = (at: number, from: number, to: number): number => Math.max(from, Math.min(at, to));

/** Length of what two stretches have in common. */
const common = (a: number, aLength: number, b: number, bLength: number): number =>
  Math.max(0, Math.min(a + aLength, b + bLength) - Math.max(a, b));

/** Left and top of a note of a size: at the side of the anchor where it covers the least of it. */
export function placeNote(
  anchor: Place,
  note: Pick<Place, 'width' | 'height'>,
  room: Place,
): Pick<Place, 'left' | 'top'> {
  const right = room.left + room.width - note.width - noteGap;
  const bottom = room.top + room.height - note.height - noteGap;
  const inside = (left: number, top: number): Pick<Place, 'left' | 'top'> => ({
    left: clamp(left, room.left + noteGap, right),
    top: clamp(top, room.top + noteGap, bottom),
  });
  const sides = [
    { left: anchor.left + anchor.width + noteGap, top: anchor.top + noteGap },
    { left: anchor.left - note.width - noteGap, top: anchor.top + noteGap },
    { left: anchor.left + noteGap, top: anchor.top + anchor.height + noteGap },
    { left: anchor.left + noteGap, top: anchor.top - note.height - noteGap },
  ].map(({ left, top }) => inside(left, top));
  const covered = ({ left, top }: Pick<Place, 'left' | 'top'>): number =>
    common(left, note.width, anchor.left, anchor.width) *
    common(top, note.height, anchor.top, anchor.height);
  return sides.reduce((best, side) => (covered(side) < covered(best) ? side : best));
}
