// Several guests on one fabric: how many there can be, and what their cards and terminals are
// called. Names follow from a guest's position; the first one's are those of a guest that is alone.

/** Most guests of one fabric: each takes some 700 MB of memory, and a processor. */
export const guestsMax = 4;

/** The card of the guest at a position. */
export const cardNameAt = (at: number): string => `card${at}`;

/** The cards of so many guests. */
export const cardNames = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, at) => cardNameAt(at));

/** The terminal of the guest at a position. */
export const terminalAt = (at: number): string => (at === 0 ? 'main' : `main of ${cardNameAt(at)}`);
