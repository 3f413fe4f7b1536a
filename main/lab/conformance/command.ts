// A firmware command in the words in which two drivers are compared: addresses of host memory and
// tokens are left out, for they differ from run to run; all else the driver has chosen.

import type { CommandRecord } from '#device/command.ts';
import { readBe32 } from '#bus/bytes.ts';

/** Commands that a driver sends again and again, or for how much traffic there was. */
export const periodic: ReadonlySet<string> = new Set([
  'DUMP_ETH_STATS',
  'QUERY_IF_STAT',
  'MODIFY_CQ',
]);

/** Mailboxes whose pages are given by address; of these the target and the size count. */
const maps: ReadonlySet<string> = new Set(['MAP_FA', 'MAP_ICM', 'MAP_ICM_AUX']);

const hex = (value: number): string => `0x${value.toString(16)}`;

/** Where a mapping goes and how many pages it has, in each of its entries. */
function mapped({ mailbox, inModifier }: CommandRecord): string {
  const entries = Math.min(inModifier, Math.floor(mailbox.length / 16));
  let pages = 0;
  for (let at = 0; at < entries; at++) pages += 2 ** (readBe32(mailbox, 16 * at + 12) & 0x1f);
  const target = readBe32(mailbox, 0) * 2 ** 32 + readBe32(mailbox, 4);
  return `${pages} pages${target === 0 ? '' : ` at ${hex(target)}`}`;
}

/** A command in words: name, modifiers, immediate. */
export function commandWords(record: CommandRecord): string {
  const { name, inModifier, opModifier, inParam, mailbox } = record;
  if (maps.has(name)) return `${name} ${mapped(record)}`;
  const [high, low] = inParam;
  const immediate = mailbox.length > 0 ? 0n : (BigInt(high) << 32n) | BigInt(low);
  return [
    name,
    ...(inModifier === 0 ? [] : [`in ${hex(inModifier)}`]),
    ...(opModifier === 0 ? [] : [`op ${hex(opModifier)}`]),
    ...(immediate === 0n ? [] : [`immediate 0x${immediate.toString(16)}`]),
  ].join(' ');
}
