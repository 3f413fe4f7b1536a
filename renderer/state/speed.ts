// The speed slider: logarithmic from a thousandth to a thousand times real time, with detents at
// the powers of ten; its right end is as fast as it goes.

/** Virtual seconds for each second with which a recording is played at `max`. */
export const playedAtMax = 100;

/** Slowest speed of the slider, virtual seconds for each second. */
const slowest = 1e-3;
/** Fastest before `max`. */
const fastest = 1e3;
/** Powers of ten between them. */
const decades = Math.log10(fastest / slowest);
/** Where `max` begins. */
const maxAt = 0.98;
/** Where the fastest speed is. */
const fastestAt = 0.96;

/** Position of a speed on the slider, 0 to 1; `max` (null) is 1. */
export const sliderOf = (speed: number | null): number =>
  speed === null ? 1 : Math.min(fastestAt, (Math.log10(speed / slowest) / decades) * fastestAt);

/** Speed at a position of the slider, near a power of ten exactly that; null is `max`. */
export function speedAt(position: number): number | null {
  if (position > maxAt) return null;
  const exponent = (Math.min(position, fastestAt) / fastestAt) * decades + Math.log10(slowest);
  const nearest = Math.round(exponent);
  const isDetent = Math.abs(exponent - nearest) < 0.08;
  return 10 ** (isDetent ? nearest : exponent);
}
