// Configuration space: header, BARs, capabilities (facts/device 1.2). BARs answer their size when
// all ones are written; read-only bits stay. After a software reset everything reads all ones for a
// while and then as after power-on: the driver restores what it saved (2.2).
// Left out: the gateway at 0x58/0x5c, VPD data, power states, the expansion ROM, extended space.

import {
  PCI_BASE_ADDRESS_0,
  PCI_BASE_ADDRESS_2,
  PCI_CACHE_LINE_SIZE,
  PCI_CAPABILITY_LIST,
  PCI_CAP_ID_EXP,
  PCI_CAP_ID_MSIX,
  PCI_CAP_ID_PM,
  PCI_CAP_ID_VNDR,
  PCI_CAP_ID_VPD,
  PCI_CLASS_REVISION,
  PCI_COMMAND,
  PCI_COMMAND_INTX_DISABLE,
  PCI_COMMAND_MASTER,
  PCI_COMMAND_MEMORY,
  PCI_DEVICE_ID,
  PCI_EXP_DEVCAP,
  PCI_EXP_DEVCTL,
  PCI_EXP_FLAGS,
  PCI_EXP_LNKCAP,
  PCI_EXP_LNKCTL,
  PCI_EXP_LNKSTA,
  PCI_EXP_LNKCAP2,
  PCI_INTERRUPT_LINE,
  PCI_INTERRUPT_PIN,
  PCI_MSIX_FLAGS,
  PCI_MSIX_FLAGS_ENABLE,
  PCI_MSIX_FLAGS_MASKALL,
  PCI_MSIX_PBA,
  PCI_MSIX_TABLE,
  PCI_STATUS,
  PCI_STATUS_CAP_LIST,
  PCI_STATUS_INTERRUPT,
  PCI_SUBSYSTEM_ID,
  PCI_SUBSYSTEM_VENDOR_ID,
  PCI_VENDOR_ID,
  barMemory64,
  barMemory64Prefetch,
  commandWritable,
  configBytes,
  connectX3DeviceId,
  ethernetClass,
  mellanoxVendorId,
  msixOffset,
  pcieDevcap,
  pcieFlags,
  pcieLink8x8,
  pcieOffset,
  pcieSpeedsTo8,
  pmOffset,
  vendorCapabilityBytes,
  vendorOffset,
  vpdOffset,
} from '#prm/pci-config.ts';
import { bar0Bytes, bar2Bytes, msixPbaOffset, msixTableOffset } from '#prm/registers.ts';

/** Configuration space of one card. */
export class ConfigSpace {
  /** Reads all ones: the card is in reset. */
  dark = false;
  /** Called after a write to COMMAND or to the MSI-X control word. */
  onChange: () => void = () => undefined;
  private readonly bytes = new Uint8Array(configBytes);
  /** Bits that a write can change. */
  private readonly mask = new Uint8Array(configBytes);
  private readonly msixVectors: number;

  constructor(msixVectors: number) {
    this.msixVectors = msixVectors;
    this.powerOn();
  }

  /** BARs answer. */
  get memoryEnabled(): boolean {
    return (this.bytes[PCI_COMMAND]! & PCI_COMMAND_MEMORY) !== 0;
  }

  get busMaster(): boolean {
    return (this.bytes[PCI_COMMAND]! & PCI_COMMAND_MASTER) !== 0;
  }

  get intxDisabled(): boolean {
    return (this.word(PCI_COMMAND) & PCI_COMMAND_INTX_DISABLE) !== 0;
  }

  get msixEnabled(): boolean {
    return (this.msixControl & PCI_MSIX_FLAGS_ENABLE) !== 0;
  }

  /** Function mask: every vector is masked. */
  get msixMasked(): boolean {
    return (this.msixControl & PCI_MSIX_FLAGS_MASKALL) !== 0;
  }

  /** The interrupt status bit of STATUS: INTA# is wanted. */
  setInterruptStatus(on: boolean): void {
    const at = PCI_STATUS;
    this.bytes[at] = (this.bytes[at]! & ~PCI_STATUS_INTERRUPT) | (on ? PCI_STATUS_INTERRUPT : 0);
  }

  /** All registers as after power-on. */
  powerOn(): void {
    this.bytes.fill(0);
    this.mask.fill(0);
    this.fillHeader();
    this.fillBars();
    this.fillCapabilities();
  }

  read(offset: number, size: number): number {
    if (this.dark || !fits(offset, size)) return allOnes(size);
    let value = 0;
    for (let i = size - 1; i >= 0; i--) value = value * 256 + this.bytes[offset + i]!;
    return value;
  }

