// 802.3ad against a switch of the fabric, which has LACP machines of its own: coming up, losing the
// partner, wrong cabling, carrier rules, the choice of the aggregator. Facts/driver 10.7.

import { describe, expect, it } from 'vitest';
import { LacpState } from '#bus/lacpdu.ts';
import {
  AD_MUX_COLLECTING_DISTRIBUTING,
  AD_MUX_DISTRIBUTING,
  AD_RX_CURRENT,
  AD_RX_PORT_DISABLED,
  SLAVE_AD_INFO,
} from '#driver/bonding/bond_3ad/ad.ts';
import type { port } from '#driver/bonding/bond_3ad/ad.ts';
import type { bonding } from '#driver/bonding/bonding.ts';
import { Cable } from '#fabric/cable.ts';
import type { LagSpec } from '#fabric/lag.ts';
import { Switch } from '#fabric/switch.ts';
import { netdev_priv } from '#kernel/net/netdevice.ts';
import { ipLinkAdd, ipLinkSet } from '#kernel/net/rtnl-link.ts';
import { BondMachine } from './rig.ts';
import type { TestNic } from './rig.ts';

interface Lan {
  readonly m: BondMachine;
  readonly nics: readonly TestNic[];
  readonly cables: readonly Cable[];
  readonly switches: readonly Switch[];
  readonly bond: bonding;
  port(index: number): port;
}

/**
 * Two cards on cables to switch ports; `where` says which switch and port each one is plugged into.
 */
function lan(
  options: Record<string, string>,
  lags: readonly LagSpec[],
  where: readonly (readonly [switchIndex: number, portNumber: number])[] = [
    [0, 1],
    [0, 2],
  ],
  order: 'enslave first' | 'open first' = 'enslave first',
  given?: BondMachine,
): Lan {
  const m = given ?? new BondMachine();
  if (given === undefined) m.load();
  const { sim, trace } = m.k;
  const clock = { now: () => sim.now(), after: (ns: number, fn: () => void) => sim.after(ns, fn) };
  const switches = [0, 1].map(
    (index) =>
      new Switch({
        name: `switch${index}`,
        clock,
        trace,
        ports: 8,
        mac: 0x0200_0000_1000 + index * 0x100,
        lags: index === 0 ? lags : [],
      }),
  );
  const nics = where.map((_place, index) => m.nic(`p${index + 1}`, 0xc1 + index));
  const cables = where.map(([switchIndex, portNumber], index) => {
    const cable = new Cable({ name: `cable${index}`, clock, trace });
    cable.plug('a', nics[index]!);
    cable.plug('b', switches[switchIndex]!.port(portNumber));
    return cable;
  });
  m.wait(100);
  const bond =
    given === undefined
      ? m.bond({ mode: '802.3ad', miimon: '100', ...options }, order === 'open first')
      : netdev_priv<bonding>(m.dev('bond0'));
  for (const nic of nics) if (m.set('slaves', `+${nic.dev.name}`) !== 0) throw new Error('enslave');
  if (order === 'enslave first') m.open(bond.dev);
  m.wait(5);
  const port = (index: number): port => SLAVE_AD_INFO(m.slave(bond, nics[index]!)).port;
  return { m, nics, cables, switches, bond, port };
}

const oneLag: readonly LagSpec[] = [{ id: 1, ports: [1, 2] }];
const carrying = LacpState.synchronization | LacpState.collecting | LacpState.distributing;

/** Waits until a condition holds; the milliseconds that it took, Infinity when it never did. */
function until(m: BondMachine, condition: () => boolean, limitMs = 40_000): number {
  for (let waited = 0; waited <= limitMs; waited += 100) {
    if (condition()) return waited;
    m.wait(100);
  }
  return Infinity;
}

