// What a replay came to, held against the recording: equal events and another verdict mean that the
// program judges otherwise than the one that recorded. Values are compared as JSON has them, in
// whatever order their keys stand: a database may have turned them.

import type { Difference } from '../compare/difference.ts';
import type { RunEnd, RunRecord } from '../record/run-record.ts';

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

/** Equal as JSON values. */
function sameValue(a: unknown, b: unknown): boolean {
  if (!isObject(a) || !isObject(b)) return a === b;
  const names = Object.keys(a);
  return (
    Array.isArray(a) === Array.isArray(b) &&
    names.length === Object.keys(b).length &&
    names.every((name) => Object.hasOwn(b, name) && sameValue(a[name], b[name]))
  );
}

/** Parts of an end in words. */
const partNames: Readonly<Record<keyof RunEnd, string>> = {
  outcome: 'outcome',
  findings: 'findings',
  checks: 'checks',
  detectors: 'detectors',
  virtualNs: 'time of the end',
  unfinished: 'place where the script stood',
};

/** The first part that is not the same; null when all are. */
export function endDifference({ trace, end }: RunRecord, here: RunEnd): Difference | null {
  if (end === null) return null;
  const parts = Object.keys(partNames) as (keyof RunEnd)[];
  const part = parts.find((name) => !sameValue(end[name], here[name]));
  if (part === undefined) return null;
  const [recorded, now] = [end[part], here[part]].map((value) => JSON.stringify(value));
  const said = `recorded ${recorded}; here ${now}`;
  return {
    seq: trace.count,
    said: `every event is the same, but not the ${partNames[part]}: ${said}`,
  };
}
