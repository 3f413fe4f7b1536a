// Faults of the card: named, typed switches, all off by default, usable from tests, the window and
// scenario files. A fault changes what a healthy card would do at one declared place; it never
// reaches into the driver. Each use leaves a `card.fault` event.

import type { CommandName } from '#prm/opcodes.ts';
import type { CommandStatus } from '#prm/status.ts';

/** A command that a fault is meant for. */
export type FaultTarget = CommandName | 'any';

/** One switch with its settings. Counts are uses until it switches itself off; 0 = no end. */
export type Fault =
  | { readonly name: 'slowCommand'; readonly command: FaultTarget; readonly extraNs: number }
  | { readonly name: 'holdCommand'; readonly command: FaultTarget }
  | {
      readonly name: 'failCommand';
      readonly command: FaultTarget;
      readonly status: CommandStatus;
      readonly count?: number;
    }
  | { readonly name: 'dropCommand'; readonly command: FaultTarget; readonly count?: number }
  | { readonly name: 'dropInterrupt'; readonly count?: number }
  | { readonly name: 'catastrophic' }
  | {
      readonly name: 'portFlap';
      readonly portNumber: 1 | 2;
      readonly downNs: number;
      readonly upNs?: number;
      /** How often; 1 unless given. */
      readonly count?: number;
    };

/** Name of a switch. */
export type FaultName = Fault['name'];

/** One line for each switch. */
export const faultDescriptions: Readonly<Record<FaultName, string>> = {
  slowCommand: 'a firmware command takes extraNs longer',
  holdCommand: 'a firmware command is held until it is released',
  failCommand: 'a firmware command answers the given status, count times',
  dropCommand: 'a firmware command is never answered, count times',
  dropInterrupt: 'the next count interrupts are lost',
  catastrophic: 'the error buffer is filled and the card answers nothing more',
  portFlap: 'a port loses its link for downNs, count times, upNs apart',
};

/** What a fault does to one command. */
export interface CommandFate {
  readonly extraNs: number;
  readonly held: boolean;
  readonly dropped: boolean;
  /** Status to answer instead of carrying the command out, or null. */
  readonly status: CommandStatus | null;
}

interface Armed {
  readonly fault: Fault;
  left: number;
}

/** The switches of one card. */
export class Faults {
  /** The card listens here: some faults act when they are switched on. */
  onSet: (fault: Fault) => void = () => undefined;
  /** Told when something was armed, used up, switched off, held or let go. */
  onChange: () => void = () => undefined;
  private armed: Armed[] = [];
  private held: { readonly command: CommandName | null; readonly resume: () => void }[] = [];

  /** The switches that are on. */
  get list(): readonly Fault[] {
    return this.armed.map((entry) => entry.fault);
  }

  /** Switches a fault on. Several of one kind may be on for different commands. */
  set(fault: Fault): void {
    const count = 'count' in fault ? (fault.count ?? 0) : 0;
    if (fault.name !== 'catastrophic' && fault.name !== 'portFlap') {
      this.armed.push({ fault, left: count === 0 ? Number.POSITIVE_INFINITY : count });
    }
    this.onChange();
    this.onSet(fault);
  }

  /** How many switches of this name are on. */
  countOf(name: FaultName): number {
    return this.armed.filter(({ fault }) => fault.name === name).length;
  }

  /** Switches off every fault of this kind (all without a name). Held commands go on. */
  clear(name?: FaultName): void {
    this.armed = this.armed.filter(({ fault }) => name !== undefined && fault.name !== name);
    this.onChange();
    if (name === undefined || name === 'holdCommand') this.release('any');
  }

  /** Lets held commands of this name go on; the switch itself stays. Gives their number. */
  release(command: FaultTarget): number {
    const going = this.held.filter((one) => command === 'any' || one.command === command);
    this.held = this.held.filter((one) => !going.includes(one));
    if (going.length > 0) this.onChange();
    for (const one of going) one.resume();
    return going.length;
  }

  /** Commands that are held at the moment. */
  get heldCommands(): readonly (CommandName | null)[] {
    return this.held.map((one) => one.command);
  }

  /** For the command interface: keeps a command until release(). */
  hold(command: CommandName | null, resume: () => void): void {
    this.held.push({ command, resume });
    this.onChange();
  }

  /** For the card: a reset forgets what is held. */
  forgetHeld(): void {
    this.held = [];
    this.onChange();
  }

  /** For the command interface: what happens to a command now. Uses up counts. */
  fateOf(command: CommandName | null): CommandFate {
    let extraNs = 0;
    let held = false;
    let dropped = false;
    let status: CommandStatus | null = null;
    for (const entry of this.armed) {
      const { fault } = entry;
      if (!('command' in fault)) continue;
      if (fault.command !== 'any' && fault.command !== command) continue;
      entry.left--;
      if (fault.name === 'slowCommand') extraNs += fault.extraNs;
      else if (fault.name === 'holdCommand') held = true;
      else if (fault.name === 'dropCommand') dropped = true;
      else status ??= fault.status;
    }
    this.dropSpent();
    return { extraNs, held, dropped, status };
  }

  /** For the interrupts: true when this one is lost. */
  takeInterrupt(): boolean {
    if (this.armed.length === 0) return false;
    const entry = this.armed.find(({ fault }) => fault.name === 'dropInterrupt');
    if (entry === undefined) return false;
    entry.left--;
    this.dropSpent();
    return true;
  }

  private dropSpent(): void {
    if (this.armed.every((entry) => entry.left > 0)) return;
    this.armed = this.armed.filter((entry) => entry.left > 0);
    this.onChange();
  }
}
