// PCI Express link (drivers/pci/pci.c: pcie_bandwidth_available, __pcie_print_link_status): speed
// and width from the capability, and the line that network drivers print at probe.

import type { Atomic } from '#sim/task.ts';
import { dev_info } from '../printk.ts';
import { pcie_capability_read_dword, pcie_capability_read_word } from './config.ts';
import type { PciDevice } from './pci-device.ts';

const PCI_EXP_LNKCAP = 0x0c;
const PCI_EXP_LNKSTA = 0x12;

/** Speeds by their code in LNKCAP and LNKSTA: name and usable Mb/s per lane after encoding. */
const speeds: readonly (readonly [name: string, megabits: number])[] = [
  ['Unknown', 0],
  ['2.5 GT/s PCIe', 2000],
  ['5.0 GT/s PCIe', 4000],
  ['8.0 GT/s PCIe', 7876],
  ['16.0 GT/s PCIe', 15_753],
  ['32.0 GT/s PCIe', 31_507],
];

/** A link's speed and width. */
export interface PcieLink {
  readonly speed: string;
  readonly width: number;
  /** Usable Mb/s of all lanes. */
  readonly megabits: number;
}

function decode(register: number): PcieLink {
  const [speed, megabits] = speeds[register & 0xf] ?? speeds[0]!;
  const width = (register >>> 4) & 0x3f;
  return { speed, width, megabits: megabits * width };
}

/** What the card could do. */
export function* pcie_link_capable(pdev: PciDevice): Atomic<PcieLink> {
  return decode(yield* pcie_capability_read_dword(pdev, PCI_EXP_LNKCAP));
}

/** What the link runs at. */
export function* pcie_link_current(pdev: PciDevice): Atomic<PcieLink> {
  return decode(yield* pcie_capability_read_word(pdev, PCI_EXP_LNKSTA));
}

const describeLink = ({ speed, width }: PcieLink): string => `${speed} x${width} link`;

const gigabits = (megabits: number): string =>
  `${Math.floor(megabits / 1000)}.${String(megabits % 1000).padStart(3, '0')} Gb/s`;

/** Prints the bandwidth; says so when the link is slower than the card. */
export function* pcie_print_link_status(pdev: PciDevice): Atomic<void> {
  const capable = yield* pcie_link_capable(pdev);
  const current = yield* pcie_link_current(pdev);
  const available = Math.min(capable.megabits, current.megabits);
  const bandwidth = `${gigabits(available)} available PCIe bandwidth`;
  if (available >= capable.megabits) {
    dev_info(pdev, `${bandwidth} (${describeLink(capable)})`);
    return;
  }
  dev_info(
    pdev,
    `${bandwidth}, limited by ${describeLink(current)} at ${pdev.slot} ` +
      `(capable of ${gigabits(capable.megabits)} with ${describeLink(capable)})`,
  );
}
