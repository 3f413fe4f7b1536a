// What only a live card can tell: its rings and its ports as they are now. Nothing of it is in the
// trace, so a recording has none of it, and neither has a moment before the live end.

import type { ConnectX3, PortState } from '#device/connectx3.ts';
import type { RingView } from '#device/view.ts';

/** A port as QUERY_PORT would answer now. */
export interface PortNow extends PortState {
  readonly mac: number;
  readonly canIb: boolean;
  readonly canEth: boolean;
}

/** A card as it is. */
export interface CardNow {
  /** How far the driver has come: `power`, `running`, `initialised`. */
  readonly phase: string;
  readonly rings: readonly RingView[];
  readonly ports: readonly PortNow[];
}

/** Looks at a card; looking changes nothing. */
export function cardNow(card: ConnectX3): CardNow {
  const { view } = card;
  const ports = ([1, 2] as const).map((portNumber) => {
    const { mac, supportsIb, supportsEth } = view.portOptions(portNumber);
    return { ...card.port(portNumber), mac, canIb: supportsIb, canEth: supportsEth };
  });
  return { phase: view.phase, rings: view.rings(), ports };
}
