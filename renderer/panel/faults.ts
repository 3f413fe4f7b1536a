// The fault switches that the panel has, each with the line that arms it and the line that clears
// it. The lab has more, for scenarios and for the shell's `:fault`; these are the ones that a hand
// reaches for.

import type { CableView, FaultView, Panel } from '#contract/panel.ts';
import { endAt } from './cables.ts';
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
  /** Its settings, as words of a line. */
  readonly settings: string;
  /** Number of the port whose cable it is about; null for a fault of the card. */
  readonly port: number | null;
}

/** Flaps until it is cleared: more often than any run is long. */
const forEver = 1_000_000;

const flap = (port: number): FaultSwitch => ({
  id: `flap${port}`,
  title: `flap link ${port}`,
  what: `The cable in port ${port} loses its signal for 200 ms in every 1.2 s.`,
  fault: 'cableFlap',
  settings: `down=200ms up=1s count=${forEver}`,
  port,
});

/** Lets every held command go on; the switch stays as it is. */
export const releaseLine = 'release any';

export const holdSwitch: FaultSwitch = {
  id: 'hold',
  title: 'hold command',
  what: 'Firmware commands are taken, and not answered until they are released.',
  fault: 'holdCommand',
  settings: 'command=any',
  port: null,
};

export const faultSwitches: readonly FaultSwitch[] = [
  holdSwitch,
  {
    id: 'irq',
    title: 'drop IRQ',
    what: 'The next interrupt of the card is lost.',
    fault: 'dropInterrupt',
    settings: 'count=1',
    port: null,
  },
  flap(1),
  flap(2),
  {
    id: 'bad',
    title: 'bad cable',
    what: 'Every third frame on the cable in port 1 arrives damaged.',
    fault: 'frameDamage',
    settings: 'everyNth=3',
    port: 1,
  },
];

/** The lab's word on the fault of a switch; null when it has none. */
export const faultOf = ({ faults }: Panel, { fault }: FaultSwitch): FaultView | null =>
  faults.find(({ name }) => name === fault) ?? null;

const portName = ({ ports }: Panel, number: number): string | undefined =>
  ports.find((port) => port.number === number)?.name;

const cableIn = (panel: Panel, number: number): CableView | undefined =>
  endAt(panel.cables, portName(panel, number) ?? '')?.cable;

/** A switch is on: its fault is armed, and of a cable's fault on the cable in that port. */
export function isArmed(panel: Panel, each: FaultSwitch): boolean {
  const fault = faultOf(panel, each);
  if (fault === null || !fault.armed) return false;
  return each.port === null || fault.cables.includes(cableIn(panel, each.port)?.name ?? '');
}

/** Switches that are on. */
export const armedCount = (panel: Panel): number =>
  faultSwitches.filter((each) => isArmed(panel, each)).length;

function armLine(panel: Panel, { fault, settings, port }: FaultSwitch): string {
  const where = port === null ? '' : `port=${portName(panel, port)} `;
  return `fault ${fault} ${where}${settings}`;
}

/** What putting a switch on or off is. Clearing clears a fault on every cable: others come back. */
export function faultAct(panel: Panel, each: FaultSwitch, on: boolean): Act {
  const others = faultSwitches.filter(
    (other) => other !== each && other.fault === each.fault && isArmed(panel, other),
  );
  const arm = [armLine(panel, each)];
  const clear = [`clear ${each.fault}`, ...others.map((other) => armLine(panel, other))];
  return { way: 'hand', lines: on ? arm : clear, opposite: on ? clear : arm };
}
