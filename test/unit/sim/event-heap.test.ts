// The future: callbacks come out by time, and those of one time in the order of asking.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { EventHeap } from '#sim/event-heap.ts';
import { count } from '#test/support/counts.ts';

test('an empty heap has no future', () => {
  expect(new EventHeap().nextNs).toBe(Infinity);
});

test('callbacks come out by time, and in the order of asking where times are equal', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(20)), (times) => {
      const heap = new EventHeap();
      const out: number[] = [];
      times.forEach((time, index) => {
        heap.push(time, () => out.push(index));
      });
      const order = times.map((_, index) => index).sort((a, b) => times[a]! - times[b]! || a - b);
      for (const index of order) {
        expect(heap.nextNs).toBe(times[index]);
        heap.pop()();
      }
      expect(out).toEqual(order);
      expect(heap.nextNs).toBe(Infinity);
    }),
    { numRuns: count(100, 2000) },
  );
});

test('callbacks that were asked for while others came out keep their place', () => {
  fc.assert(
    fc.property(fc.array(fc.option(fc.nat(9), { nil: null })), (steps) => {
      const heap = new EventHeap();
      const waiting: { time: number; order: number }[] = [];
      steps.forEach((time, order) => {
        if (time !== null) {
          heap.push(time, () => undefined);
          waiting.push({ time, order });
          return;
        }
        waiting.sort((a, b) => a.time - b.time || a.order - b.order);
        expect(heap.nextNs).toBe(waiting[0]?.time ?? Infinity);
        if (waiting.shift() !== undefined) heap.pop();
      });
    }),
    { numRuns: count(100, 2000) },
  );
});
