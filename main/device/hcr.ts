// The command register (facts/device 3): seven words; writing the last one with GO starts a
// command. Polling mode: GO stays set until the answer is there. Event mode: GO is cleared when the
// command is accepted, up to 16 are under way, the answer is a CMD event. The toggle bit stays as
// written. The input mailbox is read when the command is accepted, the work is done and answered
// after the command's declared time. A card that is dead (catastrophic) leaves GO set for ever.

import { K } from '#trace/kinds.ts';
import { MLX4_MAILBOX_SIZE } from '#prm/firmware.ts';
import { commandByOpcode, commandTable } from '#prm/opcodes.ts';
import {
  HCR_GO_BIT,
  HCR_OUT_PARAM_OFFSET,
  HCR_STATUS_OFFSET,
  MLX4_HCR_SIZE,
  hcr,
} from '#prm/registers.ts';
import { CMD_STAT, closingCommands, statusName } from '#prm/status.ts';
import type { CommandStatus } from '#prm/status.ts';
import { readBe32, writeBe32 } from '#bus/bytes.ts';
import { Command, Refusal, commandText, demand, parameter, shortName } from './command.ts';
import type { CommandRecord, CommandRequest } from './command.ts';
import { commandRows } from './commands/table.ts';
import type { CommandBehaviour } from './commands/table.ts';
import type { Hca, Phase } from './hca.ts';
import { unexpected } from './host-link.ts';
import { commandNs, outstandingMax } from './timing.ts';

const goMask = 2 ** HCR_GO_BIT;
/** Bytes of a mailbox that go into the trace. */
const tracedBytes = 256;
const phaseOrder: Readonly<Record<Phase, number>> = { power: 0, running: 1, initialised: 2 };

/** A command between acceptance and answer. */
interface UnderWay {
  readonly seq: number;
  readonly timeNs: number;
  readonly command: Command;
  readonly prefix: Uint8Array;
}

/** The command interface of a card, from one reset to the next. */
export class CommandInterface {
  /** Told of every answered command. */
  onCommand: (record: CommandRecord) => void = () => undefined;
  private readonly hca: Hca;
  private readonly bytes = new Uint8Array(MLX4_HCR_SIZE);
  private readonly isDead: () => boolean;
  private seq: number;
  private outstanding = 0;
  /** Mailboxes of commands that are over: handlers keep copies, never the mailbox itself. */
  private readonly mailboxes: Uint8Array[] = [];
  /** An event-mode command that waits for one of the others to end; GO stays set. */
  private waiting: CommandRequest | null = null;

  /** `firstSeq`: number of the next command; numbers go on over resets. */
  constructor(hca: Hca, isDead: () => boolean, firstSeq: number) {
    this.hca = hca;
    this.isDead = isDead;
    this.seq = firstSeq;
  }

  /** Number of the next command. */
  get nextSeq(): number {
    return this.seq;
  }

  /** A word of the register, by byte offset. */
  read(offset: number): number {
    return readBe32(this.bytes, offset);
  }

  /** Writes a word; the last one may start a command. */
  write(offset: number, value: number): void {
    if ((this.read(HCR_STATUS_OFFSET) & goMask) !== 0) {
      this.hca.refuse(`HCR write at ${offset}`, 'GO is set: the card owns the register');
      return;
    }
    writeBe32(this.bytes, offset, value);
    if (offset === HCR_STATUS_OFFSET && (value & goMask) !== 0) this.start();
  }

  private start(): void {
    if (this.isDead()) return;
    const { bytes } = this;
    const opcode = hcr.get(bytes, 'opcode');
    const request: CommandRequest = {
      name: commandByOpcode.get(opcode) ?? null,
      opcode,
      inModifier: hcr.get(bytes, 'in_modifier'),
      opModifier: hcr.get(bytes, 'opcode_modifier'),
      token: hcr.get(bytes, 'token'),
      event: hcr.get(bytes, 'event'),
      inHigh: hcr.get(bytes, 'in_param_h'),
      inLow: hcr.get(bytes, 'in_param_l'),
      outHigh: hcr.get(bytes, 'out_param_h'),
      outLow: hcr.get(bytes, 'out_param_l'),
    };
    if (request.event && this.outstanding >= outstandingMax) this.waiting = request;
    else this.accept(request);
  }

  private accept(request: CommandRequest): void {
    const { hca } = this;
    if (request.event) hcr.set(this.bytes, 'go', false);
    this.outstanding++;
    const mailbox = this.readMailbox(request);
    const { trace } = hca.link;
    const prefix = mailbox?.slice(0, tracedBytes) ?? new Uint8Array(0);
    const blob = mailbox === null ? 0 : trace.keep(prefix);
    trace.emit(K['fw.command'], trace.intern(commandText(request)), blob);
    const command = new Command(request, mailbox);
    const underWay = { seq: this.seq++, timeNs: hca.link.now(), command, prefix };
    const fate = hca.faults.fateOf(request.name);
    if (fate.dropped) {
      hca.link.note('card.fault', commandText(request), 'dropped');
      return;
    }
    const finish = () => {
      if (!this.isDead()) this.finish(underWay, fate.status);
    };
    hca.after(commandNs(request.name) + fate.extraNs, () => {
      if (!fate.held) return finish();
      hca.link.note('card.fault', commandText(request), 'held');
      hca.faults.hold(request.name, () => hca.after(0, finish));
    });
  }