  write(offset: number, size: number, value: number): void {
    if (this.dark || !fits(offset, size)) return;
    for (let i = 0; i < size; i++) {
      const mask = this.mask[offset + i]!;
      const byte = (value >>> (8 * i)) & 0xff;
      this.bytes[offset + i] = (this.bytes[offset + i]! & ~mask) | (byte & mask);
    }
    this.onChange();
  }

  private get msixControl(): number {
    return this.msixVectors === 0 ? 0 : this.word(msixOffset + PCI_MSIX_FLAGS);
  }

  private word(at: number): number {
    return this.bytes[at]! | (this.bytes[at + 1]! << 8);
  }

  /** Sets a register: its value and the bits that software can write. */
  private put(at: number, size: number, value: number, writable = 0): void {
    for (let i = 0; i < size; i++) {
      this.bytes[at + i] = value >>> (8 * i);
      this.mask[at + i] = writable >>> (8 * i);
    }
  }

  private fillHeader(): void {
    this.put(PCI_VENDOR_ID, 2, mellanoxVendorId);
    this.put(PCI_DEVICE_ID, 2, connectX3DeviceId);
    this.put(PCI_COMMAND, 2, 0, commandWritable);
    this.put(PCI_STATUS, 2, PCI_STATUS_CAP_LIST);
    this.put(PCI_CLASS_REVISION, 4, ethernetClass << 8);
    this.put(PCI_CACHE_LINE_SIZE, 1, 0, 0xff);
    this.put(PCI_SUBSYSTEM_VENDOR_ID, 2, mellanoxVendorId);
    this.put(PCI_SUBSYSTEM_ID, 2, 0x0055);
    this.put(PCI_CAPABILITY_LIST, 1, pmOffset);
    this.put(PCI_INTERRUPT_LINE, 1, 0, 0xff);
    this.put(PCI_INTERRUPT_PIN, 1, 1);
  }

  private fillBars(): void {
    this.put(PCI_BASE_ADDRESS_0, 4, barMemory64, (-bar0Bytes >>> 0) & ~0xf);
    this.put(PCI_BASE_ADDRESS_0 + 4, 4, 0, 0xffff_ffff);
    this.put(PCI_BASE_ADDRESS_2, 4, barMemory64Prefetch, (-bar2Bytes >>> 0) & ~0xf);
    this.put(PCI_BASE_ADDRESS_2 + 4, 4, 0, 0xffff_ffff);
  }

  private fillCapabilities(): void {
    const msix = this.msixVectors > 0;
    this.capability(pmOffset, PCI_CAP_ID_PM, vpdOffset);
    this.put(pmOffset + 2, 2, 3);
    this.capability(vpdOffset, PCI_CAP_ID_VPD, msix ? msixOffset : pcieOffset);
    if (msix) {
      this.capability(msixOffset, PCI_CAP_ID_MSIX, pcieOffset);
      const writable = PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL;
      this.put(msixOffset + PCI_MSIX_FLAGS, 2, this.msixVectors - 1, writable);
      this.put(msixOffset + PCI_MSIX_TABLE, 4, msixTableOffset);
      this.put(msixOffset + PCI_MSIX_PBA, 4, msixPbaOffset);
    }
    this.capability(pcieOffset, PCI_CAP_ID_EXP, vendorOffset);
    this.put(pcieOffset + PCI_EXP_FLAGS, 2, pcieFlags);
    this.put(pcieOffset + PCI_EXP_DEVCAP, 4, pcieDevcap);
    this.put(pcieOffset + PCI_EXP_DEVCTL, 2, 0, 0x7fff);
    this.put(pcieOffset + PCI_EXP_LNKCAP, 4, pcieLink8x8);
    this.put(pcieOffset + PCI_EXP_LNKCTL, 2, 0, 0x01fb);
    this.put(pcieOffset + PCI_EXP_LNKSTA, 2, pcieLink8x8);
    this.put(pcieOffset + PCI_EXP_LNKCAP2, 4, pcieSpeedsTo8);
    this.capability(vendorOffset, PCI_CAP_ID_VNDR, 0);
    this.put(vendorOffset + 2, 1, vendorCapabilityBytes);
  }

  private capability(at: number, id: number, next: number): void {
    this.put(at, 1, id);
    this.put(at + 1, 1, next);
  }
}

/** An access that configuration space has: extended space is not there. */
const fits = (offset: number, size: number): boolean =>
  Number.isInteger(offset) &&
  (size === 1 || size === 2 || size === 4) &&
  offset >= 0 &&
  offset + size <= configBytes;

/** All ones in an access of `size` bytes. */
export const allOnes = (size: number): number =>
  size === 4 ? 0xffff_ffff : size === 2 ? 0xffff : 0xff;
