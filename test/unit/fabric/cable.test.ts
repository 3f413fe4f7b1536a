// A cable: training, speeds, order and delay of frames, loss, plugging, faults, trace.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Cable } from '#fabric/cable.ts';
import type { CableOptions } from '#fabric/cable.ts';
import { serialisationNs } from '#fabric/lane.ts';
import { TestClock } from '#test/support/clock.ts';
import { K, kindTable } from '#trace/kinds.ts';
import { Trace } from '#trace/trace.ts';
import { ScriptedPort, msNs } from './rig.ts';

function rig(options: Partial<CableOptions> = {}) {
  const trace = new Trace();
  const clock = new TestClock(trace);
  const cable = new Cable({ name: 'cable1', clock, trace, ...options });
  const a = new ScriptedPort('card0 port 1', clock);
  const b = new ScriptedPort('switch0 port 1', clock);
  const plugBoth = () => {
    cable.plug('a', a);
    cable.plug('b', b);
  };
  return { trace, clock, cable, a, b, plugBoth };
}

const frame = (mark: number, length = 100) => new Uint8Array(length).fill(mark);

test('the link trains for 20 ms to the highest common speed and tells both ends', () => {
  const { clock, cable, a, b, plugBoth } = rig();
  plugBoth();
  expect(cable.reason).toBe('training');
  clock.runUntil(20 * msNs - 1);
  expect(a.links).toEqual([]);
  clock.runUntil(20 * msNs);
  expect(a.links).toEqual([{ up: true, speedMbps: 40_000, atNs: 20 * msNs }]);
  expect(b.links).toEqual(a.links);
  expect(cable.link).toEqual({ up: true, speedMbps: 40_000 });
});

test('the cable limits the speed, and says why there is no link', () => {
  const { clock, cable, a, b, plugBoth } = rig({ speedMbps: 10_000 });
  plugBoth();
  clock.runFor(20 * msNs);
  expect(cable.link.speedMbps).toBe(10_000);
  a.change({ speedsMbps: [40_000] });
  expect([b.up, cable.reason]).toEqual([false, 'no common speed']);
  a.change({ speedsMbps: [10_000], protocol: 'ib' });
  expect(cable.reason).toBe('ib meets eth');
  a.change({ enabled: false });
  expect(cable.reason).toBe('card0 port 1 is disabled');
  expect(b.end?.peerOffer()).toEqual({ enabled: false, protocol: 'ib', speedsMbps: [10_000] });
  clock.runFor(1000 * msNs);
  expect(cable.link.up).toBe(false);
  b.change({ protocol: 'ib' });
  a.change({ enabled: true });
  clock.runFor(20 * msNs);
  expect([a.up, b.up]).toEqual([true, true]);
});

test('a change of offer during training starts training again', () => {
  const { clock, a, plugBoth } = rig();
  plugBoth();
  clock.runFor(15 * msNs);
  a.change({});
  clock.runUntil(34 * msNs);
  expect(a.links).toEqual([]);
  clock.runUntil(35 * msNs);
  expect(a.up).toBe(true);
  expect(clock.pending).toBe(0);
});

test('a port that changes its offer when told of a link gets one link in the end', () => {
  const { trace, clock, cable, a, b, plugBoth } = rig();
  let calls = 0;
  a.onLink = (state) => {
    if (state.up && calls++ === 0) a.change({ speedsMbps: [10_000] });
    if (!state.up && calls++ === 1) a.change({ speedsMbps: [10_000] });
  };
  plugBoth();
  clock.runFor(200 * msNs);
  expect(cable.link).toEqual({ up: true, speedMbps: 10_000 });
  expect(a.links.map((link) => link.speedMbps)).toEqual([40_000, 0, 10_000]);
  expect(b.links.at(-1)).toMatchObject({ up: true, speedMbps: 10_000 });
  const notes = [...trace.events()].filter((event) => event.kind === K.cable);
  expect(notes.map(({ value }) => trace.text(value)).slice(2)).toEqual([
    'training, 40000 Mb/s',
    'training, 10000 Mb/s',
  ]);
  // No end hears the same news twice.
  for (const { links } of [a, b]) {
    links.forEach((link, at) => expect(link.up).not.toBe(links[at - 1]?.up));
  }
});

