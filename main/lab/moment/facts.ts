// What a machine is made of and no event tells: the card's names and constants, the network's
// parts, the switches for faults. Everything from the scenario's machine.

import { cardProfiles } from '#device/options.ts';
import type { CardOptions } from '#device/options.ts';
import type { TopologySpec } from '#fabric/topology.ts';
import { faultNames, faultText } from '../scenario/faults.ts';
import type { FaultName, MachineSpec } from '../scenario/scenario.ts';

/** A port's type as the menu has it. */
export type PortChoice = 'eth' | 'ib' | 'auto';

/** A cable. */
export interface CableFacts {
  readonly name: string;
  readonly kind: string;
  /** It comes from the card of another computer, which is no part of this machine. */
  readonly fromAway: boolean;
}

/** Everything about a machine that the panel draws and that never changes. */
export interface MachineFacts {
  readonly card: {
    readonly name: string;
    readonly slot: string;
    readonly firmware: string;
    readonly temperatureC: number;
    readonly variant: string;
  };
  /** Types that each port can be asked for; index 0 is port 1. */
  readonly portChoices: readonly (readonly PortChoice[])[];
  readonly cables: readonly CableFacts[];
  readonly switches: readonly { readonly name: string; readonly ports: number }[];
  readonly hosts: readonly string[];
  readonly ibPeers: readonly string[];
  readonly faults: readonly { readonly name: FaultName; readonly title: string }[];
  /** Linux itself drives the card: nothing of what it holds, waits for or believes is seen. */
  readonly real: boolean;
}

/** Name of the lab's card, as machine.ts has it. */
const cardName = 'card0';
/** The card has no sensor: the lab's choice. */
const temperatureC = 54;

function choicesOf(options: CardOptions): PortChoice[][] {
  const senses = options.flags.includes('DPDP') && options.flags.includes('SENSE_SUPPORT');
  return options.ports.map(({ supportsEth, supportsIb }) => [
    ...(supportsEth ? (['eth'] as const) : []),
    ...(supportsIb ? (['ib'] as const) : []),
    ...(supportsEth && supportsIb && senses ? (['auto'] as const) : []),
  ]);
}

/** `40G DAC`; a cable without a limit carries the fastest that its ports offer. */
function cablesOf({ cables = [] }: TopologySpec, real: boolean): MachineFacts['cables'] {
  return cables.map(({ name, speedMbps, a, b }, at) => ({
    name: name ?? `cable${at + 1}`,
    kind: `${(speedMbps ?? 40_000) / 1000}G DAC`,
    // real-run.ts lets it hang where the other computer would be.
    fromAway: real && (a === null || b === null),
  }));
}

/** The facts of a scenario's machine under a variant, or under Linux itself. */
export function machineFacts({ card, topology, variant }: MachineSpec, real = false): MachineFacts {
  const options: CardOptions = { ...cardProfiles[card.profile], ...card.options };
  const { major, minor, sub } = options.firmwareVersion;
  return {
    card: {
      name: cardName,
      slot: card.slot,
      firmware: `${major}.${minor}.${sub}`,
      temperatureC,
      variant,
    },
    portChoices: choicesOf(options),
    cables: cablesOf(topology, real),
    switches: (topology.switches ?? []).map(({ name, ports }) => ({ name, ports })),
    hosts: (topology.hosts ?? []).map(({ name }) => name),
    ibPeers: (topology.ibPeers ?? []).map(({ name }) => name),
    faults: faultNames.map((name) => ({ name, title: faultText(name) })),
    real,
  };
}
