// One firmware command in full: its mailbox by fields, with what the same command said before; the
// seven words of the command register as the driver wrote them; the answer as far as the trace
// tells of it. What the card wrote into an output mailbox is not in the trace.

import { commandByOpcode, commandTable } from '#prm/opcodes.ts';
import { CMD_POLL_TOKEN } from '#prm/registers.ts';
import { K } from '#trace/kinds.ts';
import type { Trace } from '#trace/trace.ts';
import type { CommandList, CommandRow } from './command-list.ts';
import { registerBefore } from './command-register.ts';
import { commandWords } from './command-words.ts';
import { mailboxFields } from './mailbox-fields.ts';
import type { MailboxField } from './mailbox-fields.ts';

/** A field with its value in the same command before. */
export interface DetailField extends MailboxField {
  /** Null when it was the same, or when there was no such command. */
  readonly was: string | null;
}

/** The input mailbox. */
export interface MailboxDetail {
  /** First bytes of it. */
  readonly data: readonly number[];
  readonly fields: readonly DetailField[];
}

/** The answer. */
export interface AnswerDetail {
  readonly seq: number;
  readonly timeNs: number;
  /** Event queue that the answer went through; null for one that was polled for. */
  readonly eqn: number | null;
  readonly statusByte: number;
}

/** A command in full. */
export interface CommandDetail {
  readonly row: CommandRow;
  readonly sentence: string;
  readonly inModifier: number;
  readonly opModifier: number;
  readonly token: number;
  /** The answer comes as an event; else the register is polled. */
  readonly byEvent: boolean;
  readonly mailbox: MailboxDetail | null;
  /** Words of the command register, or null when a driver wrote them that leaves no trace. */
  readonly register: readonly number[] | null;
  readonly answer: AnswerDetail | null;
  /** What the card leaves out of this command; empty for nothing. */
  readonly leftOut: string;
}

/** Events after an answer among which its event is. */
const lookAhead = 16;

/** A command by the event with which the card took it, or null. */
export function commandDetail(
  trace: Trace,
  commands: CommandList,
  seq: number,
): CommandDetail | null {
  const row = commands.at(seq);
  if (row === null) return null;
  const given = commands.given(seq);
  const text = trace.text(trace.event(seq).object);
  const token = Number(/ token=(\S+)/.exec(text)?.[1] ?? CMD_POLL_TOKEN);
  const byEvent = text.endsWith(' ev=1');
  const name = commandByOpcode.get(row.opcode);
  return {
    row,
    sentence: commandWords(given),
    inModifier: given.inModifier,
    opModifier: given.opModifier,
    token,
    byEvent,
    mailbox: mailboxOf(commands, seq),
    register: registerBefore(trace, seq, trace.event(seq).task),
    answer: answerOf(trace, row, byEvent, token),
    leftOut: name === undefined ? '' : commandTable[name].note,
  };
}

function mailboxOf(commands: CommandList, seq: number): MailboxDetail | null {
  const given = commands.given(seq);
  if (given.mailbox.length === 0) return null;
  const before = commands.sameBefore(seq);
  const old = new Map(
    before === null
      ? []
      : mailboxFields(commands.given(before.seq)).map(({ name, value }) => [name, value]),
  );
  const fields = mailboxFields(given).map((field) => {
    const was = old.get(field.name) ?? null;
    return { ...field, was: was === field.value ? null : was };
  });
  return { data: [...given.mailbox], fields };
}

function answerOf(
  trace: Trace,
  { doneSeq }: CommandRow,
  byEvent: boolean,
  token: number,
): AnswerDetail | null {
  if (doneSeq === null) return null;
  const { timeNs, value } = trace.event(doneSeq);
  const answer = { seq: doneSeq, timeNs, eqn: null, statusByte: value };
  if (!byEvent) return answer;
  const told = new RegExp(`^token 0x${token.toString(16)}: EQ (\\d+)$`);
  for (let at = doneSeq; at < Math.min(trace.count, doneSeq + lookAhead); at++) {
    const event = trace.event(at);
    if (event.kind !== K['card.event']) continue;
    const eqn = told.exec(trace.text(event.value))?.[1];
    if (eqn !== undefined) return { ...answer, eqn: Number(eqn) };
  }
  return answer;
}
