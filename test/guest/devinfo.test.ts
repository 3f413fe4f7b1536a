// Goal: what a person asks of a card with ibv_devinfo and ethtool is what our card has.
// Method: Debian's own programs, in both types of port, held against the card's options, its state
// and the fabric's.

import { expect } from 'vitest';
import { cardProfiles } from '#device/options.ts';
import type { TopologySpec } from '#fabric/topology.ts';
import type { Guest } from '#guest/guest.ts';
import { guestCardSlot } from '#guest/pci-slot.ts';
import {
  answers,
  cardFolder,
  expectWell,
  guestTest,
  load,
  must,
  startGuest,
  until,
} from './support/guests.ts';

/** `name: value` lines, by name; of two with one name the first. */
function fieldsOf(text: string): Map<string, string> {
  const fields = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [, name, value] = /^\s*([^:]+):\s*(.*?)\s*$/.exec(line) ?? [];
    if (name !== undefined && !fields.has(name)) fields.set(name, value!);
  }
  return fields;
}

/** What ibv_devinfo says of the card and of one of its ports. */
async function devinfo(guest: Guest, port: 1 | 2): Promise<Record<string, string>> {
  return Object.fromEntries(fieldsOf(await must(guest, `ibv_devinfo -v -i ${port}`)));
}

/** Loads what ibv_devinfo asks. */
async function loadVerbs(guest: Guest): Promise<void> {
  await load(guest);
  await must(guest, 'modprobe ib_uverbs');
}

const mac = (address: number): string =>
  address.toString(16).padStart(12, '0').match(/../g)!.join(':');

/** Port 1 at an InfiniBand peer. */
const atPeer: TopologySpec = {
  ibPeers: [{ name: 'peer0' }],
  cables: [{ a: 'card0 port 1', b: 'peer0' }],
};

guestTest().each([
  [true, 'PORT_ACTIVE (4)', '18'],
  [false, 'PORT_INIT (2)', '0'],
])('an InfiniBand port, subnet manager %s', async (subnetManager, state, subnetTimeout) => {
  const guest = await startGuest({ topology: atPeer });
  const peer = guest.fabric.ibPeer('peer0');
  await loadVerbs(guest);
  await must(guest, `echo ib > ${cardFolder}/mlx4_port1`);
  // A manager that comes later is heard by ib_sa for certain, which registers after the port opens.
  await until(guest, 'ibv_devinfo -i 1 | grep -q "PORT_INIT (2)"');
  peer.setSubnetManager(subnetManager);
  await until(guest, `ibv_devinfo -i 1 | grep -q "${state}"`);
  const said = await devinfo(guest, 1);
  expect(said).toMatchObject({
    link_layer: 'InfiniBand',
    phys_state: 'LINK_UP (5)',
    active_width: '4X (2)',
    active_speed: '14.0 Gbps (16)',
    max_mtu: '4096 (5)',
    active_mtu: '4096 (5)',
    subnet_timeout: subnetTimeout,
    'GID[  0]': 'fe80:0000:0000:0000:0002:c903:00a0:b0c1',
  });
  expect(Number(said['port_lid']) > 0).toBe(subnetManager);
  expect(Number(said['sm_lid']) > 0).toBe(subnetManager);
  expect(said['port_lid'] === said['sm_lid']).toBe(!subnetManager);
  // Two answers of the port lead to ACTIVE. A second later ib_sa asks what the manager can do; it
  // would ask again every 300 ms, and for seconds, if it did not take the answer.
  const arrived = subnetManager ? 3 : 0;
  await expect.poll(() => peer.received, { timeout: 20_000 }).toBeGreaterThanOrEqual(arrived);
  await must(guest, 'sleep 1');
  const settled = peer.received;
  expect(settled > 0).toBe(subnetManager);
  await must(guest, 'sleep 3');
  expect(peer.received).toBe(settled);
  await expectWell(guest);

  await must(guest, `echo 2048 > ${cardFolder}/mlx4_port1_mtu`);
  await until(guest, `ibv_devinfo -i 1 | grep -q "max_mtu:.*2048 (4)"`);
  guest.fabric.act('pull', 'card0 port 1');
  await until(guest, 'ibv_devinfo -i 1 | grep -q PORT_DOWN');
});

