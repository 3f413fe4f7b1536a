// Goal: what a person looks for is found and counted; flags and folds say what lies where.
// Method: the story's run, its answers counted again by other means; every way to write a query.

import { expect, test } from 'vitest';
import { parseQuery } from '#lab/timeline/find.ts';
import { lengthText } from '#lab/timeline/quiet.ts';
import { Timeline } from '#lab/timeline/timeline.ts';
import { K } from '#trace/kinds.ts';
import { recordScenario } from '#test/support/run-record.ts';
import { walk } from './walk.ts';

const { trace } = recordScenario('bond-deadlock', { variant: 'naive' });
const timeline = new Timeline(trace);
const lanes = timeline.lanes();
const events = [...trace.events()];

test('obj: and kind: find the events that there are, kernel functions by their names', () => {
  const isHold = events.filter(({ kind }) => kind === K['ref.hold']);
  expect(timeline.find('kind:dev_hold', { limit: 5 })).toMatchObject({ total: isHold.length });
  const { hits, total } = timeline.find('kind:mutex.acquired obj:intf_mutex', { limit: 100 });
  const taken = events.filter(
    ({ kind, object }) => kind === K['mutex.acquired'] && trace.text(object) === 'intf_mutex',
  );
  expect(hits.map(({ seq }) => seq)).toEqual(taken.map(({ seq }) => seq));
  expect(total).toBe(taken.length);
  expect(lanes[hits[0]!.lane!]!.name).toBe('intf_mutex');
});

test('a limit limits the hits and not the count', () => {
  const all = timeline.find('rtnl_mutex', { limit: 1e6 });
  const few = timeline.find('rtnl_mutex', { limit: 3 });
  expect(all.hits).toHaveLength(all.total);
  expect(few).toEqual({ ...all, hits: all.hits.slice(0, 3) });
});

test('task: takes a letter or a part of a name', () => {
  const sh = lanes.find(({ name }) => name === 'sh')!;
  const letterOf = (lane: number): string => (lane === sh.id ? 'A' : 'B');
  const byLetter = timeline.find('task:A kind:syscall', { limit: 100, letterOf });
  const ofSh = events.filter(({ kind, task }) => kind === K.syscall && task === 6);
  expect(byLetter.total).toBe(ofSh.length);
  expect(timeline.find('task:ping kind:task.exit', { limit: 9 }).total).toBe(2);
});

test('took finds spans by their length', () => {
  const { hits, total } = timeline.find('took>1ms took<3ms intf_mutex', { limit: 1000 });
  const spans = lanes.flatMap(({ id, name }) =>
    name === 'intf_mutex' ? walk(timeline, id).filter(inRange) : [],
  );
  expect(total).toBeGreaterThanOrEqual(spans.length);
  for (const { lane, timeNs } of hits) {
    const found = walk(timeline, lane!).filter(({ sinceNs }) => sinceNs === timeNs);
    expect(found.some(inRange)).toBe(true);
  }
});

test('took finds what has not ended, by how long it has lasted', () => {
  const { hits } = timeline.find('took>200s task:mlx4_en@card0', { limit: 100 });
  expect(hits).toHaveLength(1);
  expect(timeline.at(hits[0]!.lane!, 390e9)[0]).toMatchObject({
    state: 'waits for intf_mutex',
    fate: 'cannot end',
    untilNs: null,
    seq: hits[0]!.seq,
  });
});

const inRange = ({ sinceNs, untilNs }: { sinceNs: number; untilNs: number }): boolean =>
  untilNs - sinceNs > 1e6 && untilNs - sinceNs < 3e6;

test('a query that cannot be read says how to write it', () => {
  expect(parseQuery('took>1')).toBe('Write took>1 as took>1ms or took<20us.');
  expect(parseQuery('task:')).toBe('Write a name behind task:');
  expect(timeline.find('took', { limit: 1 })).toMatchObject({ total: 0, said: /^Write took/ });
  expect(parseQuery('Obj:X took>1.5us a')).toEqual({
    texts: ['a'],
    tasks: [],
    objects: ['x'],
    kinds: [],
    tookNs: { over: 1500, under: Infinity },
  });
});

test('flags: marks of the script, the closed cycle, every warning, in order', () => {
  const marks = timeline.marksBetween(0, Infinity);
  const ofKind = (wanted: string): number => marks.filter(({ kind }) => kind === wanted).length;
  expect(ofKind('closed')).toBe(1);
  expect(ofKind('warning')).toBe(events.filter(({ kind }) => kind === K['ref.warning']).length);
  expect(marks.filter(({ kind }) => kind === 'mark').map(({ text }) => text)).toEqual(
    expect.arrayContaining(['load', 'bond', 'traffic', 'write', 'others']),
  );
  const times = marks.map(({ timeNs }) => timeNs);
  expect(times).toEqual([...times].sort((a, b) => a - b));
  const [first, second] = marks;
  expect(timeline.nextMark(first!.seq, -1)).toBeNull();
  expect(timeline.nextMark(second!.seq, -1)).toEqual(first);
  expect(timeline.nextMark(first!.seq, 1)).toEqual(second);
  expect(timeline.nextMark(0, 1)).toEqual(first);
});

