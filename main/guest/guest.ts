// A guest: the real Linux on an emulated PC, with our card in a slot and the fabric's cables in its
// ports. What the card does is in the trace, as in every machine of the lab.

import { ConnectX3 } from '#device/connectx3.ts';
import type { CardOptions, CardProfile } from '#device/options.ts';
import { buildTopology, defaultTopology } from '#fabric/topology.ts';
import type { TopologySpec } from '#fabric/topology.ts';
import type { Fabric } from '#fabric/fabric.ts';
import { Trace } from '#trace/trace.ts';
import type { Answer, GuestConsole } from './console.ts';
import { HostClock } from './host-clock.ts';
import { Pc } from './pc.ts';
import type { BootFiles } from './pc.ts';

/** What a guest is made of. */
export interface GuestSpec {
  readonly files: BootFiles;
  /** Where it goes on; without one it boots. */
  readonly snapshot?: Uint8Array;
  readonly card?: { readonly profile?: CardProfile; readonly options?: Partial<CardOptions> };
  readonly topology?: TopologySpec;
}

/** Time for a line of shell unless given, ms: a busy machine takes its time. */
const lineMs = 120_000;

export class Guest {
  readonly trace: Trace;
  readonly card: ConnectX3;
  readonly fabric: Fabric;
  readonly clock: HostClock;
  private readonly pc: Pc;

  private constructor(pc: Pc, parts: Pick<Guest, 'trace' | 'card' | 'fabric' | 'clock'>) {
    this.pc = pc;
    ({ trace: this.trace, card: this.card, fabric: this.fabric, clock: this.clock } = parts);
  }

  /** Boots one, or lets it go on from its snapshot. Throws GuestSilent. */
  static async start(spec: GuestSpec): Promise<Guest> {
    const trace = new Trace();
    const clock = new HostClock(trace);
    const card = new ConnectX3({ name: 'card0', trace, profile: 'full', ...spec.card });
    const topology = spec.topology ?? defaultTopology;
    const fabric = buildTopology(clock, trace, topology, card.wirePorts());
    const pc = await Pc.make(spec.files, card, clock);
    try {
      if (spec.snapshot === undefined) await pc.boot();
      else await pc.restore(spec.snapshot);
    } catch (error) {
      await pc.stop();
      throw error;
    }
    return new Guest(pc, { trace, card, fabric, clock });
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
    return this.pc.errors;
  }

  stop(): Promise<void> {
    return this.pc.stop();
  }
}
