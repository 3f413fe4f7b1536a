// Goal: the timeline says what happened: who held what from when to when, who waited in vain, how
// many references there were; taken in bit by bit it is the same as at once.
// Method: the deadlock of the story, held against the folded state of the same run at many moments,
// and made-up runs for what the story does not have.

import { expect, test } from 'vitest';
import { Seeker } from '#lab/fold/seeker.ts';
import { spanStyle } from '#lab/timeline/styles.ts';
import { Timeline } from '#lab/timeline/timeline.ts';
import { Trace } from '#trace/trace.ts';
import { MadeTrace } from '#test/support/made-trace.ts';
import { recordScenario } from '#test/support/run-record.ts';
import { walk } from './walk.ts';

const { trace } = recordScenario('bond-deadlock', { variant: 'naive', untilNs: 30e9 });
const timeline = new Timeline(trace);
const lanes = timeline.lanes();

const idOf = (name: string): number => lanes.find((lane) => lane.name === name)!.id;
const said = (name: string, timeNs: number): string[] =>
  timeline.at(idOf(name), timeNs).map(({ name: of, state, fate }) => `${of} ${state}, ${fate}`);

/** The states of a lane after a moment, in the order in which they begin. */
function statesFrom(line: Timeline, lane: number, fromNs: number): string[] {
  const states: string[] = [];
  for (let span = line.next(lane, fromNs, 1); span !== null;) {
    states.push(span.fate === '' ? span.state : `${span.state}, ${span.fate}`);
    span = line.next(lane, span.sinceNs, 1);
  }
  return states;
}

test('rows of spans never overlap', () => {
  for (const { id } of lanes) {
    const spans = walk(timeline, id);
    spans.forEach((span, at) => {
      const before = spans[at - 1];
      expect(span.untilNs).toBeGreaterThanOrEqual(span.sinceNs);
      if (before?.row === span.row) expect(before.untilNs).toBeLessThanOrEqual(span.sinceNs);
    });
  }
});

test('holders of locks and counts of references are those of the folded state', () => {
  const seeker = new Seeker(trace);
  let compared = 0;
  for (let seq = 500; seq < trace.count; seq += 777) {
    // Between two events of one moment neither answer is wrong.
    const { timeNs } = trace.event(seq - 1);
    if (trace.event(seq).timeNs === timeNs) continue;
    const fold = seeker.at(seq);
    for (const lane of lanes) {
      const handle = trace.intern(lane.name);
      const [found] = timeline
        .at(lane.id, timeNs)
        .filter(({ style }) => style !== spanStyle.wanted);
      if (lane.kind === 'mutex') {
        const holder = fold.holds.get(handle)?.[0]?.actor ?? 0;
        expect(found?.style === spanStyle.hold ? found.label : '').toBe(trace.text(holder));
        compared++;
      }
      const count = fold.references.get(handle);
      if (lane.kind === 'reference' && count !== undefined) {
        expect(found?.value).toBe(count);
        compared++;
      }
    }
  }
  expect(compared).toBeGreaterThan(500);
});

test('the two waits of the cycle cannot end from the moment on at which it closes', () => {
  const [closed] = timeline.marksBetween(0, 30e9).filter(({ kind }) => kind === 'closed');
  expect(closed).toBeDefined();
  const { timeNs } = closed!;
  expect(said('worker of mlx4_en@card0', timeNs - 1)).toMatchObject([/waits for intf_mutex, $/]);
  expect(said('worker of mlx4_en@card0', timeNs)).toMatchObject([/intf_mutex, cannot end/]);
  expect(said('sh', 20e9)[0]).toMatch(/^sh waits for netdev eth0, cannot end$/);
  expect(said('intf_mutex', 20e9)).toMatchObject([
    /^intf_mutex is held by sh, $/,
    /is wanted by worker of mlx4_en@card0, in vain$/,
  ]);
});