test('frames take their time on the wire and arrive in order', () => {
  const lengths = fc.array(fc.integer({ min: 14, max: 1514 }), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(lengths, fc.nat(500), (sizes, pauseNs) => {
      const { clock, a, b, plugBoth } = rig({ propagationNs: 500 });
      plugBoth();
      clock.runFor(20 * msNs);
      let freeNs = 0;
      const expected = sizes.map((size, index) => {
        if (index % 3 === 0) clock.runFor(pauseNs);
        a.end!.send(frame(index, size));
        freeNs = Math.max(clock.now(), freeNs) + serialisationNs(size, 40_000);
        return { mark: index, atNs: freeNs + 500 };
      });
      clock.runFor(msNs);
      expect(b.frames.map((got) => ({ mark: got.frame[0], atNs: got.atNs }))).toEqual(expected);
    }),
    { numRuns: 50 },
  );
});

test('the wire carries what its speed allows', () => {
  // 64 bytes with FCS, 8 of preamble, 12 of gap: 84 bytes; 14.88 million a second at 10 Gb/s.
  expect(serialisationNs(60, 10_000)).toBe(68);
  expect(serialisationNs(14, 10_000)).toBe(68);
  expect(serialisationNs(1514, 40_000)).toBe(308);
});

test('what is under way when the plug is pulled is lost and counted; the old end is dead', () => {
  const { clock, cable, a, b, plugBoth } = rig({ propagationNs: 1000 });
  plugBoth();
  clock.runFor(20 * msNs);
  for (let i = 0; i < 5; i++) a.end!.send(frame(i));
  clock.runFor(1000 + 2 * serialisationNs(100, 40_000));
  const old = a.end!;
  expect(cable.unplug('a')).toBe(a);
  expect([a.end, a.up, b.up]).toEqual([null, false, false]);
  expect(cable.reason).toBe('end a is not plugged in');
  clock.runFor(100 * msNs);
  expect(b.frames.length).toBe(2);
  expect(cable.countersAt('a')).toMatchObject({ sent: 5, dropped: 3 });
  expect(cable.countersAt('b').received).toBe(2);
  old.send(frame(9));
  old.offerChanged();
  expect(old.peerOffer()).toBeNull();
  expect(cable.countersAt('a').sent).toBe(5);

  cable.plug('a', a);
  expect(() => cable.plug('a', a)).toThrow(/end a is in card0 port 1/);
  a.end!.send(frame(7));
  expect(cable.countersAt('a').dropped).toBe(4);
  clock.runFor(20 * msNs);
  a.end!.send(frame(8));
  clock.runFor(msNs);
  expect(b.frames.map((got) => got.frame[0])).toEqual([0, 1, 8]);
});

test('stale arrivals never hit a link that trained at once again', () => {
  const { clock, a, b, plugBoth } = rig({ trainingNs: 0, propagationNs: 5000 });
  plugBoth();
  clock.runFor(1);
  a.end!.send(frame(1));
  a.change({});
  clock.runFor(1);
  a.end!.send(frame(2));
  clock.runFor(msNs);
  expect(b.frames.map((got) => got.frame[0])).toEqual([2]);
});

test('an end moves to another port', () => {
  const { clock, cable, a, b, plugBoth } = rig();
  plugBoth();
  clock.runFor(20 * msNs);
  const other = new ScriptedPort('switch0 port 2', clock);
  cable.swap('b', other);
  expect([b.end, b.up, cable.portAt('b')]).toEqual([null, false, other]);
  clock.runFor(20 * msNs);
  expect([a.up, b.up, other.up]).toEqual([true, false, true]);
});

test('a full queue drops', () => {
  const { clock, cable, a, b, plugBoth } = rig({ framesMax: 3 });
  plugBoth();
  clock.runFor(20 * msNs);
  for (let i = 0; i < 5; i++) a.end!.send(frame(i));
  clock.runFor(msNs);
  expect(b.frames.length).toBe(3);
  expect(cable.countersAt('a').dropped).toBe(2);
});

