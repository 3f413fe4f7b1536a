// What was found in two runs, kind by kind. Findings are the same when their texts are; those of
// one run alone are quoted.

import { findingKinds } from '../findings.ts';
import type { Finding, FindingKind } from '../findings.ts';
import type { RunRecord } from '../record/run-record.ts';
import { bothOf } from './both.ts';
import type { Both } from './both.ts';

/** Most findings of a kind that are quoted of each side. */
const quotedMax = 5;

/** A finding, quoted. */
export interface QuotedFinding {
  readonly timeNs: number;
  readonly text: string;
}

/** Findings of one kind. */
export interface FindingDifference {
  readonly kind: FindingKind;
  readonly times: Both<number>;
  /** When the first one was found, ns; null for none. */
  readonly firstNs: Both<number | null>;
  /** Those that the other run has not: how many, and the first. */
  readonly only: Both<{ readonly count: number; readonly first: readonly QuotedFinding[] }>;
}

/** Findings whose texts the other side has not, or not as often. */
function onlyOf(
  findings: readonly Finding[],
  others: readonly Finding[],
): FindingDifference['only']['a'] {
  const left = others.map(({ text }) => text);
  const only = findings.filter(({ text }) => {
    const at = left.indexOf(text);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
  const first = only.slice(0, quotedMax).map(({ timeNs, text }) => ({ timeNs, text }));
  return { count: only.length, first };
}

/** Kinds of findings that are not the same; those of a run that was cut are not known. */
export function compareFindings(records: Both<RunRecord>): FindingDifference[] {
  const all = bothOf(records, ({ end }) => end?.findings ?? []);
  return findingKinds.flatMap((kind) => {
    const { a, b } = bothOf(all, (findings) => findings.filter((one) => one.kind === kind));
    const firstNs = { a: a[0]?.timeNs ?? null, b: b[0]?.timeNs ?? null };
    const only = { a: onlyOf(a, b), b: onlyOf(b, a) };
    const isSame = only.a.count + only.b.count === 0 && firstNs.a === firstNs.b;
    return isSame ? [] : [{ kind, times: { a: a.length, b: b.length }, firstNs, only }];
  });
}
