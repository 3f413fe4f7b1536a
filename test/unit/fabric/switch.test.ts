// The switch as a bridge: learning, flooding, ageing, static LAGs, and what it never forwards.

import { expect, test } from 'vitest';
import { buildFrame, destinationOf, sourceOf } from '#bus/frame.ts';
import { buildUdpFrame } from '#bus/l4.ts';
import { broadcastMac, parseMac } from '#bus/mac.ts';
import { Cable } from '#fabric/cable.ts';
import { Switch } from '#fabric/switch.ts';
import type { SwitchOptions } from '#fabric/switch.ts';
import { TestClock } from '#test/support/clock.ts';
import { Trace } from '#trace/trace.ts';
import { ScriptedPort, msNs, secondNs } from './rig.ts';

const macA = parseMac('02:00:00:00:00:0a');
const macB = parseMac('02:00:00:00:00:0b');

function rig(options: Partial<SwitchOptions> = {}) {
  const trace = new Trace();
  const clock = new TestClock(trace);
  const made = new Switch({
    name: 'switch0',
    clock,
    trace,
    ports: 4,
    mac: parseMac('02:00:00:00:10:00'),
    ...options,
  });
  const ports: ScriptedPort[] = [];
  const cables: Cable[] = [];
  for (let n = 1; n <= 4; n++) {
    const port = new ScriptedPort(`station${n}`, clock);
    const cable = new Cable({ name: `cable${n}`, clock, trace });
    cable.plug('a', port);
    cable.plug('b', made.port(n));
    ports.push(port);
    cables.push(cable);
  }
  clock.runFor(20 * msNs);
  const send = (n: number, to: number, from: number) => {
    ports[n - 1]!.end!.send(buildFrame(to, from, 0x1234, new Uint8Array(0)));
    clock.runFor(msNs);
  };
  const heard = () => ports.map((port) => port.frames.splice(0).map((got) => sourceOf(got.frame)));
  return { clock, made, ports, cables, send, heard };
}

test('floods what it does not know, then sends to the one port where the address was seen', () => {
  const { made, send, heard } = rig();
  send(1, macB, macA);
  expect(heard()).toEqual([[], [macA], [macA], [macA]]);
  send(2, macA, macB);
  expect(heard()).toEqual([[macB], [], [], []]);
  send(3, macA, macA);
  send(1, macB, macA);
  expect(heard()).toEqual([[], [macA], [], []]);
  expect(made.learned()).toMatchObject([
    { mac: '02:00:00:00:00:0a', place: 'port 1' },
    { mac: '02:00:00:00:00:0b', place: 'port 2' },
  ]);
  expect(made.portState(3).counters).toMatchObject({ received: 1, sent: 1, filtered: 1 });
});

test('broadcast and multicast flood even when something was sent from there', () => {
  const { send, heard } = rig();
  send(1, broadcastMac, macA);
  send(1, parseMac('01:00:5e:00:00:01'), macA);
  expect(heard()).toEqual([[], [macA, macA], [macA, macA], [macA, macA]]);
});

test('a frame goes through as it is: cables and switch keep no copies of their own', () => {
  const { ports, send } = rig();
  send(1, broadcastMac, macA);
  const [second, third] = [ports[1]!.frames[0]!.frame, ports[2]!.frames[0]!.frame];
  expect(second).toBe(third);
  expect([destinationOf(second), sourceOf(second)]).toEqual([broadcastMac, macA]);
});

test('addresses age out, move, and go with their link', () => {
  const { clock, made, ports, cables, send, heard } = rig({ ageingNs: 10 * secondNs });
  send(1, macB, macA);
  send(2, macA, macB);
  heard();
  clock.runFor(11 * secondNs);
  expect(made.learned()).toEqual([]);
  send(1, macB, macA);
  expect(heard()).toEqual([[], [macA], [macA], [macA]]);
  send(3, broadcastMac, macA);
  heard();
  send(2, macA, macB);
  expect(heard()).toEqual([[], [], [macB], []]);
  cables[2]!.unplug('a');
  expect(made.learned().map((entry) => entry.mac)).toEqual(['02:00:00:00:00:0b']);
  expect(ports[2]!.up).toBe(false);
});

test('a shut port holds its link down', () => {
  const { clock, made, ports } = rig();
  made.port(2).setEnabled(false);
  expect([ports[1]!.up, made.portState(2).enabled, made.portState(2).carries]).toEqual([
    false,
    false,
    'nothing',
  ]);
  made.port(2).setEnabled(true);
  clock.runFor(20 * msNs);
  expect(ports[1]!.up).toBe(true);
  expect(() => made.port(5)).toThrow(RangeError);
});

test('never forwards 01:80:c2:00:00:0x', () => {
  const { made, send, heard } = rig();
  send(1, parseMac('01:80:c2:00:00:02'), macA);
  send(1, parseMac('01:80:c2:00:00:0e'), macA);
  expect(heard()).toEqual([[], [], [], []]);
  expect(made.portState(1).counters.filtered).toBe(2);
  send(1, parseMac('01:80:c2:00:00:10'), macA);
  expect(heard()[1]).toEqual([macA]);
});

test('a static LAG is one place: no echo into it, one member per flow, all members in use', () => {
  const { made, ports, cables, clock, send, heard } = rig({
    lags: [{ id: 7, ports: [1, 2], mode: 'static', hash: 'layer3+4' }],
  });
  send(1, broadcastMac, macA);
  expect(heard()).toEqual([[], [], [macA], [macA]]);
  send(2, broadcastMac, macA);
  expect(heard()).toEqual([[], [], [macA], [macA]]);
  expect(made.learned()).toMatchObject([{ place: 'lag 7' }]);

  const route = { sourceMac: macB, destinationMac: macA, source: 1, destination: 2 };
  const flows = (count: number) => {
    for (let flow = 0; flow < count; flow++) {
      const pair = { source: 1000 + flow, destination: 9 };
      for (let i = 0; i < 2; i++) {
        ports[2]!.end!.send(buildUdpFrame(route, pair, new Uint8Array(1)));
      }
    }
    clock.runFor(msNs);
    return heard().map((list) => list.length);
  };
  expect(flows(16)).toEqual([16, 16, 0, 0]);
  cables[0]!.unplug('b');
  expect(flows(16)).toEqual([0, 32, 0, 0]);
  cables[1]!.unplug('b');
  expect(made.learned().map((entry) => entry.place)).toEqual(['port 3']);
});

test('refuses LAGs that cannot be', () => {
  const { made } = rig({ lags: [{ id: 1, ports: [1, 2] }] });
  expect(() => made.addLag({ id: 1, ports: [3] })).toThrow(/LAG 1 exists/);
  expect(() => made.addLag({ id: 2, ports: [2, 3] })).toThrow(/port 2 is in a LAG/);
  expect(() => made.addLag({ id: 2, ports: [5] })).toThrow(RangeError);
  expect(() => made.addLag({ id: 2, ports: [3, 3] })).toThrow(RangeError);
  expect(() => made.addLag({ id: 0, ports: [3] })).toThrow(RangeError);
});