guestTest()('the card, and its Ethernet ports as their cables are', async () => {
  const guest = await startGuest();
  await loadVerbs(guest);
  const { firmwareVersion, boardId, ports } = guest.card.options;
  const { major, minor, sub } = firmwareVersion;
  const [first] = ports;
  expect(await devinfo(guest, 1)).toMatchObject({
    hca_id: 'mlx4_0',
    fw_ver: `${major}.${minor}.${sub}`,
    board_id: boardId,
    node_guid: '0002:c903:00a0:b0c0',
    sys_image_guid: '0002:c903:00a0:b0c3',
    hw_ver: '0x0',
    vendor_id: '0x02c9',
    vendor_part_id: String(0x1003),
    phys_port_cnt: '2',
    link_layer: 'Ethernet',
    state: 'PORT_DOWN (1)',
  });
  await answers(guest, 'eth0');
  expect(await devinfo(guest, 1)).toMatchObject({
    state: 'PORT_ACTIVE (4)',
    active_mtu: '1024 (3)',
    active_width: '4X (2)',
    active_speed: '10.0 Gbps (4)',
  });
  expect(await devinfo(guest, 2)).toMatchObject({ state: 'PORT_DOWN (1)' });
  expect(await must(guest, 'ethtool -P eth0')).toBe(`Permanent address: ${mac(first.mac)}`);
  expect(Object.fromEntries(fieldsOf(await must(guest, 'ethtool -i eth0')))).toMatchObject({
    driver: 'mlx4_en',
    'firmware-version': `${major}.${minor}.${sub}`,
    'bus-info': guestCardSlot,
  });

  guest.fabric.act('pull', 'card0 port 1');
  await until(guest, 'ibv_devinfo -i 1 | grep -q PORT_DOWN');
  expect(await must(guest, 'ethtool eth0')).toContain('Link detected: no');
});

guestTest()('a speed that ethtool asks for is what the link has', async () => {
  // The driver writes PTYS for a card only that offers it, which no profile does.
  const { flags2 } = cardProfiles.full;
  const guest = await startGuest({ card: { options: { flags2: [...flags2, 'ETH_PROT_CTRL'] } } });
  await load(guest);
  await answers(guest, 'eth0');
  for (const speed of ['10000', '40000']) {
    await must(guest, `ethtool -s eth0 autoneg off speed ${speed}`);
    await until(guest, `ethtool eth0 | grep -q "Speed: ${speed}Mb/s"`);
    await until(guest, 'ping -c 1 -W 1 10.0.0.1 > /tmp/out');
  }
});

guestTest()('ethtool -S has what the card has counted, and the driver beside it', async () => {
  const guest = await startGuest();
  await load(guest);
  await answers(guest, 'eth0');
  await must(guest, 'ping -c 5 -s 1000 10.0.0.1');
  const statistics = async (): Promise<Map<string, number>> => {
    const fields = fieldsOf(await must(guest, 'ethtool -S eth0'));
    return new Map([...fields].map(([name, value]) => [name, Number(value)]));
  };
  const byCard = (): readonly number[] => {
    const { sent, received } = guest.card.view.counts(1);
    return [sent, received];
  };
  const pairs = async (): Promise<unknown> => {
    const has = await statistics();
    const of = (names: readonly string[]): unknown => names.map((name) => has.get(name));
    return [
      of(['tx_packets_phy', 'rx_packets_phy']),
      of(['tx_novlan_packets', 'rx_novlan_packets']),
      of(['tx_packets', 'rx_packets']),
      of(['tx0_packets', 'rx0_packets']),
    ];
  };
  // The card's are asked for every 250 ms, and the link's own messages come at any time.
  await expect
    .poll(async () => ({ said: await pairs(), card: byCard() }), { timeout: 20_000 })
    .toSatisfy(({ said, card }: { said: unknown[]; card: unknown }) =>
      said.every((pair) => JSON.stringify(pair) === JSON.stringify(card)),
    );
  expect((await statistics()).get('rx_bytes_phy')).toBeGreaterThan(5 * 1000);
});
