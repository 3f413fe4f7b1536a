// A card in a bare computer: memory, clock and interrupts, no kernel. The host keeps the contract
// of bus/pci-function.ts and checks that the card keeps its side: a request for an interrupt that
// is made from inside a register access is noted as a violation. Interrupts are delivered by
// deliver() only.

import { DmaMemory } from '#bus/memory.ts';
import type { AccessSize, MsixMessage, PciHost } from '#bus/pci-function.ts';
import { ConnectX3 } from '#device/connectx3.ts';
import type { CardProfile, CardOptions } from '#device/options.ts';
import { buildTopology } from '#fabric/topology.ts';
import type { Fabric } from '#fabric/fabric.ts';
import type { TopologySpec } from '#fabric/topology.ts';
import { PCI_COMMAND, PCI_COMMAND_MASTER, PCI_COMMAND_MEMORY } from '#prm/pci-config.ts';
import { Trace } from '#trace/trace.ts';
import { kindTable } from '#trace/kinds.ts';
import type { KindName } from '#trace/kinds.ts';
import { TestClock } from '../clock.ts';

/** A computer with one slot. */
export class BareHost implements PciHost {
  readonly memory: DmaMemory;
  /** Messages that came and were not delivered yet. */
  readonly messages: MsixMessage[] = [];
  /** INTA# is pulled. */
  line = false;
  /** Times that INTA# was pulled. */
  pulls = 0;
  /** What the card must not do. */
  readonly violations: string[] = [];
  /** Register accesses under way. */
  depth = 0;
  private readonly clock: TestClock;

  constructor(clock: TestClock, memory: DmaMemory) {
    this.clock = clock;
    this.memory = memory;
  }

  now(): number {
    return this.clock.now();
  }

  after(delayNs: number, fn: () => void): void {
    this.clock.after(delayNs, fn);
  }

  dmaRead(address: number, into: Uint8Array): void {
    this.memory.read(address, into);
  }

  dmaWrite(address: number, from: Uint8Array): void {
    this.memory.write(address, from);
  }

  raise(message: MsixMessage | null): void {
    if (this.depth > 0) this.violations.push('interrupt from inside a register access');
    if (message !== null) {
      this.messages.push(message);
      return;
    }
    if (!this.line) this.pulls++;
    this.line = true;
  }

  lower(): void {
    this.line = false;
  }
}

/** How a rig is made. */
export interface RigOptions {
  readonly profile?: CardProfile;
  readonly card?: Partial<CardOptions>;
  /** The network; none unless given. */
  readonly topology?: TopologySpec;
}

/** Host, card and network, and the accesses that software makes. */
export class Rig {
  readonly trace = new Trace();
  readonly clock = new TestClock(this.trace);
  readonly host = new BareHost(this.clock, new DmaMemory());
  readonly card: ConnectX3;
  readonly fabric: Fabric | null;

  constructor(options: RigOptions = {}) {
    const { profile = 'default', card = {}, topology } = options;
    this.card = new ConnectX3({ name: 'card0', trace: this.trace, profile, options: card });
    this.card.attach(this.host);
    this.fabric =
      topology === undefined
        ? null
        : buildTopology(this.clock, this.trace, topology, this.card.wirePorts());
  }

  get memory(): DmaMemory {
    return this.host.memory;
  }

  /** Switches memory decoding and bus mastering on. */
  enable(): void {
    this.configWrite(PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
  }

  read(bar: number, offset: number, size: AccessSize): number {
    return this.access(() => this.card.barRead(bar, offset, size));
  }

  write(bar: number, offset: number, size: AccessSize, value: number): void {
    this.access(() => {
      this.card.barWrite(bar, offset, size, value);
    });
  }

  configRead(offset: number, size: AccessSize): number {
    return this.access(() => this.card.configRead(offset, size));
  }

  configWrite(offset: number, size: AccessSize, value: number): void {
    this.access(() => {
      this.card.configWrite(offset, size, value);
    });
  }

  /** A big-endian register. */
  readBe32(bar: number, offset: number): number {
    return swap(this.read(bar, offset, 4));
  }

  writeBe32(bar: number, offset: number, value: number): void {
    this.write(bar, offset, 4, swap(value));
  }

  /** Texts of the events of one kind, as `object: value`. */
  events(kind: KindName, from = 0): string[] {
    const found: string[] = [];
    for (const event of this.trace.events(from)) {
      if (kindTable[event.kind]?.name !== kind) continue;
      found.push(`${this.trace.text(event.object)}: ${this.trace.text(event.value)}`);
    }
    return found;
  }

  private access<T>(fn: () => T): T {
    this.host.depth++;
    try {
      return fn();
    } finally {
      this.host.depth--;
    }
  }
}

const swap = (value: number): number =>
  (((value & 0xff) << 24) | ((value & 0xff00) << 8) | ((value >>> 8) & 0xff00) | (value >>> 24)) >>>
  0;
