// A fabric from data: the default network, names, cables by hand, an InfiniBand peer with and
// without subnet manager, and two equal runs that leave equal traces.

import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { Fabric } from '#fabric/fabric.ts';
import { defaultTopology, lacpTopology, topologyProblem } from '#fabric/topology.ts';
import type { TopologySpec } from '#fabric/topology.ts';
import { IB_MGMT_METHOD_GET_RESP, IB_PORT_STATE, mad, madDataOffset, portInfo } from '#prm/mad.ts';
import { TestClock } from '#test/support/clock.ts';
import { Trace } from '#trace/trace.ts';
import { ScriptedPort, msNs, secondNs } from './rig.ts';

function rig(spec: TopologySpec) {
  const trace = new Trace();
  const clock = new TestClock(trace);
  const cards = [1, 2].map((n) => new ScriptedPort(`card0 port ${n}`, clock));
  const ports = new Map(cards.map((port) => [port.name, port]));
  const fabric = new Fabric(spec, { clock, trace, ports });
  return { trace, clock, cards, fabric };
}

test('the default network: both card ports at 40 Gb/s, host0 on port 3', () => {
  const { clock, cards, fabric } = rig(defaultTopology);
  clock.runFor(20 * msNs);
  expect(cards.map((port) => port.links.at(-1)?.speedMbps)).toEqual([40_000, 40_000]);
  expect(fabric.host('host0').link).toEqual({ up: true, speedMbps: 40_000 });
  expect(fabric.cableAt('switch0 port 3')).toEqual({ cable: fabric.cable('cable3'), side: 'b' });
  expect(fabric.switch('switch0').lagSpecs).toEqual([]);
  expect(fabric.cables.map((cable) => cable.reason)).toEqual(['up', 'up', 'up']);
  expect(clock.pending).toBe(0);
});

test('with LACP, the card ports of the switch are LAG 1', () => {
  const { fabric } = rig(lacpTopology);
  expect(fabric.switch('switch0').lagSpecs).toEqual([{ id: 1, ports: [1, 2] }]);
  expect(fabric.switch('switch0').portState(2).lagId).toBe(1);
});

test('cables are pulled and plugged by port name', () => {
  const { clock, cards, fabric } = rig(defaultTopology);
  clock.runFor(20 * msNs);
  const { cable, side } = fabric.pull('card0 port 1');
  expect([cable.name, side, cards[0]!.up]).toEqual(['cable1', 'a', false]);
  expect(fabric.cableAt('card0 port 1')).toBeNull();
  expect(() => fabric.pull('card0 port 1')).toThrow(/nothing is plugged into card0 port 1/);
  expect(() => fabric.plug('cable1', 'a', 'card0 port 2')).toThrow(/holds cable2 already/);
  fabric.plug('cable1', 'a', 'card0 port 1');
  clock.runFor(20 * msNs);
  expect(cards[0]!.up).toBe(true);
});

test('act() pulls, plugs back and swaps by port name', () => {
  const { clock, cards, fabric } = rig(defaultTopology);
  clock.runFor(20 * msNs);
  expect(fabric.act('pull', 'card0 port 1')).toBeNull();
  expect(cards[0]!.up).toBe(false);
  expect(fabric.act('plug', 'card0 port 1')).toBeNull();
  expect(fabric.act('swap', 'switch0 port 1', 'switch0 port 4')).toBeNull();
  clock.runFor(20 * msNs);
  expect(cards[0]!.up).toBe(true);
  expect(fabric.cableAt('switch0 port 1')).toBeNull();
  expect(fabric.cableAt('switch0 port 4')).toEqual({ cable: fabric.cable('cable1'), side: 'b' });
  expect(fabric.act('swap', 'card0 port 1', 'card0 port 2')).toBeNull();
  expect(fabric.cableAt('card0 port 1')?.cable.name).toBe('cable2');
  expect(fabric.cableAt('card0 port 2')?.cable.name).toBe('cable1');
});

test('act() plugs back the end that came out of the port, however many ends hang free', () => {
  const { fabric } = rig(defaultTopology);
  for (const port of ['card0 port 1', 'card0 port 2', 'host0']) fabric.act('pull', port);
  expect(fabric.act('plug', 'card0 port 2')).toBeNull();
  expect(fabric.cableAt('card0 port 2')?.cable.name).toBe('cable2');
  expect(fabric.act('plug', 'switch0 port 8')).toBe('which cable? free: cable1, cable3');
  expect(fabric.act('plug', 'switch0 port 8', 'cable3')).toBeNull();
  expect(fabric.act('plug', 'card0 port 1')).toBeNull();
  expect(fabric.act('plug', 'host0')).toBe('no cable hangs free');
});

test('act() says in words what is wrong and changes nothing', () => {
  const { fabric } = rig(defaultTopology);
  expect(fabric.act('pull', 'card1 port 1')).toMatch(
    /no port is named "card1 port 1"; known: card0/,
  );
  expect(fabric.act('pull', 'switch0 port 8')).toBe('nothing is plugged into switch0 port 8');
  expect(fabric.act('plug', 'host9')).toMatch(/no port is named "host9"/);
  expect(fabric.act('plug', 'host0', 'rope')).toMatch(/no cable is named "rope"; known: cable1/);
  expect(fabric.act('swap', 'host0')).toBe('swap host0 with which port?');
  expect(fabric.act('swap', 'switch0 port 7', 'switch0 port 8')).toMatch(/nothing is plugged/);
  expect(fabric.act('swap', 'host0', 'host9')).toMatch(/no port is named "host9"/);
  expect(fabric.cableAt('host0')?.cable.name).toBe('cable3');
});

