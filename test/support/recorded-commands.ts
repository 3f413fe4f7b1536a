// Commands of the real 6.1 driver, as they were recorded (test/golden/real), and ours in the same
// words. Mailboxes are compared by the order in which their pages were first used, not by address;
// of a MAP command the target and the number of pages, not where the pages are.

import { readFileSync } from 'node:fs';
import type { CommandRecord } from '#device/command.ts';
import { CMD_POLL_TOKEN } from '#prm/registers.ts';

/** One command. */
export interface RecordedCommand {
  readonly name: string;
  readonly opcode: number;
  readonly inModifier: number;
  readonly opModifier: number;
  readonly token: number;
  readonly event: boolean;
  /** `mailbox A`, or the immediate in hexadecimal. */
  readonly input: string;
  /** First bytes of the input mailbox, hexadecimal, without trailing zeros. */
  readonly mailbox: string;
}

const linePattern = new RegExp(
  [
    String.raw`^\s*\d+ (\S+)\s+op=0x(\w+) in_mod=0x(\w+) op_mod=(\d+) token=0x(\w+) ev=(\d)`,
    String.raw`in=0x(\w+) out=0x\w+ status=0x(\w+)(?: mbx=([0-9a-f]+))?`,
  ].join(' '),
);

/** Names the pages of mailboxes by first use. */
class PageNames {
  private readonly names = new Map<string, string>();

  of(address: string): string {
    const known = this.names.get(address);
    if (known !== undefined) return known;
    const name = `mailbox ${String.fromCharCode(65 + this.names.size)}`;
    this.names.set(address, name);
    return name;
  }
}

const maps = new Set(['MAP_FA', 'MAP_ICM', 'MAP_ICM_AUX']);

/** Takes the address of the pages out of a mapping: target, then log2 of the pages. */
function withoutAddress(name: string, hex: string): string {
  if (!maps.has(name)) return hex;
  const entry = hex.padEnd(32, '0');
  return `${entry.slice(0, 16)} ${entry.slice(29, 32)}`;
}

const trimmed = (hex: string): string => hex.replace(/(00)+$/, '');

/** The recording of a file. */
export function readRecording(file: string): RecordedCommand[] {
  const text = readFileSync(new URL(`../golden/real/${file}`, import.meta.url), 'utf8');
  const pages = new PageNames();
  return text
    .trimEnd()
    .split('\n')
    .map((line) => {
      const match = linePattern.exec(line);
      if (match === null) throw new Error(`not a command: ${line}`);
      const [, name, opcode, inModifier, opModifier, token, event, input, , mailbox] = match;
      // Output mailboxes come from the same pool, but the card's log does not have them.
      const isMailbox = mailbox !== undefined;
      return {
        name: name!,
        opcode: parseInt(opcode!, 16),
        inModifier: parseInt(inModifier!, 16),
        opModifier: Number(opModifier),
        token: parseInt(token!, 16),
        event: event === '1',
        input: isMailbox ? pages.of(input!) : BigInt(`0x${input!}`).toString(16),
        mailbox: withoutAddress(name!, mailbox ?? ''),
      };
    });
}

/** What the card has seen, in the same form. */
export function describeCommands(records: readonly CommandRecord[]): RecordedCommand[] {
  const pages = new PageNames();
  return records.map((record) => {
    const [high, low] = record.inParam;
    const input = ((BigInt(high) << 32n) | BigInt(low)).toString(16);
    const isMailbox = record.mailbox.length > 0;
    const mailbox = trimmed(Buffer.from(record.mailbox).toString('hex'));
    return {
      name: record.name,
      opcode: record.opcode,
      inModifier: record.inModifier,
      opModifier: record.opModifier,
      token: record.token,
      event: record.event,
      input: isMailbox ? pages.of(input) : input,
      mailbox: withoutAddress(record.name, mailbox),
    };
  });
}

/** Cuts our mailboxes to as many bytes as the recording has. */
export function cutLike(
  ours: readonly RecordedCommand[],
  recorded: readonly RecordedCommand[],
): RecordedCommand[] {
  return ours.map((command, index) => {
    const most = recorded[index]?.mailbox.length ?? 0;
    return { ...command, mailbox: command.mailbox.slice(0, most) };
  });
}

/** True for a command that was polled for. */
export const isPolled = ({ token }: RecordedCommand): boolean => token === CMD_POLL_TOKEN;
