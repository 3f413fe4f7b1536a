// Numbers as every view writes them: thin spaces between thousands, units always, and a unit that
// fits the size.

/** 18 219, with thin spaces. */
export const countText = (count: number): string =>
  String(Math.round(count)).replace(/\B(?=(\d{3})+$)/g, '\u2009');

/** 252.6 s. */
export const secondsText = (timeNs: number): string => `${(timeNs / 1e9).toFixed(1)} s`;

/** +61.2 ms, +5.3 µs: a time since something, in the unit that fits. */
export function sinceText(timeNs: number): string {
  const sign = timeNs < 0 ? '−' : '+';
  const size = Math.abs(timeNs);
  if (size === 0) return '0';
  if (size < 1e6) return `${sign}${(size / 1e3).toFixed(1)} µs`;
  if (size < 1e9) return `${sign}${(size / 1e6).toFixed(1)} ms`;
  return `${sign}${(size / 1e9).toFixed(2)} s`;
}
