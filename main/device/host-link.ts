// The card's side of the PCI bus: DMA, interrupts and time, with every exception stopped here. A
// DMA that cannot be done (no bus mastering, memory that is not there) gives false and a trace
// event; the caller turns that into a status code, an error completion or an error event.

import type { MsixMessage, PciHost } from '#bus/pci-function.ts';
import { K } from '#trace/kinds.ts';
import type { KindName } from '#trace/kinds.ts';
import type { Trace } from '#trace/trace.ts';

/** What a fault's text is, for traces. */
const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** How the text of an exception in the card itself begins. */
export const unexpected = 'unexpected';

/** Host access for all parts of a card. */
export class HostLink {
  readonly name: string;
  readonly trace: Trace;
  /** Bus mastering is on. The card sets it from COMMAND. */
  busMaster = false;
  /** A register access is under way: interrupts that it causes are sent when it is over. */
  accessing = false;
  private host: PciHost | null = null;
  private readonly word = new Uint8Array(4);
  /** Interrupts that an access caused, in order. */
  private waiting: (MsixMessage | null)[] = [];

  constructor(name: string, trace: Trace) {
    this.name = name;
    this.trace = trace;
  }

  /** Connects the card to its computer. */
  attach(host: PciHost): void {
    this.host = host;
  }

  /** Virtual time, ns; 0 before the card is in a computer. */
  now(): number {
    return this.host?.now() ?? 0;
  }

  /** Calls `fn` after a delay; what it throws ends in the trace. */
  after(delayNs: number, fn: () => void): void {
    this.host?.after(delayNs, () => {
      this.guard(fn);
    });
  }

  /**
   * Runs `fn`; an exception becomes a `card.error` event. There is none in a card that is right.
   */
  guard(fn: () => void): void {
    try {
      fn();
    } catch (error) {
      this.error(`${unexpected}: ${textOf(error)}`);
    }
  }

  /** Fills `into` from host memory. False, and all ones, when that fails. */
  read(address: number, into: Uint8Array): boolean {
    if (this.busMaster && this.host !== null) {
      try {
        this.host.dmaRead(address, into);
        return true;
      } catch (error) {
        this.error(textOf(error));
      }
    } else {
      this.error('DMA read without bus mastering');
    }
    into.fill(0xff);
    return false;
  }

  /** Copies `from` to host memory. False when that fails. */
  write(address: number, from: Uint8Array): boolean {
    if (this.busMaster && this.host !== null) {
      try {
        this.host.dmaWrite(address, from);
        return true;
      } catch (error) {
        this.error(textOf(error));
      }
    } else {
      this.error('DMA write without bus mastering');
    }
    return false;
  }

  /** A big-endian word of host memory, or -1 when it cannot be read. */
  readBe32(address: number): number {
    const { word } = this;
    if (!this.read(address, word)) return -1;
    return ((word[0]! << 24) | (word[1]! << 16) | (word[2]! << 8) | word[3]!) >>> 0;
  }

  /**
   * Sends an MSI-X message, or raises INTA# for null; never from inside a register access
   * (bus/pci-function.ts): a host that delivers at once would enter its handler in the middle of
   * it.
   */
  raise(message: MsixMessage | null): void {
    if (!this.accessing) {
      this.host?.raise(message);
      return;
    }
    this.waiting.push(message);
    if (this.waiting.length > 1) return;
    this.after(0, () => {
      for (const each of this.waiting.splice(0)) this.host?.raise(each);
    });
  }

  /** Releases INTA#. */
  lower(): void {
    this.waiting = this.waiting.filter((message) => message !== null);
    this.host?.lower();
  }

  /** A reset: interrupts that have not been sent are not sent any more. */
  forgetInterrupts(): void {
    this.waiting = [];
  }

  /** Leaves a trace event about `subject`. */
  note(kind: KindName, subject: string, text: string): void {
    this.trace.emit(K[kind], this.trace.intern(subject), this.trace.intern(text));
  }

  /** Something the card could not do. */
  error(text: string): void {
    this.note('card.error', this.name, text);
  }
}
