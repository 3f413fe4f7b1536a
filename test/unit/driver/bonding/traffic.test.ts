// Frames through a bond: transmit by mode, the rx handler, counters, addresses (fail_over_mac),
// receive filters, gratuitous ARP after a failover, the ARP monitor. Facts/driver 10.6, 10.8,
// 10.11.

import { describe, expect, it } from 'vitest';
import { buildArpReply, isGratuitous, parseArp } from '#bus/arp.ts';
import { EtherType } from '#bus/frame.ts';
import { formatMacAt, parseMac } from '#bus/mac.ts';
import { parseIpv4Address } from '#bus/ipv4.ts';
import { buildUdpFrame } from '#bus/l4.ts';
import { dev_mc_add, dev_mc_del } from '#kernel/net/addr-list.ts';
import { dev_get_stats } from '#kernel/net/dev.ts';
import { ethtool_drvinfo, ethtool_settings } from '#kernel/net/ethtool-ioctl.ts';
import { NET_RX_SUCCESS, NET_XMIT_DROP } from '#kernel/net/flags.ts';
import { inet_add_addr } from '#kernel/net/inetdev.ts';
import { ipLinkSet } from '#kernel/net/rtnl-link.ts';
import { dev_add_pack } from '#kernel/net/receive.ts';
import { alloc_skb } from '#kernel/net/skb.ts';
import { dev_queue_xmit } from '#kernel/net/xmit.ts';
import type { bonding } from '#driver/bonding/bonding.ts';
import { BondMachine } from './rig.ts';
import type { TestNic } from './rig.ts';

function machine(options: Record<string, string>, count = 2) {
  const m = new BondMachine();
  m.load();
  const nics = Array.from({ length: count }, (_, index) => m.nic(`p${index + 1}`, 0xc1 + index));
  const bond = m.bond({ miimon: '100', ...options });
  for (const nic of nics) m.set('slaves', `+${nic.dev.name}`);
  m.wait(1500);
  for (const nic of nics) nic.sent.length = 0;
  return { m, nics, bond };
}

/** UDP frame whose ports pick a flow. */
const udp = (port: number): Uint8Array =>
  buildUdpFrame(
    {
      sourceMac: parseMac('00:02:c9:a0:b0:c1'),
      destinationMac: parseMac('02:00:00:00:00:01'),
      source: parseIpv4Address('10.0.0.1'),
      destination: parseIpv4Address('10.0.0.2'),
    },
    { source: port, destination: 7 },
    new Uint8Array(20),
  );

const isUdp = (frame: Uint8Array): boolean =>
  frame[23] === 17 && frame[12] === 8 && frame[13] === 0;
const udpSent = (nics: readonly TestNic[]): number[] =>
  nics.map((nic) => nic.sent.filter(isUdp).length);

const send = (m: BondMachine, bond: bonding, frame: Uint8Array): number =>
  m.run(() => dev_queue_xmit(alloc_skb(frame, bond.dev, EtherType.ipv4)));