describe('with an answering switch', () => {
  it('takes 8 s when the bond was open before its first slave came', () => {
    const { m, port } = lan({}, oneLag, undefined, 'open first');
    const took = until(m, () => port(0).sm_mux_state === AD_MUX_COLLECTING_DISTRIBUTING);
    expect(took).toBeGreaterThan(7900);
    expect(took).toBeLessThan(9500);
  });

  it('both ports reach COLLECTING_DISTRIBUTING in one aggregator', () => {
    const { m, switches, bond, port } = lan({}, oneLag);
    const both = () =>
      [0, 1].every((index) => port(index).sm_mux_state === AD_MUX_COLLECTING_DISTRIBUTING);
    const took = until(m, both);
    expect(took).toBeGreaterThan(1500);
    expect(took).toBeLessThan(6000);
    m.wait(1000);
    expect([0, 1].map((index) => port(index).sm_rx_state)).toEqual([AD_RX_CURRENT, AD_RX_CURRENT]);
    expect(port(0).aggregator).toBe(port(1).aggregator);
    expect(port(0).actor_oper_port_key).toBe(23);
    for (const index of [0, 1]) {
      expect(port(index).actor_oper_port_state & carrying).toBe(carrying);
      expect(port(index).partner_oper.port_state & carrying).toBe(carrying);
      expect(port(index).partner_oper.system).toBe(switches[0]!.mac);
      expect(switches[0]!.portState(index + 1).carries).toBe('lag');
    }
    expect(bond.dev.carrier).toBe(true);
    expect(bond.usable_slaves.peek?.map((slave) => slave.dev.name)).toEqual(['p1', 'p2']);
    expect(m.get('ad_aggregator')).not.toBe('0');
    expect(m.get('ad_num_ports')).toBe('2');
    expect(m.get('ad_actor_key')).toBe('23');
    expect(m.get('ad_partner_mac')).toBe('02:00:00:00:10:00');
  });

  it('tells of the mux by CHANGELOWERSTATE and not by BONDING_INFO', () => {
    const { m, port } = lan({}, oneLag);
    m.wait(1000);
    m.forget();
    until(m, () => port(0).sm_mux_state === AD_MUX_COLLECTING_DISTRIBUTING);
    m.wait(300);
    expect(m.eventsOf('p1')).toContain('CHANGELOWERSTATE');
    expect(m.eventsOf('p1')).not.toContain('BONDING_INFO');
  });

  it('sends LACPDUs from the permanent address, at most three in a second', () => {
    const { m, nics } = lan({ lacp_rate: 'fast' }, [{ id: 1, ports: [1, 2], rate: 'fast' }]);
    m.wait(8000);
    const [first, second] = nics;
    expect(second!.dev.dev_addr).toEqual(first!.dev.dev_addr);
    const pdus = second!.sent.filter((frame) => frame[12] === 0x88 && frame[13] === 0x09);
    expect(pdus.length).toBeGreaterThan(5);
    expect(pdus.length).toBeLessThanOrEqual(3 * 9);
    for (const frame of pdus) {
      expect([...frame.subarray(6, 12)]).toEqual([0x00, 0x02, 0xc9, 0xa0, 0xb0, 0xc2]);
    }
  });

  it('goes on with one port when a cable is pulled, and takes it back', () => {
    const { m, cables, switches, bond, port } = lan({ lacp_rate: 'fast' }, oneLag);
    until(m, () => port(1).sm_mux_state === AD_MUX_COLLECTING_DISTRIBUTING);
    m.wait(2000);
    cables[0]!.unplug('b');
    m.wait(500);
    expect(port(0).sm_rx_state).toBe(AD_RX_PORT_DISABLED);
    expect(bond.dev.carrier).toBe(true);
    expect(bond.usable_slaves.peek?.map((slave) => slave.dev.name)).toEqual(['p2']);
    cables[0]!.plug('b', switches[0]!.port(1));
    until(m, () => bond.usable_slaves.peek?.length === 2);
    expect(bond.usable_slaves.peek?.length).toBe(2);
  });

  it('goes through COLLECTING and DISTRIBUTING without coupled control', () => {
    const m = new BondMachine();
    m.load();
    const options = { mode: '802.3ad', coupled_control: 'off' };
    expect(m.run(() => ipLinkAdd(m.k, 'bond0', 'bond', { options }))).toBe(0);
    const { cables, switches, port } = lan({}, oneLag, undefined, 'enslave first', m);
    const seen = new Set<number>();
    until(m, () => {
      seen.add(port(0).sm_mux_state);
      return port(0).sm_mux_state === AD_MUX_DISTRIBUTING;
    });
    expect(port(0).sm_mux_state).toBe(AD_MUX_DISTRIBUTING);
    expect(seen.has(AD_MUX_COLLECTING_DISTRIBUTING)).toBe(false);
    expect(port(0).actor_oper_port_state & carrying).toBe(carrying);
    // Link down closes the slave; the machines start anew with the next link.
    cables[0]!.unplug('b');
    m.wait(500);
    expect(m.read('/sys/class/net/p1/bonding_slave/state')).toBe('backup\n');
    cables[0]!.plug('b', switches[0]!.port(1));
    m.wait(300);
    expect(port(0).sm_mux_state).not.toBe(AD_MUX_DISTRIBUTING);
    until(m, () => port(0).sm_mux_state === AD_MUX_DISTRIBUTING);
    expect(m.read('/sys/class/net/p1/bonding_slave/state')).toBe('active\n');
  });
});

