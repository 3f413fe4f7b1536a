// Where a coach note stands: beside what it speaks of, never on it where there is room elsewhere,
// and always whole inside the window.

/** A box on the screen, CSS pixels. */
export interface Place {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** Distance to what it speaks of, and to the edge of the room. */
export const noteGap = 10;

const clamp = (at: number, from: number, to: number): number => Math.max(from, Math.min(at, to));

/** Left and top of a note of a size: at the side of the anchor that has room, else in a corner. */
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
  const free = sides.find(
    ({ left, top }) =>
      left >= anchor.left + anchor.width ||
      left + note.width <= anchor.left ||
      top >= anchor.top + anchor.height ||
      top + note.height <= anchor.top,
  );
  return free ?? inside(right, bottom);
}