test('a long run of frames keeps its order past the point where the queue is tidied', () => {
  const { clock, a, b, plugBoth } = rig({ recordPackets: false });
  plugBoth();
  clock.runFor(20 * msNs);
  for (let i = 0; i < 3000; i++) a.end!.send(Uint8Array.of(i >> 8, i & 0xff, ...frame(0, 58)));
  clock.runFor(10 * msNs);
  expect(b.frames.map(({ frame: got }) => got[0]! * 256 + got[1]!)).toEqual(
    Array.from({ length: 3000 }, (_, index) => index),
  );
});

test('faults: every nth frame is lost or damaged, in one direction when asked', () => {
  const { clock, cable, a, b, plugBoth } = rig();
  plugBoth();
  clock.runFor(20 * msNs);
  cable.setFaults({ dropEveryNth: 3, corruptEveryNth: 4, direction: 'fromA' });
  for (let i = 1; i <= 12; i++) {
    a.end!.send(frame(i));
    b.end!.send(frame(i));
  }
  clock.runFor(msNs);
  expect(b.frames.map((got) => got.frame[0])).toEqual([1, 2, 5, 7, 10, 11]);
  expect(b.damaged.map((got) => got[0])).toEqual([4, 8]);
  expect(b.damaged[0]).not.toEqual(frame(4));
  expect(a.frames.length).toBe(12);
  expect(cable.countersAt('a').dropped).toBe(4);
  expect(cable.countersAt('b').damaged).toBe(2);
  expect(() => cable.setFaults({ dropEveryNth: -1 })).toThrow(RangeError);
});

test('fault flap: the link goes and comes back, as often as asked', () => {
  const { clock, cable, a, b, plugBoth } = rig();
  plugBoth();
  clock.runUntil(20 * msNs);
  cable.setFaults({ flap: { upNs: 100 * msNs, downNs: 10 * msNs, times: 2 } });
  clock.runUntil(1000 * msNs);
  const seen = a.links.map((link) => [link.atNs / msNs, link.up]);
  expect(seen).toEqual([
    [20, true],
    [120, false],
    [150, true],
    [230, false],
    [260, true],
  ]);
  expect(b.links).toEqual(a.links);
  cable.setFaults({ flap: { upNs: 100 * msNs, downNs: 10 * msNs, times: 5 } });
  clock.runFor(105 * msNs);
  expect(cable.reason).toBe('no signal (flap fault)');
  cable.setFaults({ flap: null });
  clock.runFor(1000 * msNs);
  expect(a.links.length).toBe(7);
  expect(a.up).toBe(true);
});

test('the trace tells the story by name, and packets once each with shared bytes', () => {
  const { trace, clock, cable, a, plugBoth } = rig();
  plugBoth();
  clock.runFor(20 * msNs);
  a.end!.send(frame(1));
  clock.runFor(msNs);
  cable.unplug('b');
  a.end!.send(frame(2));
  const lines = [...trace.events()].map(({ kind, object, value }) => {
    const { name, value: meaning } = kindTable[kind]!;
    return `${name} ${trace.text(object)} ${meaning === 'text' ? trace.text(value) : value}`;
  });
  expect(lines).toEqual([
    'cable cable1 end a plugged into card0 port 1',
    'cable.end cable1 card0 port 1',
    'cable cable1 end b plugged into switch0 port 1',
    'cable.end cable1 switch0 port 1',
    'cable cable1 training, 40000 Mb/s',
    'link card0 port 1 40000',
    'link switch0 port 1 40000',
    'packet.send card0 port 1 1',
    'packet.receive switch0 port 1 1',
    'cable cable1 end b pulled out of switch0 port 1',
    'cable.end cable1 ',
    'link card0 port 1 0',
    'link switch0 port 1 0',
    'packet.send card0 port 1 2',
    'packet.drop card0 port 1 link is down',
  ]);
  expect(trace.blobBytes(1)).toEqual(frame(1));
});