describe('the machines, tick by tick', () => {
  it('start as facts 10.7 describes, told by the debug lines', () => {
    const m = new BondMachine();
    expect(m.load('max_bonds=0 dyndbg=+p mode=4 lacp_rate=fast')).toBe(0);
    m.run(() => ipLinkAdd(m.k, 'bond0', 'bond'));
    const from = m.logLength;
    lan({}, oneLag, undefined, 'enslave first', m);
    m.wait(6000);
    const told = m
      .lines(from)
      .filter((line) => line.includes('(slave p1)'))
      .filter((line) => /Machine|joined|left|chosen|Enabling/.test(line))
      .map((line) => line.replace('bond0: (slave p1): ', ''));
    expect(told.slice(0, 9)).toEqual([
      'Rx Machine: Port=1, Last State=0, Curr State=1',
      'Periodic Machine: Port=1, Last State=0, Curr State=1',
      'Port 1 joined LAG 1 (new LAG)',
      'LAG 1 chosen as the active LAG',
      'Mux Machine: Port=1, Last State=0, Curr State=1',
      'Rx Machine: Port=1, Last State=2, Curr State=4',
      'Periodic Machine: Port=1, Last State=1, Curr State=2',
      'Mux Machine: Port=1, Last State=1, Curr State=2',
      'Rx Machine: Port=1, Last State=4, Curr State=6',
    ]);
    // The partner is new: the port leaves its LAG and joins the one with that partner.
    expect(told[9]).toBe('Periodic Machine: Port=1, Last State=2, Curr State=3');
    expect(told[10]).toBe('Port 1 left LAG 1');
    expect(told[11]).toMatch(/^Port 1 joined LAG \d \((new|existing) LAG\)$/);
    const mux = told.filter((line) => line.startsWith('Mux'));
    expect(mux.at(-1)).toBe('Mux Machine: Port=1, Last State=3, Curr State=6');
    expect(told.some((line) => line.startsWith('Enabling port 1'))).toBe(true);
  });

  it('are silent without dynamic debug', () => {
    const { m } = lan({}, oneLag);
    m.wait(3000);
    expect(m.lines().filter((line) => line.includes('Machine'))).toEqual([]);
  });

  it.each([
    [1000, 9],
    [10_000, 15],
    [40_000, 23],
    [56_000, 27],
    [100_000, 29],
  ])('the key of a port of %i Mb/s is %i', (speedMbps, key) => {
    const m = new BondMachine();
    m.load();
    const p1 = m.nic('p1', 0xc1);
    p1.speedMbps = speedMbps;
    const bond = m.bond({ mode: '802.3ad' }, false);
    m.set('slaves', '+p1');
    expect(SLAVE_AD_INFO(m.slave(bond, p1)).port.actor_oper_port_key).toBe(key);
  });
});

