// One firmware command: what the driver asked for, and what it gets. A handler reads from it, and
// ends by returning (status OK) or by throwing a Refusal with the status of facts/device 3.6. The
// command interface catches that; nothing else does.

import type { CommandName } from '#prm/opcodes.ts';
import { CMD_STAT } from '#prm/status.ts';
import type { CommandStatus } from '#prm/status.ts';

/** Name of a status. */
export type StatusName = keyof typeof CMD_STAT;

/** Why a command was not carried out. */
export class Refusal extends Error {
  readonly status: CommandStatus;

  constructor(status: StatusName, why: string) {
    super(why);
    this.name = 'Refusal';
    this.status = CMD_STAT[status];
  }
}

/** Throws a Refusal unless `condition` holds. */
export function demand(condition: boolean, status: StatusName, why: string): asserts condition {
  if (!condition) throw new Refusal(status, why);
}

/** What the HCR said. Parameters are two 32-bit halves. */
export interface CommandRequest {
  /** Null for an opcode that nobody knows. */
  readonly name: CommandName | null;
  readonly opcode: number;
  readonly inModifier: number;
  readonly opModifier: number;
  readonly token: number;
  readonly event: boolean;
  readonly inHigh: number;
  readonly inLow: number;
  readonly outHigh: number;
  readonly outLow: number;
}

/** Address or value of a parameter given as two halves; exact below 2^53. */
export const parameter = (high: number, low: number): number => high * 2 ** 32 + low;

/** A command under way. */
export class Command {
  readonly request: CommandRequest;
  /** Immediate result. */
  resultHigh = 0;
  resultLow = 0;
  /** What goes to the output mailbox. */
  output: Uint8Array | null = null;
  /** The input mailbox, or null when there is none or it could not be read. */
  readonly mailbox: Uint8Array | null;

  /** `mailbox`: the input mailbox as it was when the command was accepted. */
  constructor(request: CommandRequest, mailbox: Uint8Array | null) {
    this.request = request;
    this.mailbox = mailbox;
  }

  get inModifier(): number {
    return this.request.inModifier;
  }

  get opModifier(): number {
    return this.request.opModifier;
  }

  /** The input mailbox. Refuses when there is none or it could not be read. */
  get input(): Uint8Array {
    demand(this.mailbox !== null, 'BAD_PARAM', 'the input mailbox cannot be read');
    return this.mailbox;
  }

  /** Puts bytes into the output mailbox. */
  answer(bytes: Uint8Array): void {
    this.output = bytes;
  }

  /** Gives an immediate result. */
  result(high: number, low: number): void {
    this.resultHigh = high;
    this.resultLow = low;
  }
}

/** A command that is over, as listeners hear of it. */
export interface CommandRecord {
  /** From 0, in order of acceptance. */
  readonly seq: number;
  /** When it was accepted and when it was answered, ns. */
  readonly timeNs: number;
  readonly doneNs: number;
  /** `QUERY_FW`, or `OPCODE_0x123` for an unknown one. */
  readonly name: string;
  readonly opcode: number;
  readonly inModifier: number;
  readonly opModifier: number;
  readonly token: number;
  readonly event: boolean;
  readonly inParam: readonly [high: number, low: number];
  readonly status: CommandStatus;
  /** First bytes of the input mailbox; empty without one. */
  readonly mailbox: Uint8Array;
}

/** Short name for traces. */
export const shortName = (request: Pick<CommandRequest, 'name' | 'opcode'>): string =>
  request.name?.replace(/^MLX4_(CMD_)?/, '') ?? `OPCODE_0x${request.opcode.toString(16)}`;

/** The stable text of a command in traces. */
export function commandText(request: CommandRequest): string {
  const { inModifier, opModifier, token, event } = request;
  const hex = (value: number) => `0x${value.toString(16)}`;
  return (
    `${shortName(request)} in_mod=${hex(inModifier)} op_mod=${opModifier} ` +
    `token=${hex(token)} ev=${event ? 1 : 0}`
  );
}
