// The fault switches that the panel has, each with the line that arms it and the line that clears
// it. The lab has more, for scenarios and for the shell's `:fault`; these are the ones that a hand
// reaches for.

import type { Panel, PanelFault } from './panel.ts';
import type { Act } from './undo.ts';

/** A switch of the bay. */
export interface FaultSwitch {
  readonly id: string;
  /** Printed under it. */
  readonly title: string;
  /** What it does, in a sentence. */
  readonly what: string;
  /** Name of the fault in the lab. */
  readonly fault: string;
  /** Port that it is about, or null. */
  readonly port: string | null;
  readonly line: string;
}

/** Flaps until it is cleared: more often than any run is long. */
const forEver = 1_000_000;

const flap = (portNumber: number): FaultSwitch => {
  const port = `card0 port ${portNumber}`;
  return {
    id: `flap${portNumber}`,
    title: `flap link ${portNumber}`,
    what: `The cable in port ${portNumber} loses its signal for 200 ms in every 1.2 s.`,
    fault: 'cableFlap',
    port,
    line: `fault cableFlap port=${port} down=200ms up=1s count=${forEver}`,
  };
};

export const faultSwitches: readonly FaultSwitch[] = [
  {
    id: 'hold',
    title: 'hold command',
    what: 'Firmware commands are taken, and not answered until they are released.',
    fault: 'holdCommand',
    port: null,
    line: 'fault holdCommand command=any',
  },
  {
    id: 'irq',
    title: 'drop IRQ',
    what: 'The next interrupt of the card is lost.',
    fault: 'dropInterrupt',
    port: null,
    line: 'fault dropInterrupt count=1',
  },
  flap(1),
  flap(2),
  {
    id: 'bad',
    title: 'bad cable',
    what: 'Every third frame on the cable in port 1 arrives damaged.',
    fault: 'frameDamage',
    port: 'card0 port 1',
    line: 'fault frameDamage port=card0 port 1 everyNth=3',
  },
];

/** How the fault of a switch stands; null when the lab says nothing of it. */
export const faultOf = ({ faults }: Panel, { fault }: FaultSwitch): PanelFault | null =>
  faults.find(({ name }) => name === fault) ?? null;

/** Switches that are armed. */
export const armedCount = (panel: Panel): number =>
  faultSwitches.filter((each) => faultOf(panel, each)?.armed === true).length;

/** What putting a switch on or off is. */
export function faultAct({ fault, line }: FaultSwitch, on: boolean): Act {
  const clear = `clear ${fault}`;
  return on ? { way: 'hand', line, opposite: clear } : { way: 'hand', line: clear, opposite: line };
}
