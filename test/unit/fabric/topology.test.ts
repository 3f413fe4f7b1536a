// A fabric from data: the default network, names, plugging by name, an InfiniBand peer, and two equal
// runs that leave equal traces.

import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { Fabric, defaultFabricSpec } from '#fabric/topology.ts';
import type { FabricSpec } from '#fabric/topology.ts';
import { TestClock } from '#test/support/clock.ts';
import { Trace } from '#trace/trace.ts';
import { ScriptedPort, msNs, secondNs } from './rig.ts';

function rig(spec: FabricSpec) {
  const trace = new Trace();
  const clock = new TestClock(trace);
  const cards = [1, 2].map((n) => new ScriptedPort(`card0 port ${n}`, clock));
  const ports = new Map(cards.map((port) => [port.name, port]));
  const fabric = new Fabric(spec, { clock, trace, ports });
  return { trace, clock, cards, fabric };
}

test('the default network: both card ports at 40 Gb/s, host0 on port 3', () => {
  const { clock, cards, fabric } = rig(defaultFabricSpec());
  clock.runFor(20 * msNs);
  expect(cards.map((port) => port.links.at(-1)?.speedMbps)).toEqual([40_000, 40_000]);
  expect(fabric.host('host0').link).toEqual({ up: true, speedMbps: 40_000 });
  expect(fabric.cableAt('switch0 port 3')).toEqual({ cable: fabric.cable('cable3'), side: 'b' });
  expect(fabric.switch('switch0').lagSpecs).toEqual([]);
  expect(fabric.cables.map((cable) => cable.reason)).toEqual(['up', 'up', 'up']);
  expect(clock.pending).toBe(0);
});

test('with LACP, the card ports of the switch are LAG 1', () => {
  const { fabric } = rig(defaultFabricSpec({ lacp: true }));
  expect(fabric.switch('switch0').lagSpecs).toEqual([{ id: 1, ports: [1, 2] }]);
  expect(fabric.switch('switch0').portState(2).lagId).toBe(1);
});

test('cables are pulled and plugged by port name', () => {
  const { clock, cards, fabric } = rig(defaultFabricSpec());
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

test('names that are unknown or taken are refused with the ones that are known', () => {
  const { fabric } = rig(defaultFabricSpec());
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
  clock.runFor(msNs);
  expect(fabric.ibPeer('ibpeer0').received).toBe(1);
});

test('equal runs leave equal traces', () => {
  const digest = () => {
    const { trace, clock, fabric } = rig({
      ...defaultFabricSpec({ lacp: true }),
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
