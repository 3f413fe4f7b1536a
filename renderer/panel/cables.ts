// Cables and ports as names: which end is where, which ports are free, which one is next. What the
// hands do is worked out here, without any drawing.

import type { Panel, CableView } from '#contract/panel.ts';

/** One end of a cable. */
export interface CableEnd {
  readonly cable: CableView;
  readonly end: 0 | 1;
}

/** The end that is in a port, or null. */
export function endAt(cables: readonly CableView[], port: string): CableEnd | null {
  for (const cable of cables) {
    const end = cable.ends.indexOf(port);
    if (end !== -1) return { cable, end: end === 0 ? 0 : 1 };
  }
  return null;
}

/** Ends that hang free. */
export const freeEnds = (cables: readonly CableView[]): CableEnd[] =>
  cables.flatMap((cable) =>
    ([0, 1] as const).filter((end) => cable.ends[end] === null).map((end) => ({ cable, end })),
  );

/**
 * Cables that can be drawn: no end is in a port that is not here, at the card of another computer,
 * or hangs there.
 */
export const cablesHere = (
  cables: readonly CableView[],
  ports: readonly string[],
): readonly CableView[] =>
  cables.filter(({ ends, fromAway = false }) =>
    ends.every((port) => (port === null ? !fromAway : ports.includes(port))),
  );

/** Name of an end, for maps. */
export const endKey = ({ cable, end }: CableEnd): string => `${cable.name} ${end}`;

/** The cables as they would be with one end somewhere else. */
export const withEndAt = (
  cables: readonly CableView[],
  name: string,
  end: 0 | 1,
  port: string | null,
): CableView[] =>
  cables.map((cable) => {
    if (cable.name !== name) return cable;
    const [a, b] = cable.ends;
    return { ...cable, ends: end === 0 ? [port, b] : [a, port] };
  });

/** Ports without a plug, in the order given. */
export const freePorts = (cables: readonly CableView[], ports: readonly string[]): string[] =>
  ports.filter((port) => endAt(cables, port) === null);

/** The next free port in a direction, round the ends. */
export function nextFree(
  free: readonly string[],
  from: string | null,
  step: 1 | -1,
): string | null {
  if (free.length === 0) return null;
  const at = from === null ? -1 : free.indexOf(from);
  if (at === -1) return (step === 1 ? free[0] : free.at(-1)) ?? null;
  return free[(at + step + free.length) % free.length] ?? null;
}

/** A port in words of a person: `port 1` of the card, else its own name. */
export const portWords = (panel: Panel, port: string): string =>
  port.startsWith(`${panel.card.name} `) ? port.slice(panel.card.name.length + 1) : port;