test('a person’s marks stand among the others, at the time that the cursor has there', () => {
  const own = new Timeline(trace);
  const [first, second] = own.marksBetween(0, Infinity);
  const between = first!.seq + 1;
  expect(between).toBeLessThan(second!.seq);
  own.ownMarks = [
    { number: 1, seq: trace.count, text: 'the end' },
    { number: 0, seq: between, text: 'here' },
  ];
  const timeNs = trace.event(between - 1).timeNs;
  const here = { number: 0, seq: between, timeNs, kind: 'own', text: 'here' };
  expect(own.nextMark(first!.seq, 1)).toEqual(here);
  expect(own.nextMark(second!.seq, -1)).toEqual(here);
  expect(own.nextMark(between, -1)).toEqual(first);
  const all = own.marksBetween(0, Infinity);
  expect(all.filter(({ kind }) => kind === 'own').map(({ text }) => text)).toEqual([
    'here',
    'the end',
  ]);
  expect(all.map(({ seq }) => seq)).toEqual(all.map(({ seq }) => seq).toSorted((a, b) => a - b));
  own.ownMarks = [];
  expect(own.marksBetween(0, Infinity)).toEqual(timeline.marksBetween(0, Infinity));
});

test('a stretch is counted as its events are', () => {
  const [from, to] = [2e9, 20e9];
  const inside = events.filter(({ timeNs }) => timeNs >= from && timeNs < to);
  const ofKind = (...kinds: number[]): number =>
    inside.filter(({ kind }) => kinds.includes(kind)).length;
  const told = timeline.census(from, to);
  expect(told.events).toBe(inside.length);
  expect(told.switches).toBe(ofKind(K['task.switch']));
  expect(told.commands).toBe(ofKind(K['fw.command']));
  expect(told.packets).toBe(ofKind(K['packet.send'], K['packet.receive']));
  expect(told.switches * told.packets * told.locks).toBeGreaterThan(0);
  expect(timeline.census(to, to).events).toBe(0);
});

test('what stands beside a moment is what walking there and back finds', () => {
  const id = lanes.find(({ name }) => name === 'intf_mutex')!.id;
  for (const timeNs of [1e9, 5.2e9, 6.5e9, 100e9]) {
    const { before, at, after } = timeline.around(id, timeNs);
    expect(at).toEqual(timeline.at(id, timeNs));
    expect(after).toEqual(timeline.next(id, timeNs, 1));
    const first = Math.min(timeNs, ...at.map(({ sinceNs }) => sinceNs));
    expect(before).toEqual(timeline.next(id, first, -1));
  }
});

test('what only timers do is folded, with the warnings in it, and nothing loud is', () => {
  const gaps = timeline.gaps(0, 400e9, 146e6);
  const last = gaps.at(-1)!;
  expect(last.said).toMatch(/^3\d\d s folded, \d+ warnings$/);
  for (const { fromNs, toNs, warnings } of gaps) {
    expect(toNs - fromNs).toBeGreaterThan(19 * 146e6);
    const inside = events.filter(({ timeNs }) => timeNs >= fromNs && timeNs < toNs);
    expect(inside.some(({ kind }) => kind === K.syscall || kind === K.step)).toBe(false);
    const told = inside.filter(({ kind, object }) => {
      const isHung = kind === K.report && trace.text(object) === 'hung';
      return isHung || kind === K['ref.warning'];
    });
    expect(warnings).toBe(told.length);
  }
});

test('a wider view folds less, and one that shows all of it folds nothing', () => {
  const folded = [1e6, 1e8, 1e9, 1e10, 1e11].map((viewNs) =>
    timeline.gaps(0, 400e9, viewNs).reduce((sum, { fromNs, toNs }) => sum + toNs - fromNs, 0),
  );
  expect(folded).toEqual([...folded].sort((a, b) => b - a));
  expect(folded.at(-1)).toBe(0);
});

test('lengths have the unit that fits', () => {
  expect([239e9, 1.2e9, 35e6, 9e5, 12].map(lengthText)).toEqual([
    '239 s',
    '1.2 s',
    '35 ms',
    '900 µs',
    '12 ns',
  ]);
});

test('walking with the keyboard visits the spans of a lane there and back', () => {
  const id = lanes.find(({ name }) => name === 'intf_mutex')!.id;
  const starts = [...new Set(walk(timeline, id).map(({ sinceNs }) => sinceNs))].sort(
    (a, b) => a - b,
  );
  const there: number[] = [];
  for (let at = timeline.next(id, -1, 1); at !== null; at = timeline.next(id, at.sinceNs, 1)) {
    there.push(at.sinceNs);
  }
  const back: number[] = [];
  for (let at = timeline.next(id, 1e15, -1); at !== null;) {
    back.push(at.sinceNs);
    at = timeline.next(id, at.sinceNs, -1);
  }
  expect(there).toEqual(starts);
  expect(back).toEqual(starts.reverse());
});
