// The doorbell of firmware commands: a command is seven words written to the HCR, and the card has
// it with the last one. At that point the task's own writes before it say which command it is. What
// is in a mailbox is not in the trace before the card has read it.

import { commandByOpcode } from '#prm/opcodes.ts';
import { hcr, HCR_STATUS_OFFSET, MLX4_HCR_BASE, MLX4_HCR_SIZE } from '#prm/registers.ts';
import { K } from '#trace/kinds.ts';
import type { Trace, TraceEvent } from '#trace/trace.ts';
import { commandAbout } from '../lists/command-about.ts';
import type { Effect } from './effects.ts';
import type { Stand } from './stand.ts';

/** Offset in the HCR that is written, or null for other registers. */
function hcrOffset(trace: Trace, { object }: TraceEvent): number | null {
  const [, digits] = / BAR0\+0x([0-9a-f]+)$/.exec(trace.text(object)) ?? [];
  if (digits === undefined) return null;
  const offset = parseInt(digits, 16) - MLX4_HCR_BASE;
  return offset >= 0 && offset < MLX4_HCR_SIZE ? offset : null;
}

/** The register as it stands after the last word. */
function wordsBefore(trace: Trace, doorbell: TraceEvent): Uint8Array {
  const bytes = new Uint8Array(MLX4_HCR_SIZE);
  const view = new DataView(bytes.buffer);
  const missing = new Set(Array.from({ length: MLX4_HCR_SIZE / 4 }, (_, word) => word * 4));
  for (let seq = doorbell.seq; seq >= 0 && missing.size > 0; seq--) {
    const event = trace.event(seq);
    if (event.kind !== K['mmio.write'] || event.task !== doorbell.task) continue;
    const offset = hcrOffset(trace, event);
    // The bus carries words with their bytes swapped.
    if (offset !== null && missing.delete(offset)) view.setUint32(offset, event.value, true);
  }
  return bytes;
}

function posts({ naming, event }: Stand): Effect[] {
  const { trace } = naming;
  if (hcrOffset(trace, event) !== HCR_STATUS_OFFSET) return [];
  const words = hcr.read(wordsBefore(trace, event));
  const found = commandByOpcode.get(words.opcode);
  if (!words.go || found === undefined) return [];
  const name = found.replace(/^MLX4_(CMD_)?/, '');
  const about = commandAbout({
    name,
    inModifier: words.in_modifier,
    opModifier: words.opcode_modifier,
    mailbox: new Uint8Array(),
  });
  return [{ kind: 'posts', opcode: words.opcode, name, about }];
}

export const commandEffects = { 'mmio.write': posts } as const;