describe('without a partner', () => {
  it('one port carries alone, as a link of its own', () => {
    const { m, bond, port } = lan({}, []);
    m.wait(12_000);
    expect(port(0).partner_oper.system).toBe(0);
    expect(bond.dev.carrier).toBe(true);
    expect(bond.usable_slaves.peek?.map((slave) => slave.dev.name)).toEqual(['p1']);
    expect(port(0).aggregator).not.toBe(port(1).aggregator);
  });

  it('comes about when the switch falls silent: EXPIRED, then DEFAULTED', () => {
    const { m, switches, port } = lan({ lacp_rate: 'fast' }, oneLag);
    until(m, () => port(0).sm_mux_state === AD_MUX_COLLECTING_DISTRIBUTING);
    m.wait(2000);
    switches[0]!.removeLag(1);
    const took = until(m, () => (port(0).actor_oper_port_state & LacpState.defaulted) !== 0);
    // Short timeout twice: CURRENT to EXPIRED, EXPIRED to DEFAULTED.
    expect(took).toBeGreaterThan(4500);
    expect(took).toBeLessThan(7500);
    m.wait(500);
    expect(port(0).partner_oper.system).toBe(0);
  });
});

describe('wrong cabling', () => {
  it('ports of two switches end up in two aggregators, of which one is active', () => {
    const m = lan(
      {},
      [{ id: 1, ports: [1, 2] }],
      [
        [0, 1],
        [1, 1],
      ],
    );
    m.switches[1]!.addLag({ id: 1, ports: [1, 2] });
    m.m.wait(15_000);
    const aggregators = [0, 1].map((index) => m.port(index).aggregator);
    expect(aggregators[0]).not.toBe(aggregators[1]);
    expect(aggregators.filter((agg) => agg?.is_active === true)).toHaveLength(1);
    expect(m.bond.usable_slaves.peek?.length).toBe(1);
    expect(m.bond.dev.carrier).toBe(true);
  });

  it('a cable back into the bond is an illegal loopback', () => {
    const m = new BondMachine();
    m.load();
    const { sim, trace } = m.k;
    const clock = {
      now: () => sim.now(),
      after: (ns: number, fn: () => void) => sim.after(ns, fn),
    };
    const p1 = m.nic('p1', 0xc1);
    const p2 = m.nic('p2', 0xc2);
    const cable = new Cable({ name: 'loop', clock, trace });
    cable.plug('a', p1);
    cable.plug('b', p2);
    m.wait(100);
    m.bond({ mode: '802.3ad' });
    m.set('slaves', '+p1');
    m.set('slaves', '+p2');
    m.wait(3000);
    const lines = m.k.log.records.map((record) => record.text);
    expect(lines).toContain('bond0: (slave p1): An illegal loopback occurred on slave');
    expect(lines).toContain(
      'Check the configuration to verify that all adapters are connected to 802.3ad compliant ' +
        'switch ports',
    );
  });
});

