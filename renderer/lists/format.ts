// Numbers as the window writes them: thin spaces between groups, the unit always.

/** Between groups of digits. */
export const thin = '\u2009';

/** `12.418 306`: seconds, to the microsecond. */
export function timeText(timeNs: number): string {
  const micros = Math.floor(timeNs / 1000);
  const seconds = Math.floor(micros / 1e6);
  const rest = `${micros % 1e6}`.padStart(6, '0');
  return `${seconds}.${rest.slice(0, 3)}${thin}${rest.slice(3)}`;
}

/** `12.418 s`. */
export const momentText = (timeNs: number): string =>
  `${Math.floor(timeNs / 1e9)}.${`${Math.floor(timeNs / 1e6) % 1000}`.padStart(3, '0')} s`;

/** `31 977`. */
export const countText = (count: number): string =>
  `${Math.floor(count)}`.replace(/\B(?=(\d{3})+$)/g, thin);

/** How long something took: `18.1 ms`, `0.3 ms`, `240 s`. */
export function tookText(ns: number): string {
  if (ns < 1000) return `${ns} ns`;
  if (ns < 50_000) return `${(ns / 1000).toFixed(1)} µs`;
  if (ns < 1e9) return `${(ns / 1e6).toFixed(1)} ms`;
  return ns < 10e9 ? `${(ns / 1e9).toFixed(1)} s` : `${countText(ns / 1e9)} s`;
}

/** `0x05c`, of at least some digits. */
export const hexText = (value: number, digits = 1): string =>
  `0x${value.toString(16).padStart(digits, '0')}`;
