// The guest's clock: calls come in the order of their times, not before, and one that throws does
// not stop the others.

import { expect, test } from 'vitest';
import { HostClock } from '#guest/host-clock.ts';
import { Trace } from '#trace/trace.ts';

const ms = 1e6;

test('calls come by time, then by who asked first, and see their time in the trace', async () => {
  const trace = new Trace();
  const clock = new HostClock(trace);
  const called: [string, boolean][] = [];
  const begin = clock.now();
  const call = (name: string, delayNs: number): void => {
    clock.after(delayNs, () => called.push([name, trace.nowNs >= begin + delayNs]));
  };
  call('late', 8 * ms);
  call('first', 0);
  call('second', 0);
  call('early', 3 * ms);
  expect(called).toEqual([]);
  await expect.poll(() => called.length).toBe(4);
  expect(called).toEqual([
    ['first', true],
    ['second', true],
    ['early', true],
    ['late', true],
  ]);
  clock.stop();
});

test('what a call asks for is called, too; a clock that was stopped calls nothing', async () => {
  const clock = new HostClock(new Trace());
  let depth = 0;
  const deeper = (): void => {
    if (++depth < 5) clock.after(0, deeper);
  };
  clock.after(0, deeper);
  await expect.poll(() => depth).toBe(5);
  clock.after(0, () => (depth = 100));
  clock.stop();
  clock.after(0, () => (depth = 200));
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(depth).toBe(5);
});

test('a call that throws is told to who runs the clock, and the next one comes', async () => {
  const clock = new HostClock(new Trace());
  let isCalled = false;
  clock.after(0, () => {
    throw new Error('a mistake of ours');
  });
  clock.after(0, () => (isCalled = true));
  expect(() => {
    clock.run();
  }).toThrow('a mistake of ours');
  await expect.poll(() => isCalled).toBe(true);
  clock.stop();
});
