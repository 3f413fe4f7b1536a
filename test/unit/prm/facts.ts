// Facts about layouts as one-line texts. A place is written `offset:bytes`, or `offset[high:low]`
// for bits of the 32-bit word at that offset, offsets in hex.

import { expect, test } from 'vitest';
import type { Fields, Layout } from '#prm/layout.ts';

/** Where a layout has its fields, as text. */
function places(of: Layout<Fields>): Record<string, string> {
  const hex = (value: number): string => value.toString(16).padStart(2, '0');
  return Object.fromEntries(
    Object.entries(of.fields).map(([name, f]) => {
      const narrow = f.kind === 'bit' || f.kind === 'bits';
      const what = narrow ? `[${f.high}:${f.low}]` : `:${f.bytes}`;
      return [name, hex(f.offset) + what];
    }),
  );
}

/** One test per field: `name place, name place, …`; and one for the size. */
export function facts(title: string, of: Layout<Fields>, sizeBytes: number, wanted: string): void {
  test(`${title} has ${sizeBytes} bytes`, () => {
    expect(of.sizeBytes).toBe(sizeBytes);
  });
  const found = places(of);
  for (const fact of wanted.trim().split(/\s*,\s*/)) {
    const [name = '', place] = fact.split(/\s+/);
    test(`${title}: ${fact}`, () => {
      expect(found[name]).toBe(place);
    });
  }
}
