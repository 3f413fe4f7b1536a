// What the card does with ports at a moment: the map from virtual to physical ports, the one before
// it, whether it checks on which port a packet came; and what the driver believes of both.

import { K } from '#trace/kinds.ts';
import type { EventIndex } from './event-index.ts';

/** Physical ports of the virtual ports 1 and 2. */
export type PortMap = readonly [number, number];

/** Map and check at a moment; null for what nobody has said yet. */
export interface CardMaps {
  readonly map: PortMap | null;
  /** The map that was there before the present one, when it was another. */
  readonly formerMap: PortMap | null;
  readonly driverMap: PortMap | null;
  readonly rxPortCheck: boolean | null;
  readonly rxPortCheckSinceNs: number;
  readonly driverRxPortCheck: boolean | null;
}

const mapOf = (value: number): PortMap => [value >>> 4, value & 15];

/** Maps of the first card before event `seq`. */
export function cardMapsAt(index: EventIndex, seq: number): CardMaps {
  const { trace } = index;
  const list = index.of('maps');
  const maps: { -readonly [N in keyof CardMaps]: CardMaps[N] } = {
    map: null,
    formerMap: null,
    driverMap: null,
    rxPortCheck: null,
    rxPortCheckSinceNs: 0,
    driverRxPortCheck: null,
  };
  for (let at = 0, end = list.below(seq); at < end; at++) {
    const { kind, object, value, timeNs } = trace.event(list.at(at));
    const what = trace.text(object);
    const isCard = kind === K['card.map'];
    if (what.endsWith(' port map')) {
      const map = mapOf(value);
      if (!isCard) maps.driverMap = map;
      else if (maps.map?.join() !== map.join()) [maps.formerMap, maps.map] = [maps.map, map];
    } else if (what.endsWith(' rx port check')) {
      const on = value === 1;
      if (!isCard) maps.driverRxPortCheck = on;
      else if (maps.rxPortCheck !== on) {
        [maps.rxPortCheck, maps.rxPortCheckSinceNs] = [on, timeNs];
      }
    }
  }
  return maps;
}
