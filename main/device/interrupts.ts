// How an event queue reaches a CPU: an MSI-X message, or the INTA# pin until software writes the
// clear-interrupt register (facts/device 1.6, 1.7, 7.7).

import type { ConfigSpace } from './config-space.ts';
import type { Faults } from './faults.ts';
import type { HostLink } from './host-link.ts';
import type { MsixTable } from './msix.ts';

/** Bit of the clear-interrupt register that stands for INTA#; QUERY_ADAPTER tells it. */
export const intaPin = 5;

/** The card's interrupts. */
export class Interrupts {
  private readonly link: HostLink;
  private readonly config: ConfigSpace;
  private readonly msix: MsixTable;
  private readonly faults: Faults;
  private pinWanted = false;
  private pinRaised = false;

  constructor(link: HostLink, config: ConfigSpace, msix: MsixTable, faults: Faults) {
    this.link = link;
    this.config = config;
    this.msix = msix;
    this.faults = faults;
  }

  /** An event queue with interrupt vector `vector` fires. */
  fire(vector: number): void {
    if (this.faults.takeInterrupt()) {
      this.link.note('card.fault', this.link.name, `interrupt of vector ${vector} dropped`);
      return;
    }
    if (this.config.msixEnabled) {
      this.msix.trigger(vector);
      return;
    }
    this.pinWanted = true;
    this.update();
  }

  /** Software wrote the clear-interrupt register: bit n of the 64-bit pair clears pin n. */
  clear(high: number, low: number): void {
    const bit = intaPin < 32 ? low >>> intaPin : high >>> (intaPin - 32);
    if ((bit & 1) === 0) return;
    this.pinWanted = false;
    this.update();
  }

  /** COMMAND or the MSI-X control word changed. */
  configChanged(): void {
    if (this.config.msixEnabled) {
      this.pinWanted = false;
      this.msix.flushAll();
    }
    this.update();
  }

  /** Nothing is pending any more. */
  reset(): void {
    this.pinWanted = false;
    this.msix.reset();
    this.update();
  }

  private update(): void {
    const raise = this.pinWanted && !this.config.intxDisabled;
    this.config.setInterruptStatus(this.pinWanted);
    if (raise === this.pinRaised) return;
    this.pinRaised = raise;
    if (raise) this.link.raise(null);
    else this.link.lower();
  }
}
