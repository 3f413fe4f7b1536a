// A PCI device as the kernel sees it (struct pci_dev): ids, resources, and the raw accesses to the
// card in its slot. A card that is gone reads as all ones, as on a real bus. Raw accesses are
// plain; the accessors that drivers use (config.ts, io.ts) make points of them.

import type { AccessSize, PciFunction } from '#bus/pci-function.ts';
import { Device } from '../base/device.ts';
import type { Kernel } from '../kernel.ts';
import type { MsixState } from './msi.ts';

/** A slot of the bus and the card in it. */
export interface PciSlot {
  /** Address: domain, bus, device, function, for example `0000:06:00.0`. */
  readonly address: string;
  readonly function: PciFunction;
  /** False when the card was pulled out. */
  present: boolean;
  device: PciDevice | null;
}

/** A memory BAR. */
export interface PciResource {
  readonly start: number;
  readonly sizeBytes: number;
  readonly is64Bit: boolean;
  readonly prefetchable: boolean;
  /** Name of who has reserved it, or null. */
  owner: string | null;
}

export type PciErrorState = 'normal' | 'frozen' | 'perm_failure';

const allOnes = (size: AccessSize): number =>
  size === 4 ? 0xffff_ffff : size === 2 ? 0xffff : 0xff;

export class PciDevice extends Device {
  readonly pciSlot: PciSlot;
  vendor = 0;
  device = 0;
  subsystemVendor = 0;
  subsystemDevice = 0;
  /** 24 bits. */
  class = 0;
  revision = 0;
  /** INTx line; with MSI-X use pci_irq_vector(). */
  irq = 0;
  /** By BAR number; null where there is none. */
  readonly resources: (PciResource | null)[] = [null, null, null, null, null, null];
  error_state: PciErrorState = 'normal';
  msix: MsixState | null = null;
  enableCount = 0;
  isBusMaster = false;
  savedState: readonly number[] | null = null;
  /** Trace names of registers by BAR and offset, so that an access allocates nothing. */
  private readonly registerNames: Map<number, number>[] = [];
  private readonly configNames = new Map<number, number>();

  constructor(k: Kernel, slot: PciSlot) {
    super(k, slot.address, k.pci.root);
    this.pciSlot = slot;
    this.bus = k.buses.pci;
  }

  /** Address, for example `0000:06:00.0`. */
  get slot(): string {
    return this.pciSlot.address;
  }

  get function(): PciFunction {
    return this.pciSlot.function;
  }

  configRead(offset: number, size: AccessSize): number {
    if (!this.pciSlot.present) return allOnes(size);
    return this.pciSlot.function.configRead(offset, size);
  }

  configWrite(offset: number, size: AccessSize, value: number): void {
    if (this.pciSlot.present) this.pciSlot.function.configWrite(offset, size, value);
  }

  /** A register access; needs memory decoding switched on in COMMAND, as on a real bus. */
  barRead(bar: number, offset: number, size: AccessSize): number {
    if (!this.decodes) return allOnes(size);
    return this.pciSlot.function.barRead(bar, offset, size);
  }

  barWrite(bar: number, offset: number, size: AccessSize, value: number): void {
    if (this.decodes) this.pciSlot.function.barWrite(bar, offset, size, value);
  }

  private get decodes(): boolean {
    return this.pciSlot.present && (this.pciSlot.function.configRead(4, 2) & 2) !== 0;
  }

  /** Trace number of `card0 BAR0+0x80680`. */
  registerName(bar: number, offset: number): number {
    const names = (this.registerNames[bar] ??= new Map<number, number>());
    const known = names.get(offset);
    if (known !== undefined) return known;
    const name = this.k.trace.intern(`${this.function.name} BAR${bar}+0x${offset.toString(16)}`);
    names.set(offset, name);
    return name;
  }

  /** Trace number of `card0 config+0x4`. */
  configName(offset: number): number {
    const known = this.configNames.get(offset);
    if (known !== undefined) return known;
    const name = this.k.trace.intern(`${this.function.name} config+0x${offset.toString(16)}`);
    this.configNames.set(offset, name);
    return name;
  }
}
