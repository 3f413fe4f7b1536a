// An InfiniBand port of mlx4_ib with a subnet manager at the far end of its cable: what sysfs
// shows when the link is there and the manager has given the port its LID, and which events users
// of the device hear.

import { expect, it } from 'vitest';
import { cardProfiles } from '#device/options.ts';
import type { DevCapFlag } from '#prm/dev-cap.ts';
import { defaultTopology } from '#fabric/topology.ts';
import type { TopologySpec } from '#fabric/topology.ts';
import { ib_register_event_handler } from '#kernel/infiniband/event.ts';
import { ib_event_msg } from '#kernel/infiniband/ib-verbs.ts';
import { IbRig } from './rig.ts';

const [first, second] = cardProfiles.default.ports;
const card = { ports: [{ ...first, suggested: 'ib' as const }, second] as const };

/** Port 1 of the card at an InfiniBand switch instead, by a cable that carries so much. */
function topology(speedMbps: number): TopologySpec {
  const [, ...others] = defaultTopology.cables!;
  return {
    ...defaultTopology,
    ibPeers: [{ name: 'ib0', subnetManager: true }],
    cables: [{ a: 'card0 port 1', b: 'ib0', speedMbps }, ...others],
  };
}

function shown(speedMbps: number): Record<string, string | number> {
  const rig = new IbRig({ variant: 'v6.1', card, topology: topology(speedMbps) });
  rig.load(['mlx4_en', 'mlx4_ib'], true);
  const files = ['state', 'phys_state', 'rate', 'lid', 'sm_lid', 'link_layer', 'cap_mask'];
  return Object.fromEntries(files.map((file) => [file, rig.read(`mlx4_0/ports/1/${file}`)]));
}

const active = {
  state: '4: ACTIVE',
  phys_state: '5: LinkUp',
  lid: '0x2',
  sm_lid: '0x1',
  link_layer: 'InfiniBand',
  cap_mask: '0x02514868',
};

it('is active when the manager has been there, at the speed of the cable', () => {
  expect(shown(40_000)).toEqual({ ...active, rate: '40 Gb/sec (4X QDR)' });
  expect(shown(56_000)).toEqual({ ...active, rate: '56 Gb/sec (4X FDR)' });
});

/** What users of the device hear when the link of port 1 goes and comes. */
function heardOfFlap(flags: readonly DevCapFlag[]): readonly string[] {
  const withFlags = { ...card, flags: [...cardProfiles.default.flags, ...flags] };
  const rig = new IbRig({ variant: 'v6.1', card: withFlags, topology: topology(40_000) });
  rig.load(['mlx4_en', 'mlx4_ib'], true);
  const heard: string[] = [];
  rig.run(() =>
    ib_register_event_handler(rig.k.infiniband.devices[0]!, {
      name: 'test',
      *handler(event) {
        heard.push(`${ib_event_msg(event.event)} ${event.port_num}`);
      },
    }),
  );
  rig.card.faults.set({ name: 'portFlap', portNumber: 1, downNs: 2e8 });
  rig.wait(3);
  expect(rig.read('mlx4_0/ports/1/state')).toBe('4: ACTIVE');
  expect(rig.oopses).toEqual([]);
  return heard;
}

it('tells of a link that goes and comes', () => {
  expect(heardOfFlap([])).toEqual(['port error 1', 'port active 1']);
});

it('tells of the new LID when the card has events for that', () => {
  expect(heardOfFlap(['PORT_MNG_CHG_EV'])).toEqual([
    'port error 1',
    'LID change 1',
    'port active 1',
  ]);
});