test('topologyProblem() names the mistake without building anything', () => {
  const ports = ['card0 port 1', 'card0 port 2'];
  expect(topologyProblem(defaultTopology, ports)).toBeNull();
  expect(topologyProblem(lacpTopology, ports)).toBeNull();
  expect(topologyProblem(defaultTopology, ['card0 port 1'])).toMatch(
    /"card0 port 2"; known: card0/,
  );
  const lag = { switches: [{ name: 's', ports: 2, lags: [{ id: 1, ports: [3] }] }] };
  expect(topologyProblem(lag, ports)).toBe('LAG 1: ports 3 of 1 to 2');
});

test('names that are unknown or taken are refused with the ones that are known', () => {
  const { fabric } = rig(defaultTopology);
  expect(() => fabric.host('host9')).toThrow('no host is named "host9"; known: host0');
  const cable = (a: string, b: string) => rig({ cables: [{ a, b }] });
  expect(() => cable('card0 port 3', 'card0 port 1')).toThrow(/card0 port 1, card0 port 2/);
  expect(() => cable('card0 port 1', 'card0 port 1')).toThrow(/holds cable1/);
  const twin = { name: 'host0', ip: '10.0.0.1' };
  expect(() => rig({ hosts: [twin, twin] })).toThrow(/two hosts are named/);
  expect(() => rig({ hosts: [{ name: 'h', ip: 'here' }] })).toThrow(RangeError);
});

test('an IB peer brings up a port that speaks ib, and only such a port', () => {
  const { clock, cards, fabric } = rig({
    ibPeers: [{ name: 'ibpeer0' }],
    cables: [
      { a: 'card0 port 1', b: 'ibpeer0' },
      { a: 'card0 port 2', b: null },
    ],
  });
  clock.runFor(secondNs);
  const [port] = cards;
  expect(port!.up).toBe(false);
  expect(port!.end!.peerOffer()).toMatchObject({ protocol: 'ib', enabled: true });
  expect(cards[1]!.end!.peerOffer()).toBeNull();
  port!.change({ protocol: 'ib' });
  clock.runFor(20 * msNs);
  expect(fabric.ibPeer('ibpeer0').link).toEqual({ up: true, speedMbps: 40_000 });
  port!.end!.send(new Uint8Array(60));
  clock.runFor(secondNs);
  expect(fabric.ibPeer('ibpeer0').received).toBe(1);
  expect(port!.frames).toEqual([]);
});

/** A port that speaks ib and answers every datagram with status 0. */
function managedPort() {
  const made = rig({
    ibPeers: [{ name: 'ibpeer0', subnetManager: true }],
    cables: [{ a: 'card0 port 1', b: 'ibpeer0' }],
  });
  const port = made.cards[0]!;
  const states: [state: number, lid: number][] = [];
  port.onFrame = (frame) => {
    const data = frame.slice(madDataOffset, madDataOffset + portInfo.sizeBytes);
    states.push([portInfo.get(data, 'speed_state') & 0xf, portInfo.get(data, 'lid')]);
    const answer = frame.slice();
    mad.set(answer, 'method', IB_MGMT_METHOD_GET_RESP);
    port.end?.send(answer);
  };
  port.change({ protocol: 'ib' });
  return { ...made, port, states, peer: made.fabric.ibPeer('ibpeer0') };
}

test('a subnet manager leads a port to ARMED and ACTIVE, and gives it a LID', () => {
  const { clock, states } = managedPort();
  clock.runFor(secondNs);
  expect(states).toEqual([
    [IB_PORT_STATE.ARMED, 2],
    [IB_PORT_STATE.ACTIVE, 2],
  ]);
});

test('a subnet manager that is switched on later sweeps then, and each link up anew', () => {
  const { clock, states, peer, port } = managedPort();
  peer.setSubnetManager(false);
  clock.runFor(secondNs);
  expect(states).toEqual([]);
  peer.setSubnetManager(true);
  clock.runFor(secondNs);
  expect(states).toHaveLength(2);
  port.end!.offerChanged();
  clock.runFor(secondNs);
  expect(states.map(([, lid]) => lid)).toEqual([2, 2, 3, 3]);
});

test('a port that does not answer stays where it is', () => {
  const { clock, peer, port } = managedPort();
  const seen: Uint8Array[] = [];
  port.onFrame = (frame) => seen.push(frame);
  clock.runFor(10 * secondNs);
  expect(seen).toHaveLength(1);
  expect(peer.received).toBe(0);
});

test('equal runs leave equal traces', () => {
  const digest = () => {
    const { trace, clock, fabric } = rig({
      ...lacpTopology,
      hosts: [
        { name: 'host0', ip: '10.0.0.1' },
        { name: 'host1', ip: '10.0.0.9' },
      ],
    });
    fabric.cable('cable1').setFaults({ flap: { upNs: secondNs, downNs: msNs, times: 3 } });
    clock.runFor(secondNs);
    fabric.pull('card0 port 2');
    fabric.plug('cable2', 'a', 'host1');
    fabric.host('host0').ping('10.0.0.9', { count: 20 });
    clock.runFor(20 * secondNs);
    expect(fabric.host('host0').pingList[0]!.replies).toBeGreaterThan(0);
    const hash = createHash('sha256');
    trace.digest((bytes) => hash.update(bytes));
    return hash.digest('hex');
  };
  expect(digest()).toBe(digest());
});