describe('rules', () => {
  it('min_links holds the carrier down until there are enough ports', () => {
    const { m, cables, bond, port } = lan({ min_links: '2', lacp_rate: 'fast' }, oneLag);
    until(m, () => port(1).sm_mux_state === AD_MUX_COLLECTING_DISTRIBUTING);
    m.wait(1000);
    expect(bond.dev.carrier).toBe(true);
    cables[0]!.unplug('b');
    m.wait(500);
    expect(bond.dev.carrier).toBe(false);
    expect(m.set('min_links', '1')).toBe(0);
    expect(bond.dev.carrier).toBe(true);
  });

  it('ad_select decides between aggregators', () => {
    /** Two ports at 10G on one switch, one at 40G on another. */
    const activeWith = (ad_select: string): string => {
      const l = lan(
        { ad_select },
        [{ id: 1, ports: [1, 2] }],
        [
          [0, 1],
          [0, 2],
          [1, 1],
        ],
      );
      l.switches[1]!.addLag({ id: 1, ports: [1, 2] });
      for (const index of [0, 1]) {
        l.cables[index]!.unplug('a');
        l.nics[index]!.speedMbps = 10_000;
        l.cables[index]!.plug('a', l.nics[index]!);
      }
      l.m.wait(20_000);
      return [0, 1, 2]
        .filter((index) => l.port(index).aggregator?.is_active === true)
        .map((index) => l.nics[index]!.dev.name)
        .join(' ');
    };
    expect(activeWith('bandwidth')).toBe('p3');
    expect(activeWith('count')).toBe('p1 p2');
  });

  it('half duplex keeps a port out of LACP', () => {
    const { m, nics, port } = lan({}, oneLag);
    nics[0]!.duplex = 'half';
    m.set('slaves', '-p1');
    m.set('slaves', '+p1');
    m.wait(8000);
    expect(port(0).actor_oper_port_key & 1).toBe(0);
    expect(port(0).sm_mux_state).not.toBe(AD_MUX_COLLECTING_DISTRIBUTING);
  });

  it('an unknown speed is reported, and the link stays down until it is known', () => {
    const { m, nics, bond, port } = lan({}, oneLag);
    until(m, () => port(0).sm_mux_state === AD_MUX_COLLECTING_DISTRIBUTING);
    const from = m.logLength;
    nics[0]!.setLink(false);
    m.wait(300);
    nics[0]!.duplex = 'unknown';
    nics[0]!.setLink(true);
    m.wait(300);
    expect(m.lines(from)).toContain('bond0: (slave p1): failed to get link speed/duplex');
    nics[0]!.duplex = 'full';
    m.wait(8000);
    expect(port(0).sm_mux_state).toBe(AD_MUX_COLLECTING_DISTRIBUTING);
    expect(bond.usable_slaves.peek?.length).toBe(2);
  });

  it('a slave that leaves says so, and its aggregator is passed on', () => {
    const { m, nics, switches, bond, port } = lan({}, oneLag);
    until(m, () => port(1).sm_mux_state === AD_MUX_COLLECTING_DISTRIBUTING);
    m.wait(1000);
    const from = m.logLength;
    const before = nics[0]!.sent.length;
    expect(m.set('slaves', '-p1')).toBe(0);
    const last = nics[0]!.sent.slice(before).find((frame) => frame[13] === 0x09);
    expect(last![14 + 18]! & (carrying | LacpState.aggregation)).toBe(0);
    expect(m.lines(from)).toContain('bond0: (slave p1): Releasing backup interface');
    m.wait(3000);
    expect(switches[0]!.portState(1).carries).not.toBe('lag');
    expect(bond.usable_slaves.peek?.map((slave) => slave.dev.name)).toEqual(['p2']);
    expect(bond.dev.carrier).toBe(true);
    expect(SLAVE_AD_INFO(m.slave(bond, nics[1]!)).port.aggregator?.is_active).toBe(true);
  });

  it('says so when the slave of an active aggregator of its own leaves', () => {
    const { m, port } = lan({}, []);
    m.wait(12_000);
    expect(port(0).aggregator?.is_active).toBe(true);
    const from = m.logLength;
    m.set('slaves', '-p1');
    expect(m.lines(from).slice(0, 2)).toEqual([
      'bond0: (slave p1): Removing an active aggregator',
      'bond0: (slave p1): Releasing backup interface',
    ]);
  });

  it('a bond that was closed starts anew when it is opened', () => {
    const { m, bond, port } = lan({}, oneLag);
    until(m, () => port(1).sm_mux_state === AD_MUX_COLLECTING_DISTRIBUTING);
    m.wait(500);
    expect(m.read('/sys/class/net/p1/bonding_slave/ad_actor_oper_port_state')).toBe('61\n');
    const received = bond.ad_info.stats.lacpdu_rx;
    m.run(() => ipLinkSet(m.k, 'bond0', { up: false }));
    m.wait(5000);
    expect(bond.ad_info.stats.lacpdu_rx).toBe(received);
    m.run(() => ipLinkSet(m.k, 'bond0', { up: true }));
    m.wait(40_000);
    expect(bond.ad_info.stats.lacpdu_rx).toBeGreaterThan(received);
    expect(port(0).sm_mux_state).toBe(AD_MUX_COLLECTING_DISTRIBUTING);
  });

  it('a port whose partner stays away for 60 s has churned', () => {
    const { m, port } = lan({}, []);
    m.wait(70_000);
    expect(port(0).churn_partner_count).toBe(1);
    const text = m.read('/proc/net/bonding/bond0');
    expect(text).toContain('Actor Churn State: none');
    expect(text).toContain('Partner Churn State: churned');
  });
});