describe('transmit', () => {
  it('active-backup sends everything on the active slave', () => {
    const { m, nics, bond } = machine({ mode: 'active-backup' });
    for (let port = 1; port <= 6; port++) expect(send(m, bond, udp(port))).toBe(0);
    expect(udpSent(nics)).toEqual([6, 0]);
    m.set('active_slave', 'p2');
    send(m, bond, udp(1));
    expect(udpSent(nics)).toEqual([6, 1]);
  });

  it('balance-xor spreads by the hash, one flow always on one slave', () => {
    const { m, nics, bond } = machine({ mode: 'balance-xor', xmit_hash_policy: 'layer3+4' });
    for (let port = 1; port <= 40; port++) send(m, bond, udp(port));
    const [first, second] = udpSent(nics);
    expect(first! + second!).toBe(40);
    expect(Math.min(first!, second!)).toBeGreaterThan(10);
    for (let round = 0; round < 5; round++) send(m, bond, udp(1000));
    const now = udpSent(nics);
    expect([now[0]! - first!, now[1]! - second!].sort()).toEqual([0, 5]);
  });

  it('balance-rr goes round, broadcast sends on all', () => {
    const rr = machine({ mode: 'balance-rr' }, 3);
    for (let port = 1; port <= 9; port++) send(rr.m, rr.bond, udp(port));
    expect(udpSent(rr.nics)).toEqual([3, 3, 3]);
    const all = machine({ mode: 'broadcast' }, 3);
    send(all.m, all.bond, udp(1));
    expect(udpSent(all.nics)).toEqual([1, 1, 1]);
  });

  it('balance-tlb and balance-alb send on the active slave', () => {
    for (const mode of ['balance-tlb', 'balance-alb']) {
      const { m, nics, bond } = machine({ mode });
      send(m, bond, udp(1));
      expect(udpSent(nics)).toEqual([1, 0]);
      nics[0]!.setLink(false);
      m.wait(300);
      send(m, bond, udp(1));
      expect(udpSent(nics)).toEqual([1, 1]);
    }
  });

  it('drops and counts what no slave can take', () => {
    for (const mode of ['active-backup', 'balance-xor', 'balance-rr', 'broadcast']) {
      const { m, nics, bond } = machine({ mode });
      for (const nic of nics) nic.setLink(false);
      m.wait(400);
      bond.dev.carrier = true; // Past the queue, as a frame that was already on its way.
      bond.dev.qdiscActive = true;
      expect([mode, send(m, bond, udp(1))]).toEqual([mode, NET_XMIT_DROP]);
      const stats = m.run(() => dev_get_stats(bond.dev));
      expect(stats.tx_dropped).toBe(1);
      expect(m.k.log.records.map((record) => record.text).join()).not.toContain('asks to queue');
    }
  });
});

describe('receive', () => {
  function listening(options: Record<string, string>) {
    const all = machine(options);
    const seen: string[] = [];
    dev_add_pack(all.m.k, {
      type: EtherType.ipv4,
      *func(_skb, dev, origDev) {
        seen.push(`${dev.name} from ${origDev.name}`);
        return NET_RX_SUCCESS;
      },
    });
    return { ...all, seen };
  }

  it("frames of the active slave are the bond's, those of a backup are for nobody", () => {
    const { m, nics, seen } = listening({ mode: 'active-backup' });
    nics[0]!.frameArrived(udp(1));
    nics[1]!.frameArrived(udp(2));
    m.wait(10);
    expect(seen).toEqual(['bond0 from p1']);
  });

  it('all_slaves_active lets backups through', () => {
    const { m, nics, seen } = listening({ mode: 'active-backup' });
    m.set('all_slaves_active', '1');
    nics[1]!.frameArrived(udp(2));
    m.wait(10);
    expect(seen).toEqual(['bond0 from p2']);
    m.set('all_slaves_active', '0');
    nics[1]!.frameArrived(udp(2));
    m.wait(10);
    expect(seen).toHaveLength(1);
  });

  it('balance-xor takes frames from all slaves', () => {
    const { m, nics, seen } = listening({ mode: 'balance-xor' });
    nics[0]!.frameArrived(udp(1));
    nics[1]!.frameArrived(udp(2));
    m.wait(10);
    expect(seen).toEqual(['bond0 from p1', 'bond0 from p2']);
  });
});