  /** The input mailbox, or null when the command has none or it cannot be read. */
  private readMailbox(request: CommandRequest): Uint8Array | null {
    if (request.name === null) return null;
    const kind = commandTable[request.name].in;
    const row = rowOf(request);
    const has = kind === 'mailbox' || (kind === 'varies' && row?.mailboxFor === request.opModifier);
    if (!has) return null;
    const mailbox = this.mailboxes.pop() ?? new Uint8Array(MLX4_MAILBOX_SIZE);
    return this.hca.link.read(parameter(request.inHigh, request.inLow), mailbox) ? mailbox : null;
  }

  private finish(underWay: UnderWay, forced: CommandStatus | null): void {
    const { command } = underWay;
    const { request } = command;
    if (forced !== null) this.hca.link.note('card.fault', commandText(request), 'failed');
    const status = forced ?? this.carryOut(command);
    const { trace } = this.hca.link;
    trace.emit(K['fw.done'], trace.intern(shortName(request)), status);
    this.outstanding--;
    if (request.event) this.reportEvent(command, status);
    else this.reportPolled(command, status);
    if (command.mailbox !== null) this.mailboxes.push(command.mailbox);
    this.onCommand(this.recordOf(underWay, status));
    const { waiting } = this;
    if (waiting === null) return;
    this.waiting = null;
    this.accept(waiting);
  }

  /** Runs the handler and writes the output mailbox. */
  private carryOut(command: Command): CommandStatus {
    const { request } = command;
    try {
      const row = rowOf(request);
      demand(request.name !== null, 'BAD_OP', 'unknown opcode');
      demand(row !== null, 'BAD_OP', 'not modelled');
      const reached = phaseOrder[this.hca.phase] >= phaseOrder[row.needs];
      demand(reached, 'BAD_SYS_STATE', `needs ${row.needs}, is ${this.hca.phase}`);
      const known = row.opModifiers.includes(request.opModifier);
      demand(known, 'BAD_OP', `opcode modifier ${request.opModifier}`);
      row.run(this.hca, command);
      const out = parameter(request.outHigh, request.outLow);
      const written = command.output === null || this.hca.link.write(out, command.output);
      demand(written, 'BAD_PARAM', 'the output mailbox cannot be written');
      return CMD_STAT.OK;
    } catch (error) {
      return this.refusalStatus(request, error);
    }
  }

  private refusalStatus(request: CommandRequest, error: unknown): CommandStatus {
    const status = error instanceof Refusal ? error.status : CMD_STAT.INTERNAL_ERR;
    const why = error instanceof Error ? error.message : String(error);
    if (!(error instanceof Refusal)) {
      this.hca.link.error(`${unexpected} in ${shortName(request)}: ${why}`);
    }
    // The driver takes a failed closing command for a dead card (3.7).
    const forgiven = request.name !== null && closingCommands.has(request.name);
    const answer = forgiven ? 'OK, as every closing command' : statusName(status);
    this.hca.refuse(commandText(request), `${why} (${answer})`);
    return forgiven ? CMD_STAT.OK : status;
  }

  private reportEvent(command: Command, status: CommandStatus): void {
    const { resultHigh, resultLow, request } = command;
    this.hca.events.postCommand(request.token, status, resultHigh, resultLow);
  }

  private reportPolled(command: Command, status: CommandStatus): void {
    const { bytes } = this;
    if (command.resultHigh !== 0 || command.resultLow !== 0 || givesImmediate(command.request)) {
      writeBe32(bytes, HCR_OUT_PARAM_OFFSET, command.resultHigh);
      writeBe32(bytes, HCR_OUT_PARAM_OFFSET + 4, command.resultLow);
    }
    hcr.set(bytes, 'status', status);
    hcr.set(bytes, 'go', false);
  }

  private recordOf(underWay: UnderWay, status: CommandStatus): CommandRecord {
    const { seq, timeNs, prefix, command } = underWay;
    const { opcode, inModifier, opModifier, token, event, inHigh, inLow } = command.request;
    return {
      seq,
      timeNs,
      doneNs: this.hca.link.now(),
      name: shortName(command.request),
      opcode,
      inModifier,
      opModifier,
      token,
      event,
      inParam: [inHigh, inLow],
      status,
      mailbox: prefix,
    };
  }
}

/** Behaviour of a command that is modelled, or null. */
function rowOf(request: CommandRequest): CommandBehaviour | null {
  const rows: Readonly<Record<string, CommandBehaviour>> = commandRows;
  return request.name === null ? null : (rows[request.name] ?? null);
}

const givesImmediate = (request: CommandRequest): boolean =>
  request.name !== null && commandTable[request.name].out === 'immediate';
