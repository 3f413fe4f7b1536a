// A machine for tests of the PCI slice: a bare kernel with soft cards in its slots, tasks that run
// to their end, and drivers that note what they are asked.

import type { Kernel, KernelOptions } from '#kernel/kernel.ts';
import type { PciDevice } from '#kernel/pci/pci-device.ts';
import type { PciDriver } from '#kernel/pci/driver.ts';
import { pci_enable_device, pci_set_master } from '#kernel/pci/pci.ts';
import { pci_scan } from '#kernel/pci/scan.ts';
import type { MaySleep } from '#sim/task.ts';
import { bareKernel, second } from '#test/support/machine.ts';
import { logLines, thread } from '#test/support/threads.ts';
import { SoftCard } from './soft-card.ts';
import type { SoftCardOptions } from './soft-card.ts';

export const slot = '0000:06:00.0';
/** Where the card of `slot` is in sysfs. */
export const sysfs = `/sys/devices/pci0000:00/${slot}`;

export interface PciRigOptions extends Partial<KernelOptions> {
  /** Random scheduling with this seed. */
  readonly seed?: number;
  readonly card?: SoftCardOptions;
  /** Does not look for cards at boot. */
  readonly noScan?: boolean;
}

export class PciRig {
  readonly k: Kernel;
  readonly card: SoftCard;
  private tasks = 0;

  constructor({ card = {}, noScan = false, ...rest }: PciRigOptions = {}) {
    this.k = bareKernel(rest);
    this.card = this.plug(slot, card);
    if (!noScan) this.run(() => pci_scan(this.k));
  }

  /** Puts another card into a slot. */
  plug(address: string, options: SoftCardOptions = {}): SoftCard {
    const card = new SoftCard(options);
    this.k.pci.plug(address, card);
    return card;
  }

  /** The device of the first card; fails when the kernel does not know it. */
  get pdev(): PciDevice {
    return this.device(slot);
  }

  device(address: string): PciDevice {
    const found = this.k.pci.find(address);
    if (found === undefined) throw new Error(`no device ${address}`);
    return found;
  }

  /** Runs a body as a task until it has ended; throws when it does not, within 10 s. */
  run<T>(body: () => MaySleep<T>): T {
    const box: { value?: T; ended: boolean } = { ended: false };
    thread(this.k, `test ${++this.tasks}`, function* testTask() {
      box.value = yield* body();
      box.ended = true;
    });
    this.settle();
    if (!box.ended) throw new Error(`the task did not end\n${this.log().join('\n')}`);
    return box.value as T;
  }

  /** Lets everybody go on, for 10 s at most. */
  settle(): void {
    this.k.sim.run(this.k.sim.now() + 10 * second);
  }

  /** Lines of the kernel log that hold `part`. */
  log(part = ''): string[] {
    return logLines(this.k).filter((line) => line.includes(part));
  }

  /** Memory decoding and bus mastering on, as most tests want it. */
  enable(): PciDevice {
    const { pdev } = this;
    this.run(function* () {
      yield* pci_enable_device(pdev);
      yield* pci_set_master(pdev);
    });
    return pdev;
  }
}

/** What a noting driver does beside noting. */
export type DriverParts = Partial<Omit<PciDriver, 'driver'>>;

/** A driver of the soft card that notes `probe` and `remove` with the address. */
export function notingDriver(k: Kernel, log: string[], parts: DriverParts = {}): PciDriver {
  return {
    name: 'soft',
    id_table: [{ vendor: 0x15b3, device: 0x1003 }],
    ...parts,
    *probe(pdev, id) {
      log.push(`probe ${pdev.slot}`);
      yield* k.sim.spend(100);
      return parts.probe === undefined ? 0 : yield* parts.probe(pdev, id);
    },
    *remove(pdev) {
      log.push(`remove ${pdev.slot}`);
      yield* k.sim.spend(100);
      if (parts.remove !== undefined) yield* parts.remove(pdev);
    },
  };
}