describe('counters', () => {
  it('are those of the slaves since they joined, and stay when a slave leaves', () => {
    const { m, nics, bond } = machine({ mode: 'active-backup' });
    const before = m.run(() => dev_get_stats(bond.dev)).tx_packets;
    for (let port = 1; port <= 4; port++) send(m, bond, udp(port));
    expect(m.run(() => dev_get_stats(bond.dev)).tx_packets).toBe(before + 4);
    m.set('slaves', '-p1');
    nics[0]!.dev.stats.tx_packets += 1000;
    const after = m.run(() => dev_get_stats(bond.dev)).tx_packets;
    expect(after).toBeGreaterThanOrEqual(before + 4);
    expect(after).toBeLessThan(before + 100);
    expect(m.read('/sys/class/net/bond0/statistics/tx_packets')).toBe(`${after}\n`);
  });

  it('ethtool shows driver, and the speed of all that can send', () => {
    const { m } = machine({ mode: 'balance-xor' });
    const settings = m.run(() => ethtool_settings(m.k, 'bond0'));
    expect(settings).toMatchObject({ settings: { speed: 80_000, duplex: 'full', port: 'Other' } });
    const info = m.run(() => ethtool_drvinfo(m.k, 'bond0'));
    expect(info).toMatchObject({ driver: 'bonding', fw_version: '2', version: '6.1.0' });
  });
});

describe('addresses', () => {
  const macs = (nics: readonly TestNic[], bond: bonding) =>
    [bond.dev, ...nics.map((nic) => nic.dev)].map((dev) => formatMacAt(dev.dev_addr).slice(-2));

  it('are one with fail_over_mac none', () => {
    const { m, nics, bond } = machine({ mode: 'active-backup' });
    expect(macs(nics, bond)).toEqual(['c1', 'c1', 'c1']);
    nics[0]!.setLink(false);
    m.wait(300);
    expect(macs(nics, bond)).toEqual(['c1', 'c1', 'c1']);
  });

  it('follow the active slave with fail_over_mac active', () => {
    const { m, nics, bond } = machine({ mode: 'active-backup', fail_over_mac: 'active' });
    expect(macs(nics, bond)).toEqual(['c1', 'c1', 'c2']);
    m.forget();
    nics[0]!.setLink(false);
    m.wait(300);
    expect(macs(nics, bond)).toEqual(['c2', 'c1', 'c2']);
    const ofBond = m.eventsOf('bond0').filter((event) => /ADDR|FAILOVER/.test(event));
    expect(ofBond).toEqual(['PRE_CHANGEADDR', 'CHANGEADDR', 'BONDING_FAILOVER']);
    const from = m.logLength;
    m.set('slaves', '-p2');
    expect(m.lines(from).join()).not.toContain('HWaddr');
  });

  it('are swapped with fail_over_mac follow', () => {
    const { m, nics, bond } = machine({ mode: 'active-backup', fail_over_mac: 'follow' });
    expect(macs(nics, bond)).toEqual(['c1', 'c1', 'c2']);
    nics[0]!.setLink(false);
    m.wait(300);
    expect(macs(nics, bond)).toEqual(['c1', 'c2', 'c1']);
  });

  it('of the bond can be set, on all slaves or none', () => {
    const { m, nics, bond } = machine({ mode: 'active-backup' });
    const address = Uint8Array.of(2, 0, 0, 0, 0, 0xaa);
    expect(m.run(() => ipLinkSet(m.k, 'bond0', { address }))).toBe(0);
    expect(macs(nics, bond)).toEqual(['aa', 'aa', 'aa']);
    nics[1]!.dev.ops = {
      ...nics[1]!.dev.ops,
      *ndo_set_mac_address() {
        return -16;
      },
    };
    const other = Uint8Array.of(2, 0, 0, 0, 0, 0xbb);
    expect(m.run(() => ipLinkSet(m.k, 'bond0', { address: other }))).toBe(-16);
    expect(macs(nics, bond)).toEqual(['aa', 'aa', 'aa']);
  });

  it('slaves without ndo_set_mac_address switch fail_over_mac to active', () => {
    const m = new BondMachine();
    m.load();
    const p1 = m.nic('p1', 0xc1);
    const { ndo_set_mac_address: _none, ...ops } = p1.dev.ops;
    p1.dev.ops = ops;
    m.bond({ mode: 'active-backup', miimon: '100' });
    const from = m.logLength;
    expect(m.set('slaves', '+p1')).toBe(0);
    expect(m.lines(from).slice(0, 2)).toEqual([
      'bond0: (slave p1): The slave device specified does not support setting the MAC address',
      'bond0: (slave p1): Setting fail_over_mac to active for active-backup mode',
    ]);
    expect(m.get('fail_over_mac')).toBe('active 1');
  });
});

