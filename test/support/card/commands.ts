// Firmware commands as a driver gives them: parameters into the HCR word by word, the control word
// last with GO and the toggle bit, then polling, or waiting for the CMD event (facts/device 3).

import { commandTable } from '#prm/opcodes.ts';
import type { CommandName } from '#prm/opcodes.ts';
import {
  CMD_POLL_TOKEN,
  HCR_E_BIT,
  HCR_GO_BIT,
  HCR_OPMOD_SHIFT,
  HCR_T_BIT,
  MLX4_HCR_BASE,
} from '#prm/registers.ts';
import { statusName } from '#prm/status.ts';
import type { Rig } from './rig.ts';

/** A parameter: a mailbox's bytes, or an immediate as two halves. */
export type Parameter = Uint8Array | readonly [high: number, low: number];

/** What a command is given with; everything is 0 unless named. */
export interface CommandArguments {
  readonly in?: Parameter;
  readonly inMod?: number;
  readonly opMod?: number;
  /** Address of the output mailbox; the driver's own unless given. */
  readonly out?: number;
}

/** What came back. */
export interface CommandResult {
  readonly status: number;
  /** Name of the status. */
  readonly name: string;
  readonly immediate: readonly [high: number, low: number];
  /** The output mailbox, whatever the command wrote there. */
  readonly mailbox: Uint8Array;
}

const mailboxBytes = 4096;
const goMask = 2 ** HCR_GO_BIT;
const toggleMask = 2 ** HCR_T_BIT;
/** A command that takes longer than this, ns, is stuck. */
const patienceNs = 60e9;

/** The command interface of a rig. */
export class Commands {
  /** Toggle of the next command: 1 after a reset. */
  toggle = 1;
  readonly inBox: number;
  readonly outBox: number;
  private readonly rig: Rig;

  constructor(rig: Rig) {
    this.rig = rig;
    this.inBox = rig.memory.allocate(mailboxBytes).address;
    this.outBox = rig.memory.allocate(mailboxBytes).address;
  }

  /** The control word of the HCR. */
  get control(): number {
    return this.rig.readBe32(0, MLX4_HCR_BASE + 0x18);
  }

  /** The card owns the register, or the toggle says that it has not seen the last command. */
  get pending(): boolean {
    return (
      (this.control & goMask) !== 0 || ((this.control & toggleMask) !== 0) === (this.toggle === 1)
    );
  }

  /** Writes the HCR. `opcode` by name, or a number that is none. */
  post(
    command: CommandName | number,
    given: CommandArguments = {},
    token = CMD_POLL_TOKEN,
    event = false,
  ): void {
    const { rig } = this;
    const [inHigh, inLow] = this.parameter(given.in);
    const out = given.out ?? this.outBox;
    const opcode = typeof command === 'number' ? command : commandTable[command].opcode;
    const words = [inHigh, inLow, given.inMod ?? 0, Math.floor(out / 2 ** 32), out % 2 ** 32];
    words.push(token * 2 ** 16);
    words.forEach((word, index) => {
      rig.writeBe32(0, MLX4_HCR_BASE + 4 * index, word >>> 0);
    });
    const control =
      goMask +
      (event ? 2 ** HCR_E_BIT : 0) +
      this.toggle * toggleMask +
      (given.opMod ?? 0) * 2 ** HCR_OPMOD_SHIFT +
      opcode;
    rig.writeBe32(0, MLX4_HCR_BASE + 0x18, control);
    this.toggle ^= 1;
  }

  /** Gives a command in polling mode and lets time go by until it is answered. */
  run(command: CommandName | number, given: CommandArguments = {}): CommandResult {
    const { rig } = this;
    rig.memory.fill(this.outBox, mailboxBytes, 0);
    this.post(command, given);
    const until = rig.clock.now() + patienceNs;
    while ((this.control & goMask) !== 0) {
      if (!rig.clock.step() || rig.clock.now() > until) throw new Error('the command is stuck');
    }
    return this.result(this.control >>> 24);
  }

  /** A command that must succeed. */
  ok(command: CommandName, given: CommandArguments = {}): CommandResult {
    const result = this.run(command, given);
    if (result.status !== 0) {
      const why = refusalsOf(this.rig).at(-1) ?? '';
      throw new Error(`${command}: ${result.name}; ${why}`);
    }
    return result;
  }

  /** Name of the status that a command answers. */
  status(command: CommandName | number, given: CommandArguments = {}): string {
    return this.run(command, given).name;
  }

  private result(status: number): CommandResult {
    const mailbox = new Uint8Array(mailboxBytes);
    this.rig.memory.read(this.outBox, mailbox);
    const high = this.rig.readBe32(0, MLX4_HCR_BASE + 0x0c);
    const low = this.rig.readBe32(0, MLX4_HCR_BASE + 0x10);
    return { status, name: statusName(status), immediate: [high, low], mailbox };
  }

  private parameter(parameter: Parameter | undefined): readonly [number, number] {
    if (parameter === undefined) return [0, 0];
    if (!(parameter instanceof Uint8Array)) return parameter;
    this.rig.memory.fill(this.inBox, mailboxBytes, 0);
    this.rig.memory.write(this.inBox, parameter);
    return [Math.floor(this.inBox / 2 ** 32), this.inBox % 2 ** 32];
  }
}

const refusalsOf = (rig: Rig): string[] => rig.events('card.refused');