test('the bond says what the card does, ports their links, the firmware its commands', () => {
  expect(said('card0 port 1', 4e9)[0]).toMatch(/eth, 40 Gb\/s/);
  expect(said('card0 port 1', 20e9)[0]).toMatch(/eth, no link/);
  const bond = lanes.find(({ kind }) => kind === 'bond')!;
  const states = statesFrom(timeline, bond.id, 0);
  expect(states).toContain('bonded in hardware, 1→1 2→1');
  expect(states.at(-1)).toBe('not bonded');
  const firmware = lanes.find(({ kind }) => kind === 'firmware')!;
  expect(statesFrom(timeline, firmware.id, 0)).toContain('executes VIRT_PORT_MAP');
});

test('a wait for the firmware names the command, and a worker its work', () => {
  const worker = statesFrom(timeline, idOf('worker of mlx4_en@card0'), 0);
  expect(worker).toContain('waits for fw DUMP_ETH_STATS');
  expect(worker).toContain('runs mlx4_en_do_get_stats(card0/1)');
});

test('a trace that is taken in bit by bit gives the same spans', () => {
  const growing = new Trace();
  const bitByBit = new Timeline(growing);
  const text = (number: number): string => trace.text(number);
  for (let number = 1; number < trace.textCount; number++) growing.intern(text(number));
  for (const { timeNs, cpu, task, kind, object, value, place } of trace.events()) {
    Object.assign(growing, { nowNs: timeNs, cpu, task });
    growing.emit(kind, object, value, place);
    if (growing.count % 977 === 0) bitByBit.extend();
  }
  bitByBit.extend();
  expect(bitByBit.extend()).toBe(false);
  expect(bitByBit.lanes()).toEqual(lanes);
  for (const { id } of lanes) expect(walk(bitByBit, id)).toEqual(walk(timeline, id));
});

test('works that overlap stand side by side, and the queue says how many wait', () => {
  const made = new MadeTrace().as('a').did('work.queue', 'w1', 'q').did('work.queue', 'w2', 'q');
  made.as('b').did('work.start', 'w1', 'q').as('c').did('work.start', 'w2', 'q');
  made.as('b').did('work.end', 'w1', 'q').as('c').did('work.end', 'w2', 'q');
  const line = new Timeline(made.trace);
  const queue = line.lanes().find(({ kind }) => kind === 'queue')!;
  const spans = walk(line, queue.id);
  const { queued, turn, work } = spanStyle;
  expect(spans.map(({ style, value, row }) => [style, style === queued ? value : row])).toEqual([
    [queued, 1],
    [queued, 2],
    [queued, 1],
    [turn, 1],
    [work, 2],
    [turn, 3],
    [work, 4],
  ]);
  // Each has waited from its queueing to its start.
  const [first, second] = spans.filter(({ style }) => style === turn);
  expect([first!.sinceNs, first!.untilNs]).toEqual([spans[0]!.sinceNs, spans[4]!.sinceNs]);
  expect([second!.sinceNs, second!.untilNs]).toEqual([spans[1]!.sinceNs, spans[6]!.sinceNs]);
});

test('who waits behind a cycle is stuck too, and is no longer when it opens', () => {
  const made = new MadeTrace().as('a').did('mutex.acquired', 'x').did('wait.begin', 'y', 'a');
  made.did('task.block', 'y', 'y').as('b').did('mutex.acquired', 'y').did('wait.begin', 'x', 'b');
  made.did('deadlock', 'a and b', 2).did('deadlock.wait', 'x', 'b').did('deadlock.hold', 'x', 'a');
  made.did('deadlock.wait', 'y', 'a').did('deadlock.hold', 'y', 'b').did('task.block', 'x', 'x');
  made.as('c').did('wait.begin', 'x', 'c').did('task.block', 'x', 'x');
  made.asMachine().did('deadlock.end', 'a and b');
  const line = new Timeline(made.trace);
  for (const name of ['a', 'b', 'c']) {
    const states = statesFrom(line, line.lanes().find((lane) => lane.name === name)!.id, -1);
    expect(states).toContain(`waits for ${name === 'a' ? 'y' : 'x'}, cannot end`);
    expect(states.at(-1)).toBe(`waits for ${name === 'a' ? 'y' : 'x'}`);
  }
});
