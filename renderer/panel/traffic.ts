// Which cables carry frames at the moment: one of the ports at their ends says so.

import type { Panel, CableView } from '#contract/panel.ts';

/** Names of the ports whose activity LED shows traffic. */
export function busyPorts(panel: Panel): string[] {
  const ports = [...panel.ports, ...panel.switches.flatMap((box) => box.ports), ...panel.hosts];
  return ports.filter(({ leds }) => leds.activity === 'traffic').map(({ name }) => name);
}

/** Frames pass on this cable: both its ends are in, and one is busy. */
export const isBusy = ({ ends }: CableView, busy: readonly string[]): boolean =>
  ends[0] !== null && ends[1] !== null && ends.some((end) => end !== null && busy.includes(end));
