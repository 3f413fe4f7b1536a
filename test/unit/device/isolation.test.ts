// Many cards in one process: they share nothing, and equal ones do equal things, byte for byte.

import { expect, test } from 'vitest';
import { DmaMemory } from '#bus/memory.ts';
import { ConnectX3 } from '#device/connectx3.ts';
import { defaultTopology } from '#fabric/topology.ts';
import { TestClock } from '#test/support/clock.ts';
import { digestOf } from '#test/support/digest.ts';
import { Network, portMacs, udpTo } from '#test/support/card/network.ts';
import { BareHost } from '#test/support/card/rig.ts';
import { Trace } from '#trace/trace.ts';

/** A card at work: both directions, moderation, an error, a reset. */
function* work(net: Network): Generator<void, void, void> {
  const { qp, sends, receives } = net.receiver(1, { logSends: 4 });
  net.open(1);
  yield;
  for (let i = 0; i < 20; i++) {
    qp.send(udpTo(0x0200_0000_0001, 50 + i));
    net.arrive(1, udpTo(portMacs[0], 80 + i));
    net.rig.clock.runFor(10_000);
    if (i % 5 === 0) receives.arm(2, 1 + ((i / 5) % 4));
    sends.poll();
    receives.poll();
    yield;
  }
  qp.post([]);
  qp.ring();
  net.rig.clock.runFor(10_000);
  yield;
  net.rig.writeBe32(0, 0xf0010, 1);
  net.rig.clock.runFor(1e9);
}

const run = () => {
  const net = new Network({ topology: defaultTopology });
  for (const _ of work(net)) {
    // One step after the other.
  }
  return net;
};

test('equal cards that are given equal work leave equal traces', () => {
  expect(digestOf(run().rig.trace)).toBe(digestOf(run().rig.trace));
});

test('two cards that take turns do what each does alone', () => {
  const alone = digestOf(run().rig.trace);
  const nets = [1, 2].map(() => new Network({ topology: defaultTopology }));
  const tasks = nets.map(work);
  let left = tasks.length;
  while (left > 0) left = tasks.filter((task) => task.next().done !== true).length;
  expect(nets.map((net) => digestOf(net.rig.trace))).toEqual([alone, alone]);
});

test('two cards on one host and one trace keep their commands, ports and memories apart', () => {
  const trace = new Trace();
  const clock = new TestClock(trace);
  const cards = ['card0', 'card1'].map((name) => {
    const card = new ConnectX3({ name, trace });
    const host = new BareHost(clock, new DmaMemory());
    card.attach(host);
    card.configWrite(4, 2, 6);
    return card;
  });
  const [first, second] = cards as [ConnectX3, ConnectX3];
  first.faults.set({ name: 'catastrophic' });
  first.barRead(0, 0x8069c, 4);
  expect([first.barRead(0, 0xf8000, 4) !== 0, second.barRead(0, 0xf8000, 4)]).toEqual([true, 0]);
  expect(second.barRead(0, 0x8069c, 4)).toBe(0);
  expect([...second.wirePorts().keys()]).toEqual(['card1 port 1', 'card1 port 2']);
  expect(second.faults.list).toEqual([]);
  expect(second.options).toEqual(first.options);
});
