// A guest: the real Linux on an emulated PC, with our card in a slot and the fabric's cables in its
// ports. What the card does is in the trace, as in every machine of the lab. Several guests of one
// fabric have one clock and one trace, and their cards are card0, card1, ….

import { ConnectX3 } from '#device/connectx3.ts';
import { cardProfiles } from '#device/options.ts';
import type { CardOptions, CardProfile, PortOptions } from '#device/options.ts';
import { buildTopology } from '#fabric/topology.ts';
import type { TopologySpec } from '#fabric/topology.ts';
import type { Fabric } from '#fabric/fabric.ts';
import { Trace } from '#trace/trace.ts';
import type { Answer, GuestConsole } from './console.ts';
import { HostClock } from './host-clock.ts';
import { cardNameAt, terminalAt } from './names.ts';
import { networkOf } from './network.ts';
import { PciSlot } from './pci-slot.ts';
import { Telling } from './telling.ts';
import { TracedCard } from './traced-card.ts';
import { Pc } from './pc.ts';
import type { BootFiles } from './pc.ts';

/** What a guest is made of. */
export interface GuestSpec {
  readonly files: BootFiles;
  /** Where it goes on; without one it boots. */
  readonly snapshot?: Uint8Array;
  readonly card?: { readonly profile?: CardProfile; readonly options?: Partial<CardOptions> };
  /** Both ports of every card on one switch, with host 10.0.0.1, unless given. */
  readonly topology?: TopologySpec;
  /**
   * Packets are in the trace, and the doorbells and interrupts that come with them. Not unless
   * asked for: a guest has no end.
   */
  readonly traffic?: boolean;
}

/** What guests of one fabric share. */
interface Around {
  readonly trace: Trace;
  readonly clock: HostClock;
  readonly fabric: Fabric;
  readonly traffic: boolean;
  /** Those that are on. */
  readonly running: Set<Guest>;
}

/** Time for a line of shell unless given, ms: a busy machine takes its time. */
const lineMs = 120_000;

/** Between the addresses of one card and the next. */
const macsPerCard = 0x10;

/** The card of the guest at a position: as asked for, with addresses of its own. */
function cardOf({ card = {} }: GuestSpec, at: number, trace: Trace): ConnectX3 {
  const { profile = 'full', options } = card;
  const move = (port: PortOptions): PortOptions => ({ ...port, mac: port.mac + at * macsPerCard });
  const [one, two] = options?.ports ?? cardProfiles[profile].ports;
  return new ConnectX3({
    name: cardNameAt(at),
    trace,
    profile,
    options: { ...options, ports: [move(one), move(two)] },
  });
}

export class Guest {
  readonly card: ConnectX3;
  private readonly pc: Pc;
  private readonly slot: PciSlot;
  private readonly around: Around;

  private constructor(pc: Pc, card: ConnectX3, around: Around) {
    this.pc = pc;
    this.card = card;
    this.around = around;
    const { trace, clock, running, traffic } = around;
    this.slot = new PciSlot(pc.cpu, new TracedCard(card, trace, traffic), clock);
    const telling = new Telling(trace, clock, terminalAt(running.size));
    pc.console.listen(telling);
    pc.onLog = (line) => {
      telling.logged(line);
    };
    running.add(this);
  }

  /** Boots one, or lets it go on from its snapshot. Throws GuestSilent. */
  static async start(spec: GuestSpec): Promise<Guest> {
    const [guest] = await Guest.startTogether(spec, 1);
    return guest!;
  }

  /** Several of one kind on one fabric: theirs are card0, card1, …. Throws GuestSilent. */
  static async startTogether(spec: GuestSpec, count: number): Promise<readonly Guest[]> {
    const trace = new Trace();
    const clock = new HostClock(trace);
    const cards = Array.from({ length: count }, (_, at) => cardOf(spec, at, trace));
    const ports = new Map(cards.flatMap((card) => [...card.wirePorts()]));
    const { traffic = false } = spec;
    const topology = { ...(spec.topology ?? networkOf(count)), recordPackets: traffic };
    const fabric = buildTopology(clock, trace, topology, ports);
    const around: Around = { trace, clock, fabric, traffic, running: new Set() };
    try {
      const guests: Guest[] = [];
      for (const card of cards) {
        const guest = new Guest(await Pc.make(spec.files), card, around);
        guests.push(guest);
        await guest.begin(spec.snapshot);
      }
      return guests;
    } catch (error) {
      await Promise.all([...around.running].map((guest) => guest.stop()));
      throw error;
    }
  }

  get trace(): Trace {
    return this.around.trace;
  }

  /** Time since it was made, ns; events from now on have it. */
  now(): number {
    return this.around.clock.now();
  }

  get fabric(): Fabric {
    return this.around.fabric;
  }

  /** Runs a line of shell. Throws GuestSilent. */
  run(line: string, timeoutMs = lineMs): Promise<Answer> {
    return this.pc.console.run(line, timeoutMs);
  }

  /** The serial line, for somebody who types. */
  get console(): GuestConsole {
    return this.pc.console;
  }

  /** A snapshot of the PC; no driver may be at the card. */
  snapshot(): Promise<Uint8Array> {
    return this.pc.snapshot();
  }

  /** Mistakes of ours at the emulator's door. */
  get errors(): readonly unknown[] {
    return this.slot.errors;
  }

  /** Switches it off; the clock stands still with the last of them. */
  async stop(): Promise<void> {
    const { running, clock } = this.around;
    running.delete(this);
    this.slot.stop();
    if (running.size === 0) clock.stop();
    await this.pc.stop();
  }

  private async begin(snapshot: Uint8Array | undefined): Promise<void> {
    if (snapshot === undefined) {
      await this.pc.boot();
      return;
    }
    await this.pc.restore(snapshot);
    this.slot.restored();
    await this.pc.run();
  }
}
