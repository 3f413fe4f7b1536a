// What the verdict bar says of a moment: the cycle that stands, else the gravest finding, else
// nothing.

import type { Cycle, MomentFinding, Phrase } from '#contract/waits.ts';
import type { VerdictKind } from './texts.ts';

export interface Verdict {
  readonly kind: VerdictKind;
  readonly sentence: readonly Phrase[];
  /** Event that made it so: the same event is told only once. */
  readonly seq: number;
}

/** Findings that make a bar, the gravest first. A deadlock has its own words. */
const kinds: readonly (readonly [MomentFinding['kind'], VerdictKind])[] = [
  ['oops', 'oops'],
  ['hung', 'hung'],
];

/** The verdict of a moment, or null. */
export function verdictOf(
  cycles: readonly Cycle[],
  findings: readonly MomentFinding[],
): Verdict | null {
  const cycle = cycles.find(({ stands }) => stands);
  if (cycle !== undefined) {
    return { kind: 'deadlock', sentence: cycle.sentence, seq: cycle.closedSeq };
  }
  for (const [finding, kind] of kinds) {
    const found = findings.find((one) => one.kind === finding);
    if (found !== undefined) return { kind, sentence: [{ text: found.text }], seq: found.seq };
  }
  return null;
}

export const plainText = (sentence: readonly Phrase[]): string =>
  sentence.map(({ text }) => text).join('');
