// How cables lie: each end in a port, before the port that it was pulled out of, or in a hand; and
// the curve between. Pure, from the ports, the cables, and what the hand does.

import { endKey } from './cables.ts';
import type { CableEnd } from './cables.ts';
import { anchorAt, curveOf, pointAt, tAfter } from './layout.ts';
import type { Curve, Place, Point } from './layout.ts';
import type { CableView } from '#contract/panel.ts';

/** A plug as it is drawn. */
export interface PlugPose extends CableEnd {
  /** The port that it is in or before; moved along with the hand. */
  readonly place: Place;
  /** It is not in a port. */
  readonly out: boolean;
  /** Name of the port that it is in, or that it hangs before. */
  readonly home: string;
  readonly inHand: boolean;
}

/** A cable as it is drawn. */
export interface CablePose {
  readonly cable: CableView;
  readonly plugs: readonly [PlugPose, PlugPose];
  readonly curve: Curve;
  readonly sleeve: Point;
  /** Way along the cable to the middle of its sleeve, px. */
  readonly sleevePx: number;
}

/** The plug in the hand. */
export interface InHand {
  readonly cable: CableView;
  readonly end: 0 | 1;
  /** How far the mouse has moved it. */
  readonly moved: Point;
  /** Carried by keys: the port that it stands before. */
  readonly at: string | null;
}

export interface Scene {
  readonly places: readonly Place[];
  readonly cables: readonly CableView[];
  /** Ports that free ends were pulled out of, by `endKey`. */
  readonly before: Readonly<Record<string, string>>;
  readonly hand: InHand | null;
}

/** Way along a cable from its first boot to the middle of its sleeve, px. */
const sleeveAt = { cage: 24, switchPort: 24, host: 30 } as const;

/** Every cable, in the order of the lab. */
export function posesOf(scene: Scene): CablePose[] {
  return scene.cables.map((cable) => {
    const plugs = [plugOf(scene, { cable, end: 0 }), plugOf(scene, { cable, end: 1 })] as const;
    const [a, b] = plugs;
    const curve = curveOf(anchorAt(a.place, a.out), anchorAt(b.place, b.out));
    const px = sleeveAt[a.place.kind];
    return { cable, plugs, curve, sleeve: pointAt(curve, tAfter(curve, px)), sleevePx: px };
  });
}

function plugOf({ places, before, hand }: Scene, at: CableEnd): PlugPose {
  const { cable, end } = at;
  const port = cable.ends[end];
  const inHand = hand !== null && hand.cable.name === cable.name && hand.end === end;
  const known = port ?? (inHand ? hand.at : null) ?? before[endKey(at)];
  const found = places.find(({ name }) => name === known);
  // An end that has hung since before we looked: the first at a cage, the other at the far end.
  const place = found ?? (end === 0 ? places[0]! : places.at(-1)!);
  const moved = inHand ? hand.moved : { x: 0, y: 0 };
  return {
    ...at,
    place: { ...place, x: place.x + moved.x, y: place.y + moved.y },
    out: port === null,
    home: place.name,
    inHand,
  };
}
