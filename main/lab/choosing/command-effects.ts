// The doorbell of firmware commands: a command is seven words written to the HCR, and the card has
// it with the last one. At that point the task's own writes before it say which command it is. What
// is in a mailbox is not in the trace before the card has read it.

import { commandByOpcode } from '#prm/opcodes.ts';
import { hcr, HCR_STATUS_OFFSET, MLX4_HCR_SIZE } from '#prm/registers.ts';
import { commandAbout } from '../lists/command-about.ts';
import { registerBefore, registerWord } from '../lists/command-register.ts';
import type { Effect } from './effects.ts';
import type { Stand } from './stand.ts';

function posts({ naming, event }: Stand): Effect[] {
  const { trace } = naming;
  if (registerWord(trace, event) !== HCR_STATUS_OFFSET / 4) return [];
  const written = registerBefore(trace, event.seq + 1, event.task);
  if (written === null) return [];
  const bytes = new Uint8Array(MLX4_HCR_SIZE);
  const view = new DataView(bytes.buffer);
  written.forEach((word, at) => {
    view.setUint32(at * 4, word);
  });
  const words = hcr.read(bytes);
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
