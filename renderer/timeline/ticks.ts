// The ruler's steps and words. Steps are 1, 2 or 5 times a power of ten; a time has as many digits
// as its step, in groups of three with thin spaces; a ruler with an origin counts from there.

/** Narrow no-break space, between groups of digits. */
const thin = '\u202f';

/** `12.420 5` for 12.4205 s at four digits. */
function grouped(seconds: number, digits: number): string {
  const [whole = '', part = ''] = seconds.toFixed(digits).split('.');
  if (part === '') return whole;
  return `${whole}.${part.replace(/(\d{3})(?=\d)/g, `$1${thin}`)}`;
}

/** Digits behind the point, in seconds, that tell apart times that are this far from each other. */
export const digitsFor = (ns: number): number =>
  Math.min(9, Math.max(0, Math.ceil(-Math.log10(Math.max(ns, 1) / 1e9) - 1e-9)));

/** A time: `12.420 s`. */
export const tickTime = (timeNs: number, digits: number): string =>
  `${grouped(timeNs / 1e9, digits)} s`;

/** A length from an origin: `+20 ms`, `+104.8 ms`. */
export function tickSince(ns: number, stepNs: number): string {
  const units = [
    { ns: 1e9, name: 's' },
    { ns: 1e6, name: 'ms' },
    { ns: 1e3, name: 'µs' },
    { ns: 1, name: 'ns' },
  ];
  const size = Math.max(Math.abs(ns), stepNs);
  const unit = units.find((one) => size >= one.ns) ?? units[3]!;
  const digits = Math.max(0, Math.ceil(-Math.log10(stepNs / unit.ns) - 1e-9));
  const sign = ns > 0 ? '+' : ns < 0 ? '−' : '';
  return `${sign}${(Math.abs(ns) / unit.ns).toFixed(digits)} ${unit.name}`;
}

/** How a ruler says its times. */
export interface RulerWords {
  /** Counts from here; null is the run's own time. */
  readonly originNs: number | null;
}

/** A time as this ruler says it. */
export function rulerText({ originNs }: RulerWords, timeNs: number, stepNs: number): string {
  if (originNs !== null) return tickSince(timeNs - originNs, stepNs);
  return tickTime(timeNs, digitsFor(stepNs));
}

/** The step of a ruler, ns: words of about `charPixels` for each letter must fit between. */
export function stepFor(nsPerPixel: number, words: RulerWords, nearNs: number): number {
  const charPixels = 7.3;
  for (let power = 0; ; power++) {
    for (const times of [1, 2, 5]) {
      const stepNs = times * 10 ** power;
      const text = rulerText(words, nearNs, stepNs);
      if (stepNs / nsPerPixel >= text.length * charPixels + 18) return stepNs;
    }
  }
}

/** Times of the ticks from one time to another. */
export function ticksOf(fromNs: number, toNs: number, stepNs: number, originNs = 0): number[] {
  const first = Math.ceil((fromNs - originNs) / stepNs);
  const last = Math.floor((toNs - originNs) / stepNs);
  const count = Math.max(0, last - first + 1);
  return Array.from({ length: count }, (_, at) => originNs + (first + at) * stepNs);
}
