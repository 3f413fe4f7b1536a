// The command register (HCR) as a task writes it: seven words, the last of which gives the command
// to the card. The trace has each write as the bus carries it.

import { MLX4_HCR_BASE, MLX4_HCR_SIZE } from '#prm/registers.ts';
import { K } from '#trace/kinds.ts';
import type { Trace, TraceEvent } from '#trace/trace.ts';

/** Words of the register. */
const registerWords = MLX4_HCR_SIZE / 4;
/** Events before a command in which its words are looked for. */
const lookBack = 200;

/** Registers are big-endian behind a little-endian bus. */
const swapped = (value: number): number =>
  (((value & 0xff) << 24) |
    ((value & 0xff00) << 8) |
    ((value >>> 8) & 0xff00) |
    ((value >>> 24) & 0xff)) >>>
  0;

/** The word of the register that a write of `mmio.write` is for; null for other registers. */
export function registerWord(trace: Trace, { object }: TraceEvent): number | null {
  const place = /BAR0\+0x([0-9a-f]+)$/.exec(trace.text(object))?.[1];
  const word = (parseInt(place ?? '0', 16) - MLX4_HCR_BASE) / 4;
  return Number.isInteger(word) && word >= 0 && word < registerWords ? word : null;
}

/** The last write of a task to each word before event `end`; null when one is not there. */
export function registerBefore(trace: Trace, end: number, task: number): number[] | null {
  const words = new Map<number, number>();
  for (let at = end - 1; at >= Math.max(0, end - lookBack); at--) {
    const event = trace.event(at);
    if (event.kind !== K['mmio.write'] || event.task !== task) continue;
    const word = registerWord(trace, event);
    if (word === null) continue;
    if (!words.has(word)) words.set(word, swapped(event.value));
    if (words.size < registerWords) continue;
    return Array.from({ length: registerWords }, (_, n) => words.get(n) ?? 0);
  }
  return null;
}
