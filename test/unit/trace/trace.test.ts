// The record of a run: what is emitted is read back, across chunks too; equal texts have equal
// numbers; a digest is the same for equal runs and differs for any difference.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { K, kindTable } from '#trace/kinds.ts';
import { Trace, chunkRecords } from '#trace/trace.ts';
import { count } from '#test/support/counts.ts';
import { digestOf } from '#test/support/digest.ts';

const u32 = fc.nat(0xffff_ffff);

const record = fc.record({
  timeNs: fc.nat(Number.MAX_SAFE_INTEGER),
  cpu: fc.nat(255),
  task: fc.nat(0xffff),
  kind: fc.nat(kindTable.length - 1),
  object: u32,
  value: u32,
  place: u32,
});

type Recorded = typeof record extends fc.Arbitrary<infer R> ? R : never;

function emit(trace: Trace, event: Recorded): void {
  trace.nowNs = event.timeNs;
  trace.cpu = event.cpu;
  trace.task = event.task;
  trace.emit(event.kind, event.object, event.value, event.place);
}

test('a kind number is its position in the table, and fits in a byte', () => {
  expect(kindTable[K['mutex.lock']]?.name).toBe('mutex.lock');
  expect(new Set(kindTable.map((row) => row.name)).size).toBe(kindTable.length);
  expect(kindTable.length).toBeLessThanOrEqual(256);
});

test('every field of a record is read back', () => {
  fc.assert(
    fc.property(fc.array(record, { maxLength: 50 }), (events) => {
      const trace = new Trace();
      for (const event of events) emit(trace, event);
      expect(trace.count).toBe(events.length);
      expect([...trace.events()]).toEqual(events.map((event, seq) => ({ ...event, seq })));
    }),
    { numRuns: count(200, 5000) },
  );
});

test('records on both sides of a chunk boundary', () => {
  const trace = new Trace();
  const total = 2 * chunkRecords + 3;
  for (let n = 0; n < total; n++) {
    trace.nowNs = n * 100;
    trace.task = n % 7;
    trace.emit(K['cell.read'], n, total - n, n % 3);
  }
  expect(trace.count).toBe(total);
  const edges = [0, chunkRecords - 1, chunkRecords, 2 * chunkRecords - 1, 2 * chunkRecords];
  for (const seq of [...edges, total - 1]) {
    expect(trace.event(seq)).toEqual({
      seq,
      timeNs: seq * 100,
      cpu: 0,
      task: seq % 7,
      kind: K['cell.read'],
      object: seq,
      value: total - seq,
      place: seq % 3,
    });
    expect(trace.matches(seq, K['cell.read'], seq)).toBe(true);
    expect(trace.matches(seq, K['cell.write'], seq)).toBe(false);
    expect(trace.matches(seq, K['cell.read'], seq + 1)).toBe(false);
  }
  const tail = [...trace.events(chunkRecords - 1)].slice(0, 2);
  expect(tail.map((event) => event.seq)).toEqual([chunkRecords - 1, chunkRecords]);
});

test('events of a kind, object and task are counted, across chunks too', () => {
  const trace = new Trace();
  const total = chunkRecords + 5000;
  for (let n = 0; n < total; n++) {
    trace.task = n % 3;
    trace.emit(n % 2 === 0 ? K['cell.read'] : K['cell.write'], n % 5, 0);
  }
  const slow = (from: number, to: number): number => {
    let count = 0;
    for (let n = from; n < to; n++) if (n % 2 === 0 && n % 5 === 4 && n % 3 === 1) count++;
    return count;
  };
  for (const [from, to] of [
    [0, total],
    [7, 7],
    [10, 11],
    [4000, 5000],
    [chunkRecords - 40, chunkRecords + 40],
    [chunkRecords, total],
  ] as const) {
    expect(trace.countMatches(from, to, K['cell.read'], 4, 1)).toBe(slow(from, to));
  }
});

test('a short run takes little memory, and grows without losing anything', () => {
  const trace = new Trace();
  for (let n = 0; n < 20_000; n++) trace.emit(K.preempt, n, n * 2, n * 3);
  for (const seq of [0, 4095, 4096, 8191, 8192, 19_999]) {
    expect(trace.event(seq)).toMatchObject({ object: seq, value: seq * 2, place: seq * 3 });
  }
});

test('an event outside the run is an error', () => {
  const trace = new Trace();
  trace.emit(K.preempt, 0, 0);
  expect(() => trace.event(1)).toThrow(RangeError);
  expect(() => trace.event(-1)).toThrow(RangeError);
});

test('equal texts have equal numbers, different ones do not', () => {
  fc.assert(
    fc.property(fc.array(fc.string()), (texts) => {
      const trace = new Trace();
      const numbers = texts.map((text) => trace.intern(text));
      expect(numbers.map((number) => trace.text(number))).toEqual(texts);
      expect(texts.map((text) => trace.intern(text))).toEqual(numbers);
      expect(new Set(numbers).size).toBe(new Set(texts).size);
    }),
  );
  expect(new Trace().intern('')).toBe(0);
  expect(new Trace().text(5)).toBe('?5');
});

test('a blob is a copy', () => {
  const trace = new Trace();
  const bytes = Uint8Array.of(1, 2, 3);
  const number = trace.blob(bytes);
  bytes[0] = 9;
  expect([...trace.blobBytes(number)]).toEqual([1, 2, 3]);
  expect(trace.blob(Uint8Array.of(4))).toBe(number + 1);
  expect(trace.blobBytes(99)).toHaveLength(0);
});

function sample(): Trace {
  const trace = new Trace();
  trace.nowNs = 100;
  trace.emit(K['mutex.lock'], trace.intern('rtnl_mutex'), 0);
  trace.emit(K['packet.send'], trace.intern('eth0'), trace.blob(Uint8Array.of(1, 2)));
  return trace;
}

test('equal runs have equal digests', () => {
  expect(digestOf(sample())).toBe(digestOf(sample()));
  expect(digestOf(sample())).toMatch(/^[0-9a-f]{64}$/);
});

test('any difference shows in the digest', () => {
  const changes: ((trace: Trace) => void)[] = [
    () => undefined,
    (trace) => {
      trace.emit(K.preempt, 0, 0);
    },
    (trace) => {
      trace.nowNs = 101;
      trace.emit(K.preempt, 0, 0);
    },
    (trace) => {
      trace.cpu = 1;
      trace.emit(K.preempt, 0, 0);
    },
    (trace) => {
      trace.task = 1;
      trace.emit(K.preempt, 0, 0);
    },
    (trace) => {
      trace.emit(K.preempt, 0, 0, 1);
    },
    (trace) => trace.intern('a\nb'),
    (trace) => [trace.intern('a'), trace.intern('b')],
    (trace) => [trace.blob(Uint8Array.of(1, 2)), trace.blob(Uint8Array.of(3))],
    (trace) => [trace.blob(Uint8Array.of(1)), trace.blob(Uint8Array.of(2, 3))],
  ];
  const digests = changes.map((change) => {
    const trace = sample();
    change(trace);
    return digestOf(trace);
  });
  expect(new Set(digests).size).toBe(changes.length);
});

test('the digest covers full chunks and the part of the last one', () => {
  const filled = (last: number): Trace => {
    const trace = new Trace();
    for (let n = 0; n < chunkRecords; n++) trace.emit(K.preempt, 0, n);
    trace.emit(K.preempt, 0, last);
    return trace;
  };
  expect(digestOf(filled(1))).toBe(digestOf(filled(1)));
  expect(digestOf(filled(1))).not.toBe(digestOf(filled(2)));
});
