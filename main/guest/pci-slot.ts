// A slot of the emulated PC with a card in it: configuration space, memory BARs, DMA, interrupts.
// The emulator's own PCI knows no memory BARs that move, so accesses to our bus address are
// answered here. Facts: facts/guest.md, "Attaching a card" and "Traps".
//
// The emulator enters the guest's interrupt handler at once when an interrupt is raised; inside a
// register access that corrupts the guest. So an interrupt waits for deliver(), which the emulator
// calls between two stretches of guest code.

import type { AccessSize, BarSpec, MsixMessage, PciFunction, PciHost } from '#bus/pci-function.ts';
import type { HostClock } from './host-clock.ts';
import type { InsideCpu, InsidePci } from './inside.ts';

/** Slot of the card, free in v86; its INTA# is routed to IRQ 11. */
const slot = 4;
const bdf = slot << 3;

const configBytes = 256;
const commandAt = 0x04;
const barsAt = 0x10;
const interruptLineAt = 0x3c;
/** COMMAND: the card answers at its BARs. */
const memoryEnabled = 2;

/** The emulator maps memory in pieces of this size. */
const mapBytes = 0x2_0000;

/** Words of the local APIC's registers: requests, and which of them are level triggered. */
const [apicWords, irrAt, tmrAt] = [46, 16, 32] as const;

const msiVector = (data: number): number => data & 0xff;

/** A BAR that answers. */
interface Mapped {
  readonly bar: BarSpec;
  readonly base: number;
}

export class PciSlot implements PciHost {
  private readonly cpu: InsideCpu;
  private readonly card: PciFunction;
  private readonly clock: HostClock;
  /** The emulator's copy of the configuration space: its interrupt routing reads the pin there. */
  private readonly copy = new Int32Array(configBytes / 4);
  private mapped: readonly Mapped[] = [];
  private waiting: (MsixMessage | null)[] = [];
  private wanted: NodeJS.Immediate | null = null;
  /** Errors of ours that were stopped at the emulator's door. */
  readonly errors: unknown[] = [];

  constructor(cpu: InsideCpu, card: PciFunction, clock: HostClock) {
    this.cpu = cpu;
    this.card = card;
    this.clock = clock;
    const { pci } = cpu.devices;
    pci.devices[bdf] = { name: card.name, pci_id: bdf, pci_bars: [] };
    pci.device_spaces[bdf] = this.copy;
    this.answerConfig(pci);
    const timers = cpu.run_hardware_timers.bind(cpu);
    cpu.run_hardware_timers = (acpi, nowMs) => {
      this.clock.run();
      this.deliver();
      return timers(acpi, nowMs);
    };
    card.attach(this);
    this.refresh();
  }

  now(): number {
    return this.clock.now();
  }

  after(delayNs: number, fn: () => void): void {
    this.clock.after(delayNs, fn);
  }

  dmaRead(address: number, into: Uint8Array): void {
    into.set(this.memory(address, into.length));
  }

  dmaWrite(address: number, from: Uint8Array): void {
    this.memory(address, from.length).set(from);
    this.cpu.jit_dirty_cache(address, address + from.length);
  }

  raise(message: MsixMessage | null): void {
    this.waiting.push(message);
    // The processor may sleep, and call nothing between two stretches of code.
    this.wanted ??= setImmediate(() => {
      this.wanted = null;
      this.deliver();
    });
  }

  lower(): void {
    this.waiting = this.waiting.filter((message) => message !== null);
    this.cpu.devices.pci.lower_irq(bdf);
  }

  /**
   * The guest's memory was put back as it was: the card's configuration is what the guest has
   * written there.
   */
  restored(): void {
    const kept = new DataView(this.copy.slice().buffer);
    for (const { index, is64Bit } of this.card.bars) {
      for (const at of [index, ...(is64Bit ? [index + 1] : [])].map((bar) => barsAt + 4 * bar)) {
        this.card.configWrite(at, 4, kept.getUint32(at, true));
      }
    }
    this.card.configWrite(interruptLineAt, 1, kept.getUint8(interruptLineAt));
    this.card.configWrite(commandAt, 2, kept.getUint16(commandAt, true));
    this.refresh();
  }

  /** No interrupt comes any more. */
  stop(): void {
    this.waiting = [];
    if (this.wanted !== null) clearImmediate(this.wanted);
  }

