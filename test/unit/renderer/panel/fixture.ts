// A front panel as data, for tests of what is drawn of it: the card of the lab's story on six
// ports of a switch.

import type { FarPortView, Leds, Panel } from '#contract/panel.ts';

const dark: Leds = { link: 'off', activity: 'off' };
const idle: Leds = { link: 'steady', activity: 'steady' };
const busy: Leds = { link: 'steady', activity: 'traffic' };

function farPort(number: number): FarPortView {
  const cable = number === 2 ? 'cable1' : number === 5 ? 'cable2' : null;
  const leds = number === 2 ? busy : number === 5 ? idle : dark;
  return {
    number,
    name: `tor1 port ${number}`,
    cable,
    link: cable ? 'up' : 'down',
    speedMbps: cable ? 40_000 : 0,
    leds,
  };
}

/** At rest: bonded in hardware, cable C1 busy. */
export const restPanel: Panel = {
  card: {
    name: 'card0',
    slot: '0000:06:00.0',
    firmware: '2.42.5000',
    temperatureC: 54,
    variant: 'naive',
  },
  ports: [1, 2].map((number) => ({
    number,
    name: `card0 port ${number}`,
    netdev: `p${number}`,
    role: number === 1 ? 'active' : 'backup',
    type: 'eth',
    cardType: 'eth',
    open: true,
    choices: ['eth', 'ib', 'auto'],
    link: 'up',
    speedMbps: 40_000,
    note: '',
    leds: number === 1 ? busy : idle,
  })),
  cables: [
    { name: 'cable1', label: 'C1', ends: ['card0 port 1', 'tor1 port 2'], kind: '40G DAC' },
    { name: 'cable2', label: 'C2', ends: ['card0 port 2', 'tor1 port 5'], kind: '40G DAC' },
  ],
  switches: [{ name: 'tor1', ports: [1, 2, 3, 4, 5, 6].map(farPort) }],
  hosts: [],
  bondingLoaded: true,
  bond: {
    name: 'bond0',
    mode: 'active-backup',
    active: 'p1',
    slaves: ['p1', 'p2'],
    seen: true,
    rows: [
      {
        what: 'portMap',
        card: '1→1 2→1',
        driver: '1→1 2→1',
        equal: true,
        cardMap: [1, 1],
        driverMap: [1, 1],
      },
      { what: 'rxPortCheck', card: 'off', driver: 'off', equal: true },
      { what: 'hardware', card: 'yes', driver: 'yes, BONDED', equal: true },
    ],
  },
  faults: [],
};

/** After the unbond: the driver's map is the old one, port 1 is going and dark. */
export const partedPanel: Panel = {
  ...restPanel,
  ports: restPanel.ports.map((port) =>
    port.number === 1
      ? { ...port, role: 'going', link: 'down', leds: dark }
      : { ...port, role: 'active', leds: busy },
  ),
  switches: [
    {
      name: 'tor1',
      ports: restPanel.switches[0]!.ports.map((port) =>
        port.number === 2
          ? { ...port, link: 'down', leds: dark }
          : port.number === 5
            ? { ...port, leds: busy }
            : port,
      ),
    },
  ],
  bond: {
    name: 'bond0',
    mode: 'active-backup',
    active: 'p2',
    slaves: ['p1', 'p2'],
    seen: true,
    rows: [
      {
        what: 'portMap',
        card: '1→1 2→2',
        driver: '1→1 2→1',
        equal: false,
        cardMap: [1, 2],
        driverMap: [1, 1],
        partedSeq: 18_467,
      },
      { what: 'rxPortCheck', card: 'on', driver: 'on', equal: true },
      { what: 'hardware', card: 'no', driver: 'no, cleared', equal: true },
    ],
  },
};
