// A slot of the emulated PC with a card in it: configuration space, memory BARs, DMA, interrupts.
// The emulator's own PCI knows no memory BARs that move, so accesses to our bus address are
// answered here. Facts: facts/guest.md, "Attaching a card" and "Traps".
//
// The emulator enters the guest's interrupt handler at once when an interrupt is raised; inside a
// register access that corrupts the guest. So an interrupt waits for deliver(), which the emulator
// calls between two stretches of guest code.

import type { AccessSize, BarSpec, MsixMessage, PciFunction, PciHost } from '#bus/pci-function.ts';
import {
  PCI_BASE_ADDRESS_0,
  PCI_COMMAND,
  PCI_COMMAND_MEMORY,
  PCI_INTERRUPT_LINE,
} from '#prm/pci-config.ts';
import type { HostClock } from './host-clock.ts';
import type { InsideCpu, InsidePci } from './inside.ts';

/** Slot of the card, free in v86; its INTA# is routed to IRQ 11. */
const slot = 4;
const bdf = slot << 3;
/** The card's address, as Linux writes it. */
export const guestCardSlot = `0000:00:0${slot}.0`;

const configBytes = 256;

/** The emulator maps memory in pieces of this size. */
const mapBytes = 0x2_0000;

/** Words of the local APIC's registers: requests, and which of them are level triggered. */
const [apicWords, irrAt, tmrAt] = [46, 16, 32] as const;

const msiVector = (data: number): number => data & 0xff;

export class PciSlot implements PciHost {
  private readonly cpu: InsideCpu;
  private readonly card: PciFunction;
  private readonly clock: HostClock;
  /** The emulator's copy of the configuration space: its interrupt routing reads the pin there. */
  private readonly copy = new Int32Array(configBytes / 4);
  /** Places that the emulator asks us about: it cannot be told to forget one. */
  private readonly mapped = new Set<string>();
  private waiting: (MsixMessage | null)[] = [];
  private wanted: NodeJS.Immediate | null = null;
  /** The PC is off: its card does nothing more. */
  private isOff = false;
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
      this.guarded(undefined, () => this.clock.run());
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
    this.clock.after(delayNs, () => {
      if (!this.isOff) fn();
    });
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
      for (const at of [index, ...(is64Bit ? [index + 1] : [])].map(
        (bar) => PCI_BASE_ADDRESS_0 + 4 * bar,
      )) {
        this.card.configWrite(at, 4, kept.getUint32(at, true));
      }
    }
    this.card.configWrite(PCI_INTERRUPT_LINE, 1, kept.getUint8(PCI_INTERRUPT_LINE));
    this.card.configWrite(PCI_COMMAND, 2, kept.getUint16(PCI_COMMAND, true));
    this.refresh();
  }

  /** The PC is off: no interrupt comes any more, and the card does nothing. */
  stop(): void {
    this.isOff = true;
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
    for (const bar of this.card.bars) this.map(bar);
  }

  /** Where a BAR answers now; null when it does not, or would in the guest's own memory. */
  private baseOf({ index }: BarSpec): number | null {
    const isOn = (this.copy[PCI_COMMAND / 4]! & PCI_COMMAND_MEMORY) !== 0;
    const base = (this.copy[PCI_BASE_ADDRESS_0 / 4 + index]! & ~0xf) >>> 0;
    return isOn && base >= this.cpu.memory_size[0]! ? base : null;
  }

  /** Sees to it that accesses to where a BAR is now come here. */
  private map(bar: BarSpec): void {
    const base = this.baseOf(bar);
    const size = Math.max(bar.sizeBytes, mapBytes);
    const place = `${base} ${size}`;
    if (base === null || this.mapped.has(place)) return;
    this.mapped.add(place);
    const read = (width: AccessSize) => (address: number) => this.read(address >>> 0, width);
    const write = (width: AccessSize) => (address: number, value: number) => {
      this.write(address >>> 0, width, value >>> 0);
    };
    this.cpu.io.mmap_register(base, size, read(1), write(1), read(4), write(4));
  }

  /** The BAR at an address, and where in it; null when it has gone from there. */
  private barAt(address: number): { readonly index: number; readonly offset: number } | null {
    for (const bar of this.card.bars) {
      const offset = address - (this.baseOf(bar) ?? Infinity);
      if (offset >= 0 && offset < bar.sizeBytes) return { index: bar.index, offset };
    }
    return null;
  }

  private read(address: number, width: AccessSize): number {
    const allOnes = -1 >>> (32 - 8 * width);
    return this.guarded(allOnes, () => {
      const at = this.barAt(address);
      return at === null ? allOnes : this.card.barRead(at.index, at.offset, width);
    });
  }

  private write(address: number, width: AccessSize, value: number): void {
    this.guarded(undefined, () => {
      const at = this.barAt(address);
      if (at !== null) this.card.barWrite(at.index, at.offset, width, value);
    });
  }
}
