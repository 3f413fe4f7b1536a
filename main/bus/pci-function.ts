// What a card shows to a computer, and what a computer shows to a card: the PCI contract of the
// lab. Two hosts implement PciHost: our kernel slice and (later) an x86 emulator; the card cannot
// tell them apart. Facts: facts/device.md 1, facts/guest.md "Attaching a card".
//
// Contract: an interrupt is never delivered from inside a register access. raise() only notes the
// request; the host delivers it when the access (and the callback of after()) has returned.

import type { Clock } from './clock.ts';

/** What MSI-X sends: a memory write of `data` to `address`, taken from the card's vector table. */
export interface MsixMessage {
  readonly address: number;
  readonly data: number;
}

/** The computer, as a card sees it. Nothing else of the host is visible to a card. */
export interface PciHost extends Clock {
  /** Fills `into` from host memory at bus address `address` (bytes, below 2^53). */
  dmaRead(address: number, into: Uint8Array): void;
  /** Copies `from` to host memory at bus address `address`. */
  dmaWrite(address: number, from: Uint8Array): void;
  /** Requests an interrupt: an MSI-X message, or the INTA# pin (level, until lower()) for null. */
  raise(message: MsixMessage | null): void;
  /** Releases the INTA# pin. */
  lower(): void;
}

/** Access width in bytes. */
export type AccessSize = 1 | 2 | 4;

/** One memory BAR of a card. */
export interface BarSpec {
  /** BAR number, 0 to 5; a 64-bit BAR also takes the next number. */
  readonly index: number;
  /** Size in bytes, a power of two. */
  readonly sizeBytes: number;
  readonly is64Bit: boolean;
  readonly prefetchable: boolean;
}

/**
 * A card, as the computer sees it. Values are little-endian register values, as PCI carries them:
 * a big-endian register of the card arrives byte-swapped. No method throws: a bad access reads all
 * ones and leaves a trace event.
 */
export interface PciFunction {
  /** Stable name in traces, for example `card0`. */
  readonly name: string;
  readonly bars: readonly BarSpec[];
  /** Connects the card to its computer. Called once, before any access. */
  attach(host: PciHost): void;
  configRead(offset: number, size: AccessSize): number;
  configWrite(offset: number, size: AccessSize, value: number): void;
  barRead(bar: number, offset: number, size: AccessSize): number;
  barWrite(bar: number, offset: number, size: AccessSize, value: number): void;
}
