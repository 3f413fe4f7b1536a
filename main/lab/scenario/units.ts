// Quantities as people write them: a number and its unit, nothing else. A number without a unit is
// never taken, because nobody can see whether `5` meant seconds or milliseconds.

const timeUnits: ReadonlyMap<string, number> = new Map([
  ['ns', 1],
  ['us', 1e3],
  ['ms', 1e6],
  ['s', 1e9],
  ['m', 60e9],
  ['min', 60e9],
  ['h', 3600e9],
]);

const speedUnits: ReadonlyMap<string, number> = new Map([
  ['Mb/s', 1],
  ['Gb/s', 1000],
]);

const lengthUnits: ReadonlyMap<string, number> = new Map([
  ['cm', 0.01],
  ['m', 1],
  ['km', 1000],
]);

/** A number with one of these units, in the base unit and rounded; undefined for anything else. */
function parse(text: string, units: ReadonlyMap<string, number>): number | undefined {
  const match = /^(\d+(?:\.\d+)?) ?([a-zA-Z/]+)$/.exec(text.trim());
  const factor = units.get(match?.[2] ?? '');
  if (match === null || factor === undefined) return undefined;
  const value = Math.round(Number(match[1]) * factor);
  return Number.isSafeInteger(value) ? value : undefined;
}

/** `250ms`, `1.5s`, `5m` in ns. */
export const parseTime = (text: string): number | undefined => parse(text, timeUnits);

/** `40Gb/s` in Mb/s. */
export const parseSpeed = (text: string): number | undefined => parse(text, speedUnits);

/** Light in glass or copper: 5 ns per metre, as main/fabric/cable.ts has it. */
const nsPerMetre = 5;

/** Propagation delay in ns of a cable that is so long: `5m` is 25 ns. */
export function parseLength(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?) ?(cm|m|km)$/.exec(text.trim());
  if (match === null) return undefined;
  const metres = Number(match[1]) * lengthUnits.get(match[2]!)!;
  return Math.round(metres * nsPerMetre);
}

/** Examples for the mend of each quantity. */
export const quantityExamples = {
  time: 'write for example 20us, 250ms, 1.5s, 5m',
  speed: 'write for example 10Gb/s or 1000Mb/s',
  length: 'write for example 50cm, 5m or 2km',
} as const;
