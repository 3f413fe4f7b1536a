// Event and completion queues as a driver keeps them: memory, consumer index, owner bits, doorbells
// (facts/device 6.2, 6.3, 7.2, 7.3).

import { cqContext, eqContext } from '#prm/contexts.ts';
import { cqe, cqeBytes, cqeOwnerOffset } from '#prm/completion.ts';
import {
  eqe,
  eqeBytes,
  eqeCmd,
  eqeCq,
  eqeOwnerOffset,
  ownerBit,
  ownerOfPass,
} from '#prm/events.ts';
import {
  MLX4_CQ_DB_REQ_NOT,
  MLX4_CQ_DOORBELL,
  eqDoorbellAddress,
  uarPageBytes,
} from '#prm/registers.ts';
import type { ValuesOf } from '#prm/layout.ts';
import type { CommandResult } from './commands.ts';
import { driverUar } from './driver.ts';
import type { BareDriver, Buffer } from './driver.ts';

const indexMask = 2 ** 24 - 1;

/** The valid entries of a ring from `consumer` on. */
function take(
  driver: BareDriver,
  buffer: Buffer,
  entries: number,
  consumer: number,
  max: number,
): Uint8Array[] {
  const found: Uint8Array[] = [];
  while (found.length < max) {
    const index = consumer + found.length;
    const entry = new Uint8Array(eqeBytes);
    driver.rig.memory.read(buffer.address + (index % entries) * eqeBytes, entry);
    if ((entry[eqeOwnerOffset]! & ownerBit) !== ownerOfPass(index, entries)) break;
    found.push(entry);
  }
  return found;
}

/** What a queue is made with. */
export interface EqOptions {
  readonly logEntries?: number;
  readonly vector?: number;
  /** Fields of the context that differ. */
  readonly context?: Partial<ValuesOf<typeof eqContext.fields>>;
}

/** An event queue. */
export class BareEq {
  readonly eqn: number;
  readonly entries: number;
  readonly buffer: Buffer;
  consumer = 0;
  private readonly driver: BareDriver;

  constructor(driver: BareDriver, eqn: number, options: EqOptions = {}) {
    const { logEntries = 7, vector = 0, context = {} } = options;
    this.driver = driver;
    this.eqn = eqn;
    this.entries = 2 ** logEntries;
    this.buffer = driver.buffer(this.entries * eqeBytes);
    driver.mapFor('eq', eqn);
    const mailbox = eqContext.make({
      state: 9,
      log_eq_size: logEntries,
      intr: vector,
      mtt_base_addr_l: this.buffer.mttOffset,
      ...context,
    });
    driver.commands.ok('MLX4_CMD_SW2HW_EQ', { in: mailbox, inMod: eqn });
  }

  /** Takes the events that came. */
  poll(max = Number.POSITIVE_INFINITY): Uint8Array[] {
    const found = take(this.driver, this.buffer, this.entries, this.consumer, max);
    this.consumer += found.length;
    return found;
  }

  /** Types and subtypes of the events that came. */
  types(): (readonly [type: number, subtype: number])[] {
    return this.poll().map((entry) => [eqe.get(entry, 'type'), eqe.get(entry, 'subtype')]);
  }

  /** CQNs of the COMP events that came. */
  completions(): number[] {
    return this.poll().map((entry) => eqeCq.get(entry, 'cqn'));
  }

  /** Rings the doorbell. */
  ring(arm: boolean): void {
    const value = (this.consumer & indexMask) + (arm ? 2 ** 31 : 0);
    this.driver.rig.writeBe32(2, eqDoorbellAddress(this.eqn), value);
  }

  /** The command that a CMD event answers, or null when the next event is none. */
  command(): (CommandResult & { readonly token: number }) | null {
    const [entry] = this.poll(1);
    if (entry === undefined || eqe.get(entry, 'type') !== 0x0a) return null;
    return {
      token: eqeCmd.get(entry, 'token'),
      status: eqeCmd.get(entry, 'status'),
      name: '',
      immediate: [eqeCmd.get(entry, 'out_param_h'), eqeCmd.get(entry, 'out_param_l')],
      mailbox: new Uint8Array(0),
    };
  }
}

/** What a queue is made with. */
export interface CqOptions {
  readonly logEntries?: number;
  readonly uar?: number;
  readonly onePage?: boolean;
  readonly context?: Partial<ValuesOf<typeof cqContext.fields>>;
}

/** A completion queue. */
export class BareCq {
  readonly cqn: number;
  readonly entries: number;
  readonly buffer: Buffer;
  /** Doorbell record: consumer index, arm word. */
  readonly record: number;
  readonly uar: number;
  consumer = 0;
  /** Sequence number of the next arm; a COMP event moves it on. */
  sequence = 1;
  private readonly driver: BareDriver;

  constructor(driver: BareDriver, cqn: number, eqn: number, options: CqOptions = {}) {
    const { logEntries = 7, uar = driverUar, onePage = false, context = {} } = options;
    this.driver = driver;
    this.cqn = cqn;
    this.uar = uar;
    this.entries = 2 ** logEntries;
    this.buffer = driver.buffer(this.entries * cqeBytes, onePage);
    this.record = driver.rig.memory.allocate(8).address;
    driver.mapFor('cq', cqn % 2 ** 10);
    const mailbox = cqContext.make({
      log_size: logEntries,
      usr_page: uar,
      comp_eqn: eqn,
      log_page_size: this.buffer.logPageSize,
      mtt_base_addr_l: this.buffer.mttOffset,
      db_rec_addr: this.record,
      ...context,
    });
    driver.commands.ok('MLX4_CMD_SW2HW_CQ', { in: mailbox, inMod: cqn });
  }

  /** Takes the completions that came, and tells the card by the doorbell record. */
  poll(max = Number.POSITIVE_INFINITY): Uint8Array[] {
    const found = take(this.driver, this.buffer, this.entries, this.consumer, max);
    this.consumer += found.length;
    this.driver.rig.memory.writeBe32(this.record, this.consumer & indexMask);
    return found;
  }

  /** The completions that came, decoded. */
  decoded(): (ValuesOf<typeof cqe.fields> & { readonly opcode: number; readonly send: boolean })[] {
    return this.poll().map((entry) => ({
      ...cqe.read(entry),
      opcode: entry[cqeOwnerOffset]! & 0x1f,
      send: (entry[cqeOwnerOffset]! & 0x40) !== 0,
    }));
  }

  /** Rings the doorbell: command 2 asks for an event on the next completion. */
  arm(command = MLX4_CQ_DB_REQ_NOT, sequence = this.sequence): void {
    const { rig } = this.driver;
    const word = ((sequence & 3) << 28) | (command << 24) | this.cqn;
    rig.memory.writeBe32(this.record + 4, (word & 0x3f00_0000) | (this.consumer & indexMask));
    rig.writeBe32(2, this.uar * uarPageBytes + MLX4_CQ_DOORBELL, word);
    rig.writeBe32(2, this.uar * uarPageBytes + MLX4_CQ_DOORBELL + 4, this.consumer & indexMask);
  }
}
