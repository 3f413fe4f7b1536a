// Small things that the text exports share: pieces of output of a size that is worth a write, and
// numbers in the forms that their readers want. Times are whole nanoseconds of virtual time.

/** Characters after which a piece of output is handed out. */
export const pieceChars = 1 << 16;

/** Gathers lines into pieces of output. */
export function* inPieces(lines: Iterable<string>): Generator<string, void, void> {
  let piece = '';
  for (const line of lines) {
    piece += line;
    if (piece.length < pieceChars) continue;
    yield piece;
    piece = '';
  }
  if (piece !== '') yield piece;
}

const pad3 = Array.from({ length: 1000 }, (_, number) => String(number).padStart(3, '0'));

/** Microseconds with three decimals: `1234.567`. */
export function microseconds(timeNs: number): string {
  const ns = Math.round(timeNs);
  const whole = Math.floor(ns / 1000);
  return `${whole}.${pad3[ns - 1000 * whole]!}`;
}

/** Seconds with six decimals, rounded down as the kernel does: `0.001234`. */
export function seconds(timeNs: number): string {
  const micro = Math.floor(timeNs / 1000);
  const whole = Math.floor(micro / 1e6);
  return `${whole}.${String(micro - 1e6 * whole).padStart(6, '0')}`;
}

const hexPairs = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** Bytes as hex digits without blanks. */
export function hexText(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += hexPairs[byte]!;
  return text;
}

/** Something made from a number once and kept: names as JSON strings, for example. */
export function remembered(make: (number: number) => string): (number: number) => string {
  const made: (string | undefined)[] = [];
  return (number) => (made[number] ??= make(number));
}
