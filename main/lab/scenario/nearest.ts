// What was probably meant: the known word that is closest to a wrong one. Case and the prefix that
// everybody knows by heart do not count.

/** Edit distance of two words. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = a[i - 1] === b[j - 1] ? 0 : 1;
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + change));
    }
    row = next;
  }
  return row[b.length]!;
}

/** The known word that is at most a third wrong, or undefined. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const lower = word.toLowerCase();
  let best: string | undefined;
  let least = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const candidate of known) {
    const apart = distance(lower, candidate.toLowerCase());
    if (apart < least) [best, least] = [candidate, apart];
  }
  return best;
}

/** Most words that a mend lists. */
const listedMax = 12;

/** The mend for a word out of a closed set: the likely one, or the set itself. */
export function mendWord(word: string, known: readonly string[]): string {
  const near = nearest(word, known);
  if (near !== undefined) return `did you mean ${near}?`;
  const listed = known.slice(0, listedMax).join(', ');
  const rest = known.length - listedMax;
  return rest > 0 ? `one of: ${listed} and ${rest} more` : `one of: ${listed}`;
}
