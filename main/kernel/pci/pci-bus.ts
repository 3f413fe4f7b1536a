// The slots of a machine and what a card sees of the computer (PciHost): host memory by DMA,
// interrupts, the clock. DMA to memory that is not allocated is stopped as an IOMMU does: a log
// line, writes ignored, reads all ones. An interrupt request only notes that an interrupt frame is
// wanted (bus/pci-function.ts).

import type { MsixMessage, PciFunction, PciHost } from '#bus/pci-function.ts';
import { K } from '#trace/kinds.ts';
import { Device } from '../base/device.ts';
import type { Kernel } from '../kernel.ts';
import { mutex_init } from '../locking/mutex.ts';
import type { Mutex } from '../locking/mutex.ts';
import { pr_err } from '../printk.ts';
import type { PciDevice, PciSlot } from './pci-device.ts';

/** Where BARs go: below 4 GiB, above memory. */
const windowStart = 0xe000_0000;
/** Fault lines printed per 5 s, as printk_ratelimited does. */
const faultBurst = 10;
const faultWindowNs = 5e9;

const commandBusMaster = 4;
const commandIntxDisable = 0x400;

/** One slot's view of the computer. */
class SlotHost implements PciHost {
  private readonly k: Kernel;
  private readonly slot: PciSlot;
  private faults = 0;
  private faultsSinceNs = -Infinity;

  constructor(k: Kernel, slot: PciSlot) {
    this.k = k;
    this.slot = slot;
  }

  now(): number {
    return this.k.sim.now();
  }

  after(delayNs: number, fn: () => void): void {
    this.k.sim.after(delayNs, fn);
  }

  dmaRead(address: number, into: Uint8Array): void {
    if (this.reaches('Read', address, into.length)) this.k.memory.read(address, into);
    else into.fill(0xff);
  }

  dmaWrite(address: number, from: Uint8Array): void {
    if (this.reaches('Write', address, from.length)) this.k.memory.write(address, from);
  }

  raise(message: MsixMessage | null): void {
    if (!this.slot.present) return;
    const command = this.slot.function.configRead(4, 2);
    if (message === null) {
      if ((command & commandIntxDisable) === 0) this.k.irqs.assertLine(this.line, this.slot);
    } else if ((command & commandBusMaster) !== 0) {
      this.k.irqs.deliverMessage(message);
    } else {
      this.lost('interrupt message without bus mastering');
    }
  }

  lower(): void {
    this.k.irqs.releaseLine(this.line, this.slot);
  }

  private get line(): number {
    return this.k.pci.line(this.slot);
  }

  /** Whether DMA gets through; leaves the traces of one that does not. */
  private reaches(what: 'Read' | 'Write', address: number, length: number): boolean {
    const { present, function: card } = this.slot;
    if (!present) return false;
    if ((card.configRead(4, 2) & commandBusMaster) === 0) {
      this.lost(`DMA ${what} without bus mastering`);
      return false;
    }
    if (this.k.memory.valid(address, length)) return true;
    this.lost(`DMA ${what} at 0x${address.toString(16)}`);
    this.printFault(what, address);
    return false;
  }

  private lost(text: string): void {
    const { trace } = this.k;
    trace.emit(K['card.fault'], trace.intern(this.slot.function.name), trace.intern(text));
  }

  private printFault(what: 'Read' | 'Write', address: number): void {
    if (this.now() - this.faultsSinceNs > faultWindowNs) {
      this.faultsSinceNs = this.now();
      this.faults = 0;
    }
    if (++this.faults > faultBurst) return;
    const device = this.slot.address.replace(/^0000:/, '');
    const reason = what === 'Read' ? '0x06' : '0x05';
    pr_err(
      this.k,
      `DMAR: [DMA ${what} NO_PASID] Request device [${device}] fault addr ` +
        `0x${address.toString(16)} [fault reason ${reason}] PTE ${what} access is not set`,
    );
  }
}

export class PciBus {
  readonly k: Kernel;
  readonly slots: PciSlot[] = [];
  /** The host bridge's bus, in whose directory the cards sit. */
  readonly root: Device;
  /** pci_rescan_remove_lock. */
  readonly rescanRemoveLock: Mutex;
  private nextAddress = windowStart;
  private mappings = 0;

  constructor(k: Kernel) {
    this.k = k;
    this.root = new Device(k, 'pci0000:00', null);
    this.root.kobj = k.vfs.directory('/sys/devices/pci0000:00');
    this.rescanRemoveLock = mutex_init(k, 'pci_rescan_remove_lock');
  }

  /** Devices that the kernel knows. */
  get devices(): PciDevice[] {
    return this.slots.flatMap((slot) => (slot.device === null ? [] : [slot.device]));
  }

  /** The device at an address such as `0000:06:00.0`. */
  find(address: string): PciDevice | undefined {
    return this.devices.find((device) => device.slot === address);
  }

  /** Puts a card into a slot and connects it. The kernel sees it at the next scan. */
  plug(address: string, card: PciFunction): void {
    if (this.slots.some((slot) => slot.address === address && slot.present)) {
      throw new Error(`slot ${address} is taken`);
    }
    const slot: PciSlot = { address, function: card, present: true, device: null };
    this.slots.push(slot);
    this.slots.sort((a, b) => (a.address < b.address ? -1 : 1));
    this.k.irqs.addLine(this.line(slot));
    card.attach(new SlotHost(this.k, slot));
  }

  /** Pulls the card out without asking. The device stays until somebody removes it. */
  unplug(address: string): void {
    const slot = this.slots.find((each) => each.address === address && each.present);
    if (slot === undefined) return;
    slot.present = false;
    this.k.irqs.releaseLine(this.line(slot), slot);
  }

  /** INTx line of a slot: lines 16 to 19 are shared in turn, by bus number. */
  line(slot: PciSlot): number {
    return 16 + (parseInt(slot.address.slice(5, 7), 16) % 4);
  }

  /** Gives out bus addresses for a BAR, aligned to its size. */
  assign(sizeBytes: number): number {
    const start = Math.ceil(this.nextAddress / sizeBytes) * sizeBytes;
    this.nextAddress = start + sizeBytes;
    return start;
  }

  /** Virtual address of a new mapping, as hexadecimal text. */
  mappingAddress(): string {
    return `ffffc900${(0x10_0000 + this.mappings++ * 0x10_0000).toString(16).padStart(8, '0')}`;
  }
}
