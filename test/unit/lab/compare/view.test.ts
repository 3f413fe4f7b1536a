// Goal: two runs as a window shows them: the lanes that differ first, those of the deadlock before
// the others; causes before consequences; and how the two stand to each other in one word.
// Method: the story on two drivers, and made-up pairs for the other relations.

import { expect, test } from 'vitest';
import { compareForView } from '#lab/compare/view.ts';
import type { RunRecord } from '#lab/record/run-record.ts';
import { thumbnail } from '#lab/thumbnail/thumbnail.ts';
import { Timeline } from '#lab/timeline/timeline.ts';
import { MadeTrace } from '#test/support/made-trace.ts';
import { recordScenario } from '#test/support/run-record.ts';

const withLanes = (record: RunRecord) => ({ record, timeline: new Timeline(record.trace) });
const naive = withLanes(recordScenario('bond-deadlock', { variant: 'naive' }));
const merged = withLanes(recordScenario('bond-deadlock', { variant: 'v6.6' }));
const story = compareForView({ a: naive, b: merged });

const sentenceOf = ({ sentence }: Pick<typeof story, 'sentence'>): string =>
  sentence.map(({ text }) => text).join('');

test('the lanes of the deadlock come first, then those that differ, then the others', () => {
  expect(story.relation).toBe('parted');
  expect(story.lanes.slice(0, 6).map(({ names }) => [names.a, names.b])).toEqual([
    ['sh', 'sh'],
    ['worker of mlx4_en@card0', 'worker of mlx4'],
    ['intf_mutex', 'intf_mutex'],
    ['netdev eth0', 'netdev eth0'],
    ['device 0000:06:00.0', 'device 0000:06:00.0'],
    ['mlx4_en@card0', 'mlx4'],
  ]);
  const differing = story.lanes.map(({ differs }) => differs);
  expect(differing.lastIndexOf(true)).toBe(story.lanesDiffering - 1);
  expect(differing.indexOf(false)).toBe(story.lanesDiffering);
  expect(story.lanesTelling).toBe(8);
});

test('every lane of both runs is in exactly one pair', () => {
  for (const [side, { timeline }] of [['a', naive] as const, ['b', merged] as const]) {
    const ids = story.lanes.flatMap((lane) => lane.ids[side] ?? []);
    expect(ids.sort((one, other) => one - other)).toEqual(timeline.lanes().map(({ id }) => id));
  }
});

test('the letter of a task is the one of every other view', () => {
  expect(story.lanes[0]?.letter).toBe('A');
  expect(story.lanes[2]?.letter).toBe('');
});

test('the cause is the first row; what follows is in order, with its time and events', () => {
  const [cause, ...rest] = story.rows;
  expect(cause).toMatchObject({
    afterNs: 0,
    afterEvents: 0,
    said: { a: 'holds netdev eth0', b: 'holds device 0000:06:00.0' },
  });
  expect(rest.find(({ who }) => who === 'sh')?.said).toEqual({
    a: 'waits for netdev eth0, for ever',
    b: 'goes on',
  });
  expect(rest.find(({ who }) => who === 'intf_mutex')?.said).toEqual({
    a: 'sh keeps it',
    b: 'sh gives it back',
  });
  const times = story.rows.map(({ afterNs }) => afterNs);
  expect(times).toEqual([...times].sort((a, b) => a - b));
  const events = story.rows.map(({ afterEvents }) => afterEvents);
  expect(events).toEqual([...events].sort((a, b) => a - b));
  expect(story.following).toBeGreaterThan(1000);
});

test('a run with itself is the same, and no lane differs', () => {
  const same = compareForView({ a: naive, b: naive });
  const { count } = naive.record.trace;
  expect(same.relation).toBe('equal');
  expect(same.lanesDiffering).toBe(0);
  expect(sentenceOf(same).replace(/\u2009/g, '')).toBe(
    `The same, event for event: ${count} of ${count}.`,
  );
});

test('the search for the first difference says how far it is', () => {
  const told: number[] = [];
  compareForView({ a: naive, b: naive, onEvent: (seq) => told.push(seq) });
  expect(told.length).toBeGreaterThan(2);
  expect(told.at(-1)).toBe(naive.record.trace.count);
  expect(told).toEqual([...told].sort((a, b) => a - b));
});

const made = (lock: string, head: Partial<RunRecord['head']>) =>
  withLanes(new MadeTrace().as('sh').did('mutex.acquired', lock).record({}, head));

test('other scenarios share no start; another program is another model of the driver', () => {
  const one = made('rtnl_mutex', { scenarioText: 'x', programHash: 'p' });
  const scenario = compareForView({ a: one, b: made('other', { scenarioText: 'y' }) });
  expect(scenario.relation).toBe('noStart');
  expect(sentenceOf(scenario)).toMatch(/^These two runs share no start\./);
  const program = compareForView({
    a: one,
    b: made('other', { scenarioText: 'x', programHash: 'q' }),
  });
  expect(program.relation).toBe('otherModel');
  expect(sentenceOf(program)).toMatch(/^Recorded by another driver model\./);
  expect(program.rows).toEqual([]);
  const same = made('other', { scenarioText: 'x', programHash: 'p' });
  expect(compareForView({ a: one, b: same }).relation).toBe('parted');
});

test('a thumbnail shows the parts of the deadlock, and that it never ends', () => {
  const { lanes, endless } = thumbnail(naive.record, naive.timeline);
  expect(lanes.map(({ name }) => name)).toEqual(['sh', 'worker of mlx4_en@card0', 'intf_mutex']);
  expect(endless).toBe(true);
  expect(lanes.map(({ bars }) => bars.at(-1)?.mark)).toEqual(['stuck', 'stuck', 'hold']);
  expect(thumbnail(merged.record, merged.timeline).endless).toBe(false);
});

test('along events every event is as long as any other', () => {
  const { trace } = naive.record;
  const events = new Timeline(trace, 'events');
  expect(events.nowNs).toBe(trace.count - 1);
  expect(events.lanes().map(({ name }) => name)).toEqual(
    naive.timeline.lanes().map(({ name }) => name),
  );
  const lane = story.lanes[2]!.ids.a!;
  const [inTime, inEvents] = [naive.timeline.stretches(lane), events.stretches(lane)];
  for (const [at, { fromNs, text }] of inEvents.slice(0, 50).entries()) {
    expect(trace.event(fromNs).timeNs).toBe(inTime[at]!.fromNs);
    expect(text).toBe(inTime[at]!.text);
  }
});
