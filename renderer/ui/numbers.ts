// Numbers as the window writes them: thin spaces between thousands, virtual time in seconds with
// nine digits, units always.

/** U+202F, the narrow space that does not break. */
const thin = '\u202f';

/** 18 467. */
export const groupedCount = (count: number): string =>
  String(Math.round(count)).replace(/\B(?=(\d{3})+(?!\d))/g, thin);

/** Whole seconds and milliseconds, then the last six digits. */
export function clockParts(timeNs: number): { readonly head: string; readonly tail: string } {
  const [whole = '0', part = '000000000'] = (timeNs / 1e9).toFixed(9).split('.');
  const head = `${groupedCount(Number(whole))}.${part.slice(0, 3)}`;
  return { head, tail: `${part.slice(3, 6)}${thin}${part.slice(6)}` };
}

/** `12.418 s`. */
export const secondsText = (timeNs: number): string => `${(timeNs / 1e9).toFixed(3)}${thin}s`;

/** `0.6 s`, `3 s`: wall time, as exactly as anybody cares. */
export const roughSeconds = (ms: number): string =>
  `${ms < 2000 ? (Math.ceil(ms / 100) / 10).toFixed(1) : Math.round(ms / 1000)}${thin}s`;

/** `1.3 M`, `42 k`, `7`. */
export function roughCount(count: number): string {
  if (count >= 1e6) return `${(count / 1e6).toFixed(1)}${thin}M`;
  if (count >= 1e3) return `${(count / 1e3).toFixed(count >= 1e4 ? 0 : 1)}${thin}k`;
  return String(Math.round(count));
}

/** `+61.2 ms`, `+5.3 µs`: a time since something, in the unit that fits. */
export function sinceText(timeNs: number): string {
  const sign = timeNs < 0 ? '−' : '+';
  const size = Math.abs(timeNs);
  if (size === 0) return '0';
  if (size < 1e6) return `${sign}${(size / 1e3).toFixed(1)}${thin}µs`;
  if (size < 1e9) return `${sign}${(size / 1e6).toFixed(1)}${thin}ms`;
  return `${sign}${(size / 1e9).toFixed(2)}${thin}s`;
}

/** `12.418 306`: seconds, to the microsecond. */
export function timeText(timeNs: number): string {
  const micros = Math.floor(timeNs / 1000);
  const seconds = Math.floor(micros / 1e6);
  const rest = `${micros % 1e6}`.padStart(6, '0');
  return `${seconds}.${rest.slice(0, 3)}${thin}${rest.slice(3)}`;
}

/** How long something took: `18.1 ms`, `0.3 ms`, `240 s`. */
export function tookText(ns: number): string {
  if (ns < 1000) return `${ns} ns`;
  if (ns < 50_000) return `${(ns / 1000).toFixed(1)} µs`;
  if (ns < 1e9) return `${(ns / 1e6).toFixed(1)} ms`;
  return ns < 10e9 ? `${(ns / 1e9).toFixed(1)} s` : `${groupedCount(ns / 1e9)} s`;
}

/** `0x05c`, of at least some digits. */
export const hexText = (value: number, digits = 1): string =>
  `0x${value.toString(16).padStart(digits, '0')}`;
