// The names that a scenario may use: they follow from its machine, so that a cable pulled out of a
// port that is not there is a mistake of the file and not of the run.

import { mendWord } from './nearest.ts';
import type { Value } from './reader.ts';
import type { TopologySpec } from '#fabric/topology.ts';

/** Terminals of a machine. */
export const terminals = ['main', 'second', 'third'] as const;

/** The card of the lab's own machine. */
export const labCard = 'card0';

const portsOf = (card: string): string[] => [1, 2].map((port) => `${card} port ${port}`);

/** Ports of the lab's card. */
export const cardPorts: readonly string[] = portsOf(labCard);

/** Answers why a variant's name cannot be used and what to write instead; null for a good one. */
export type VariantCheck = (name: string) => string | null;

/** What names stand for in one scenario. */
export class Names {
  readonly variantMend: VariantCheck;
  readonly ports: readonly string[];
  /** Ports at the far end: of switches and hosts. */
  readonly farPorts: readonly string[];
  readonly cables: readonly string[];
  private readonly cardPorts: readonly string[];

  /** `cards`: those on the network. */
  constructor(
    topology: TopologySpec,
    variantMend: VariantCheck,
    cards: readonly string[] = [labCard],
  ) {
    this.variantMend = variantMend;
    this.farPorts = farPortsOf(topology);
    const peers = (topology.ibPeers ?? []).map((peer) => peer.name);
    this.cardPorts = cards.flatMap(portsOf);
    this.ports = [...this.cardPorts, ...this.farPorts, ...peers];
    this.cables = (topology.cables ?? []).map((cable, index) => cable.name ?? `cable${index + 1}`);
  }

  /** A port by name. */
  port(value: Value): string | undefined {
    return known(value, this.ports, 'port');
  }

  farPort(value: Value): string | undefined {
    return known(value, this.farPorts, 'port of a switch or host');
  }

  cardPort(value: Value): string | undefined {
    return known(value, this.cardPorts, 'port of the card');
  }

  cable(value: Value): string | undefined {
    return known(value, this.cables, 'cable');
  }

  /** A variant's name; one that is unknown is reported and taken. */
  variant(value: Value): string | undefined {
    const name = value.text();
    if (name === undefined) return undefined;
    const mend = this.variantMend(name);
    if (mend !== null) value.fail(`does not know the variant ${JSON.stringify(name)}`, mend);
    return name;
  }
}

/** Ports of switches and hosts. */
export function farPortsOf(topology: TopologySpec): string[] {
  const switches = (topology.switches ?? []).flatMap(({ name, ports }) =>
    Array.from({ length: ports }, (_, index) => `${name} port ${index + 1}`),
  );
  return [...switches, ...(topology.hosts ?? []).map((host) => host.name)];
}

function known(value: Value, names: readonly string[], what: string): string | undefined {
  const name = value.text();
  if (name === undefined || names.includes(name)) return name;
  return value.fail(`names no ${what}: ${JSON.stringify(name)}`, mendWord(name, names));
}
