// The network that guests are on unless another one is asked for: the lab's own, with every card
// on its switch.

import { defaultTopology } from '#fabric/topology.ts';
import type { CableSpec, SwitchSpec, TopologySpec } from '#fabric/topology.ts';
import { cardNameAt } from './names.ts';

/** Both cables of a card that is not the first: card1 on ports 4 and 5 of the switch, and so on. */
const cablesOf = (at: number): CableSpec[] =>
  [1, 2].map((port) => ({
    a: `${cardNameAt(at)} port ${port}`,
    b: `switch0 port ${1 + 2 * at + port}`,
  }));

/** The default switch, with as many ports as so many cards and the host need. */
const switchFor = (cards: number): SwitchSpec => {
  const [spec] = defaultTopology.switches!;
  return { ...spec!, ports: Math.max(spec!.ports, 2 * cards + 1) };
};

/** The default network with so many cards on its switch. */
export function networkOf(cards: number): TopologySpec {
  const more = Array.from({ length: cards - 1 }, (_, at) => cablesOf(at + 1));
  return {
    ...defaultTopology,
    switches: [switchFor(cards)],
    cables: [...defaultTopology.cables!, ...more.flat()],
  };
}