  /** Interrupts enter the guest. Never from inside a register access. */
  private deliver(): void {
    for (const message of this.waiting.splice(0)) {
      if (message === null) this.cpu.devices.pci.raise_irq(bdf);
      else this.deliverMessage(message);
    }
  }

  /** What the write of an MSI-X message does: the vector is requested at the local APIC. */
  private deliverMessage({ data }: MsixMessage): void {
    const { cpu } = this;
    const apic = new Int32Array(cpu.wasm_memory.buffer, cpu.get_apic_addr(), apicWords);
    const vector = msiVector(data);
    const [word, bit] = [vector >> 5, 1 << (vector & 31)];
    apic[tmrAt + word]! &= ~bit;
    apic[irrAt + word]! |= bit;
    cpu.handle_irqs();
  }

  /** Bytes of the guest's memory. Throws where there is none. */
  private memory(address: number, length: number): Uint8Array {
    const { mem8, wasm_memory, memory_size } = this.cpu;
    if (!Number.isSafeInteger(address) || address < 0 || address + length > memory_size[0]!) {
      throw new RangeError(`no memory of the guest at 0x${address.toString(16)}`);
    }
    return new Uint8Array(wasm_memory.buffer, mem8.byteOffset + address, length);
  }

  /** Nothing may leave a callback of the emulator: it would unwind through the guest's code. */
  private guarded<T>(otherwise: T, act: () => T): T {
    try {
      this.clock.now();
      return act();
    } catch (error) {
      this.errors.push(error);
      return otherwise;
    }
  }

  private answerConfig(pci: InsidePci): void {
    const query = pci.pci_query.bind(pci);
    pci.pci_query = () => {
      const [register, low, high] = [pci.pci_addr[0]!, pci.pci_addr[1]!, pci.pci_addr[2]!];
      if (((high << 8) | low) !== bdf) {
        query();
        return;
      }
      pci.pci_status32[0] = 0x8000_0000 | 0;
      pci.pci_response32[0] = this.guarded(-1, () => this.card.configRead(register & 0xfc, 4) | 0);
    };
    const writes = [
      ['pci_write8', 1],
      ['pci_write16', 2],
      ['pci_write32', 4],
    ] as const;
    for (const [name, size] of writes) {
      const write = pci[name].bind(pci);
      pci[name] = (address, value) => {
        if (((address >> 8) & 0xffff) !== bdf) write(address, value);
        else this.guarded(undefined, () => this.writeConfig(address & 0xff, size, value));
      };
    }
  }

  private writeConfig(offset: number, size: AccessSize, value: number): void {
    this.card.configWrite(offset, size, value >>> 0);
    this.refresh();
  }

  /** After a change: the emulator's copy, and where the BARs answer. */
  private refresh(): void {
    for (let word = 0; word < this.copy.length; word++) {
      this.copy[word] = this.card.configRead(4 * word, 4);
    }
    const isOn = (this.copy[commandAt / 4]! & memoryEnabled) !== 0;
    const wanted = isOn ? this.card.bars.map((bar) => ({ bar, base: this.baseOf(bar) })) : [];
    const isNew = ({ bar, base }: Mapped): boolean =>
      base >= this.cpu.memory_size[0]! &&
      !this.mapped.some((one) => one.bar === bar && one.base === base);
    for (const one of wanted.filter(isNew)) this.map(one);
    this.mapped = [
      ...this.mapped.filter(({ bar }) => !wanted.some((one) => one.bar === bar)),
    ].concat(wanted);
  }

  private baseOf({ index }: BarSpec): number {
    return (this.copy[barsAt / 4 + index]! & ~0xf) >>> 0;
  }

  private map({ bar, base }: Mapped): void {
    const size = Math.max(bar.sizeBytes, mapBytes);
    const offset = (address: number): number => (address >>> 0) - base;
    const read = (width: AccessSize) => (address: number) =>
      this.guarded(-1 >>> (32 - 8 * width), () =>
        this.card.barRead(bar.index, offset(address), width),
      );
    const write = (width: AccessSize) => (address: number, value: number) =>
      this.guarded(undefined, () =>
        this.card.barWrite(bar.index, offset(address), width, value >>> 0),
      );
    this.cpu.io.mmap_register(base, size, read(1), write(1), read(4), write(4));
  }
}
