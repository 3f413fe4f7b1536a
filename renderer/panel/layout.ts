// Where things of the front panel are, in px of its own drawing, which is never scaled. Plugs leave
// their ports in a direction; a cable is one curve between two such ends, so that it looks right
// wherever its ends are, in a port, under one, or in a hand.

import type { Panel } from '#contract/panel.ts';

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** The end of a cable: where it leaves its boot, and the way it goes from there. */
export interface Anchor extends Point {
  readonly dx: number;
  readonly dy: number;
  /** How far it goes straight at most, px. */
  readonly straight: number;
}

/** Something to plug into. */
export interface Place {
  /** Name of the port: `card0 port 1`, `switch0 port 3`, `host0`. */
  readonly name: string;
  readonly kind: 'cage' | 'switchPort' | 'host';
  /** Middle of the opening's upper edge. */
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Size of the drawing. */
export const drawing = { width: 476, boxHeight: 59, top: 206.5, gap: 8 } as const;

const cagePitch = 180;
const firstCage = { x: 138.2, y: 27.4, width: 121.6, height: 53.4 } as const;
/** Room for the ports of a switch. */
const row = { left: 81.5, width: 384, pitchMax: 64, portMax: 49.5, height: 28 } as const;
const hostTag = { width: 66, height: 22, right: 472, y: 172 } as const;

/** Width of a port in a switch of so many. */
const farPortWidth = (ports: number): number => Math.min(row.portMax, pitchOf(ports) - 10);

const pitchOf = (ports: number): number => Math.min(row.pitchMax, row.width / ports);

/** Upper edge of a switch's box. */
export const boxTop = (index: number): number =>
  drawing.top + index * (drawing.boxHeight + drawing.gap);

/** Height of the drawing with so many switches. */
export const heightOf = (switches: number): number => boxTop(Math.max(switches, 1)) - drawing.gap;

/** Every port there is, in reading order: cages, ports of switches, hosts. */
export function placesOf(panel: Panel): Place[] {
  const cages = panel.ports.map(({ name }, index): Place => ({
    ...firstCage,
    name,
    kind: 'cage',
    x: firstCage.x + cagePitch * index,
  }));
  const far = panel.switches.flatMap(({ ports }, box) =>
    ports.map(({ name }, index): Place => ({
      name,
      kind: 'switchPort',
      x: row.left + pitchOf(ports.length) * (index + 0.5),
      y: boxTop(box) + 5.5,
      width: farPortWidth(ports.length),
      height: row.height,
    })),
  );
  const hosts = panel.hosts.map(({ name }, index): Place => ({
    name,
    kind: 'host',
    x: hostTag.right - hostTag.width / 2,
    y: hostTag.y - index * (hostTag.height + 4),
    width: hostTag.width,
    height: hostTag.height,
  }));
  return [...cages, ...far, ...hosts];
}

/** How far a plug that hangs has come out of its port, px. */
export const hangs = { cage: 32, switchPort: 24, host: 16 } as const;

/** Where the cable leaves a plug that is in a port, or hangs before it. */
export function anchorAt(place: Place, hanging: boolean): Anchor {
  const out = hanging ? hangs[place.kind] : 0;
  switch (place.kind) {
    case 'cage':
      return { x: place.x, y: place.y + 99.4 + out, dx: 0, dy: 1, straight: 90 };
    case 'switchPort':
      return { x: place.x, y: place.y - 13.5 - out, dx: 0, dy: -1, straight: 75 };
    case 'host':
      return {
        x: place.x - place.width / 2 - 9 - out,
        y: place.y + 11,
        dx: -1,
        dy: 0,
        // Flat: it goes below the cables of the card.
        straight: 34,
      };
  }
}

/** A cubic curve. */
export type Curve = readonly [Point, Point, Point, Point];

/** Shortest straight piece at a boot, px. */
const straightMin = 22;

/**
 * The cable between two ends: it leaves each straight, and sags into the other. It goes down
 * farther from the card than up from the switch, so that it keeps under the words of the ports.
 */
export function curveOf(a: Anchor, b: Anchor): Curve {
  const far = Math.hypot(b.x - a.x, b.y - a.y);
  const bent = [a, b].some(({ dx }) => dx !== 0);
  // One that comes from the side is flat: the stiffer end of the two decides.
  const most = (end: Anchor): number => (bent ? Math.min(a.straight, b.straight) : end.straight);
  const pull = (end: Anchor): number => Math.min(most(end), Math.max(straightMin, far * 0.5));
  return [
    { x: a.x, y: a.y },
    { x: a.x + a.dx * pull(a), y: a.y + a.dy * pull(a) },
    { x: b.x + b.dx * pull(b), y: b.y + b.dy * pull(b) },
    { x: b.x, y: b.y },
  ];
}

const r = (value: number): number => Math.round(value * 10) / 10;

/** The curve for SVG. */
export const pathOf = ([a, b, c, d]: Curve): string =>
  `M${r(a.x)} ${r(a.y)}C${r(b.x)} ${r(b.y)} ${r(c.x)} ${r(c.y)} ${r(d.x)} ${r(d.y)}`;

/** The point of a curve at t, 0 to 1. */
export function pointAt([a, b, c, d]: Curve, t: number): Point {
  const u = 1 - t;
  const [wa, wb, wc, wd] = [u * u * u, 3 * u * u * t, 3 * u * t * t, t * t * t];
  return {
    x: wa * a.x + wb * b.x + wc * c.x + wd * d.x,
    y: wa * a.y + wb * b.y + wc * c.y + wd * d.y,
  };
}

/** Length of a curve, px. */
export function lengthOf(curve: Curve): number {
  const steps = 32;
  const points = Array.from({ length: steps + 1 }, (_, step) => pointAt(curve, step / steps));
  return points
    .slice(1)
    .reduce((sum, { x, y }, at) => sum + Math.hypot(x - points[at]!.x, y - points[at]!.y), 0);
}

/** The t at which a curve has gone so many px from its beginning. */
export function tAfter(curve: Curve, px: number): number {
  const steps = 64;
  let gone = 0;
  let last = curve[0];
  for (let step = 1; step <= steps; step++) {
    const next = pointAt(curve, step / steps);
    gone += Math.hypot(next.x - last.x, next.y - last.y);
    if (gone >= px) return step / steps;
    last = next;
  }
  return 1;
}

/** The free place under a point, or null. Hands are allowed to be near. */
export function placeUnder(places: readonly Place[], { x, y }: Point): Place | null {
  const near = 10;
  return (
    places.find(
      (place) =>
        Math.abs(x - place.x) <= place.width / 2 + near &&
        y >= place.y - near &&
        y <= place.y + place.height + near,
    ) ?? null
  );
}