describe('receive filters', () => {
  const group = Uint8Array.of(0x01, 0x00, 0x5e, 1, 2, 3);
  const has = (nic: TestNic) => nic.dev.mc.some((entry) => entry.addr.join() === group.join());

  it('are on the active slave only, and move with it', () => {
    const { m, nics, bond } = machine({ mode: 'active-backup' });
    m.run(() => dev_mc_add(bond.dev, group));
    m.run(() => ipLinkSet(m.k, 'bond0', { promisc: true }));
    expect(nics.map(has)).toEqual([true, false]);
    expect(nics.map((nic) => nic.dev.promiscuity)).toEqual([1, 0]);
    m.set('active_slave', 'p2');
    expect(nics.map(has)).toEqual([false, true]);
    expect(nics.map((nic) => nic.dev.promiscuity)).toEqual([0, 1]);
    m.run(() => dev_mc_del(bond.dev, group));
    m.run(() => ipLinkSet(m.k, 'bond0', { promisc: false }));
    expect(nics.map(has)).toEqual([false, false]);
    expect(nics.map((nic) => nic.dev.promiscuity)).toEqual([0, 0]);
  });

  it('are on all slaves in balance-xor, and leave with them', () => {
    const { m, nics, bond } = machine({ mode: 'balance-xor' });
    m.run(() => dev_mc_add(bond.dev, group));
    m.run(() => ipLinkSet(m.k, 'bond0', { promisc: true }));
    expect(nics.map(has)).toEqual([true, true]);
    expect(nics.map((nic) => nic.dev.promiscuity)).toEqual([1, 1]);
    m.set('slaves', '-p1');
    expect(nics.map(has)).toEqual([false, true]);
    expect(nics.map((nic) => nic.dev.promiscuity)).toEqual([0, 1]);
    m.set('slaves', '+p1');
    expect(nics.map(has)).toEqual([true, true]);
  });

  it('hold the slow protocols address while an 802.3ad bond is open', () => {
    const { m, nics } = machine({ mode: '802.3ad' });
    const slow = (nic: TestNic) =>
      nic.dev.mc.some((entry) => formatMacAt(entry.addr) === '01:80:c2:00:00:02');
    expect(nics.map(slow)).toEqual([true, true]);
    m.run(() => ipLinkSet(m.k, 'bond0', { up: false }));
    expect(nics.map(slow)).toEqual([false, false]);
  });
});

describe('after a failover', () => {
  const announcements = (nic: TestNic) =>
    nic.sent.filter((frame) => {
      const arp = frame[12] === 8 && frame[13] === 6 ? parseArp(frame, 14) : null;
      return arp !== null && isGratuitous(arp);
    }).length;

  it('the new active slave announces the addresses; the tick of the failover counts twice', () => {
    // bond_mii_monitor() takes one off the count that the failover in the same tick has just set:
    // of three announcements two go out, of one (the default) one.
    const { m, nics, bond } = machine({ mode: 'active-backup', num_grat_arp: '3' });
    m.rtnl(() => inet_add_addr(bond.dev, '10.0.0.1', 24));
    nics[0]!.setLink(false);
    m.wait(1000);
    expect(announcements(nics[1]!)).toBe(2);
    expect(announcements(nics[0]!)).toBe(0);
    m.set('num_grat_arp', '1');
    nics[1]!.sent.length = 0;
    nics[0]!.setLink(true);
    m.wait(1500);
    nics[0]!.sent.length = 0;
    nics[1]!.setLink(false);
    m.wait(1000);
    expect(announcements(nics[0]!)).toBe(1);
  });

  it('peer_notif_delay keeps them apart', () => {
    const options = { mode: 'active-backup', num_grat_arp: '3', peer_notif_delay: '500' };
    const { m, nics, bond } = machine(options);
    m.rtnl(() => inet_add_addr(bond.dev, '10.0.0.1', 24));
    m.forget();
    nics[0]!.setLink(false);
    m.wait(300);
    expect(announcements(nics[1]!)).toBe(1);
    m.wait(500);
    expect(announcements(nics[1]!)).toBe(2);
    m.wait(3000);
    expect(announcements(nics[1]!)).toBe(3);
  });
});

