// The card as the slot gets it: each access to its registers, and each interrupt that it asks for,
// is in the trace, in the words in which the lab's own kernel tells of them. A driver that polls
// reads the same from one register thousands of times in a row: the first of them is told. What
// comes with every packet (doorbells, interrupts) is left out when packets are.

import type { AccessSize, BarSpec, MsixMessage, PciFunction, PciHost } from '#bus/pci-function.ts';
import { K } from '#trace/kinds.ts';
import type { Trace } from '#trace/trace.ts';

/** The BAR of the registers; the other one has doorbells. */
const registerBar = 0;

interface Read {
  readonly bar: number;
  readonly offset: number;
  readonly value: number;
}

const interruptName = (message: MsixMessage | null): string =>
  message === null ? 'INTA#' : `MSI-X 0x${message.data.toString(16)}`;

export class TracedCard implements PciFunction {
  readonly name: string;
  readonly bars: readonly BarSpec[];
  private readonly card: PciFunction;
  private readonly trace: Trace;
  private readonly traffic: boolean;
  /** The last access, when it was a read: where, and what it gave. */
  private lastRead: Read | null = null;

  /** `traffic`: with doorbells and interrupts. */
  constructor(card: PciFunction, trace: Trace, traffic: boolean) {
    this.name = card.name;
    this.bars = card.bars;
    this.card = card;
    this.trace = trace;
    this.traffic = traffic;
  }

  /** The host, but for its interrupts: there is one CPU, 0, for them. */
  attach(host: PciHost): void {
    this.card.attach({
      now: () => host.now(),
      after: (delayNs, fn) => {
        host.after(delayNs, fn);
      },
      dmaRead: (address, into) => {
        host.dmaRead(address, into);
      },
      dmaWrite: (address, from) => {
        host.dmaWrite(address, from);
      },
      raise: (message) => {
        if (this.traffic) {
          this.trace.emit(K['irq.raise'], this.trace.intern(interruptName(message)), 0);
        }
        host.raise(message);
      },
      lower: () => {
        host.lower();
      },
    });
  }

  configRead(offset: number, size: AccessSize): number {
    return this.card.configRead(offset, size);
  }

  configWrite(offset: number, size: AccessSize, value: number): void {
    this.card.configWrite(offset, size, value);
  }

  barRead(bar: number, offset: number, size: AccessSize): number {
    const value = this.card.barRead(bar, offset, size);
    const last = this.lastRead;
    const isPoll = last?.bar === bar && last.offset === offset && last.value === value;
    if (!isPoll) this.tell(K['mmio.read'], bar, offset, value);
    this.lastRead = isPoll ? last : { bar, offset, value };
    return value;
  }

  barWrite(bar: number, offset: number, size: AccessSize, value: number): void {
    this.lastRead = null;
    this.tell(K['mmio.write'], bar, offset, value);
    this.card.barWrite(bar, offset, size, value);
  }

  private tell(kind: number, bar: number, offset: number, value: number): void {
    if (bar !== registerBar && !this.traffic) return;
    const register = this.trace.intern(`${this.name} BAR${bar}+0x${offset.toString(16)}`);
    this.trace.emit(kind, register, value >>> 0);
  }
}
