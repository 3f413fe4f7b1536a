// What most of the measured values keep to. A bench gives the middle, or what 19 in 20 are not
// above: one slow moment of the machine moves a mean, and neither of these.

/** The value that `part` of the sorted values are not above. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))]!;
}