describe('the ARP monitor', () => {
  const target = parseIpv4Address('10.0.0.254');
  const options = { miimon: '0', arp_interval: '100', arp_ip_target: '+10.0.0.254' };

  /** A neighbour that answers requests for the target on the cards in `answering`. */
  function withNeighbour(mode: string, extra: Record<string, string> = {}) {
    const { m, nics, bond } = machine({ mode, ...options, ...extra });
    m.rtnl(() => inet_add_addr(bond.dev, '10.0.0.1', 24));
    const answering = new Set(nics);
    for (const nic of nics) {
      const { push } = nic.sent;
      nic.sent.push = (...frames: Uint8Array[]) => {
        for (const frame of frames) {
          const arp = frame[12] === 8 && frame[13] === 6 ? parseArp(frame, 14) : null;
          if (arp?.operation !== 1 || arp.targetIp !== target || !answering.has(nic)) continue;
          const reply = buildArpReply(arp, parseMac('02:00:00:00:00:fe'));
          m.k.sim.after(1000, () => nic.frameArrived(reply));
        }
        return push.apply(nic.sent, frames);
      };
    }
    m.wait(1000);
    return { m, nics, bond, answering };
  }

  it('takes a slave without answers down, and another over, in active-backup', () => {
    const { m, nics, answering } = withNeighbour('active-backup', { arp_validate: 'active' });
    const first = nics.find((nic) => nic.dev.name === m.get('active_slave'))!;
    const other = nics.find((nic) => nic !== first)!;
    const from = m.logLength;
    answering.delete(first);
    m.wait(3000);
    expect(m.get('active_slave')).toBe(other.dev.name);
    expect(m.lines(from)).toContain(
      `bond0: (slave ${first.dev.name}): link status definitely down, disabling slave`,
    );
    expect(m.lines(from)).toContain(
      `bond0: (slave ${other.dev.name}): making interface the new active one`,
    );
  });

  it('searches in turns while nobody answers, and finds the one that does', () => {
    const { m, nics, bond, answering } = withNeighbour('active-backup', { arp_validate: 'all' });
    answering.clear();
    m.wait(3000);
    expect(bond.dev.carrier).toBe(false);
    const probes = (nic: TestNic) => nic.sent.filter((frame) => frame[13] === 6).length;
    const before = nics.map(probes);
    m.wait(2000);
    const turns = nics.map((nic, index) => probes(nic) - before[index]!);
    expect(Math.min(...turns)).toBeGreaterThan(5);
    answering.add(nics[1]!);
    m.wait(3000);
    expect(m.get('active_slave')).toBe('p2');
    expect(bond.dev.carrier).toBe(true);
  });

  it('takes links down and up in balance-xor', () => {
    const { m, nics, bond, answering } = withNeighbour('balance-xor');
    const up = () => bond.usable_slaves.peek?.map((slave) => slave.dev.name);
    expect(up()).toEqual(['p1', 'p2']);
    const from = m.logLength;
    answering.delete(nics[0]!);
    m.wait(2000);
    expect(up()).toEqual(['p2']);
    answering.add(nics[0]!);
    m.wait(2000);
    expect(up()).toEqual(['p1', 'p2']);
    expect(m.lines(from)).toEqual([
      'bond0: (slave p1): interface is now down',
      'bond0: (slave p1): interface is now up',
    ]);
  });
});
