// The lists of a run, held against the run itself: the deadlock of the story, recorded once.

import { beforeAll, expect, test } from 'vitest';
import { Seeker } from '#lab/fold/seeker.ts';
import { Lists } from '#lab/lists/lists.ts';
import { hasWords, pageOf, rowsMax } from '#lab/lists/list-page.ts';
import { SeqList } from '#lab/lists/seq-list.ts';
import type { RunRecord } from '#lab/record/run-record.ts';
import { K } from '#trace/kinds.ts';
import { Trace } from '#trace/trace.ts';
import { recordScenario } from '#test/support/run-record.ts';

let run: RunRecord;
let trace: Trace;
let lists: Lists;

beforeAll(() => {
  run = recordScenario('bond-deadlock', { untilNs: 60e9 });
  trace = run.trace;
  lists = new Lists(trace);
});

const all = { from: 0, cursor: 0, words: '' };
const anyCommand = { ...all, by: '', status: 'any' } as const;
const ofKind = (...kinds: readonly number[]) =>
  [...trace.events()].filter(({ kind }) => kinds.includes(kind));

test('a list of numbers finds what is before an event', () => {
  const list = new SeqList();
  for (let seq = 0; seq < 1000; seq += 3) list.add(seq);
  expect([list.length, list.below(0), list.below(1), list.below(3), list.below(5000)]).toEqual([
    334, 0, 1, 1, 334,
  ]);
});

test('a page is around the cursor, and says how many rows are not in it', () => {
  expect(pageOf(50, 20)).toEqual({ start: 0, end: 50 });
  expect(pageOf(40_000, 40_000)).toEqual({ start: 30_000, end: 40_000 });
  expect(pageOf(40_000, 0)).toEqual({ start: 0, end: rowsMax });
  expect(pageOf(40_000, 20_000)).toEqual({ start: 11_000, end: 21_000 });
  expect(hasWords('unregister_netdevice: waiting for eth0', 'ETH0 waiting')).toBe(true);
});

test('the kernel log has every line that was printed, and filters by level and words', () => {
  const { rows } = lists.log({ ...all, level: 7 });
  expect(rows.map(({ seq }) => seq)).toEqual(ofKind(K.printk).map(({ seq }) => seq));
  const warnings = lists.log({ ...all, level: 4, words: 'unregister_netdevice' }).rows;
  expect(warnings.length).toBeGreaterThan(2);
  for (const { text, level } of warnings) {
    expect(level).toBeLessThanOrEqual(4);
    expect(text).toMatch(/^unregister_netdevice: waiting for eth0/);
  }
});

test('asked from an event on, only what came since is given', () => {
  const { rows } = lists.log({ ...all, level: 7 });
  const from = rows[10]!.seq + 1;
  expect(lists.log({ ...all, from, level: 7 }).rows).toEqual(rows.slice(11));
});

test('every firmware command is there, answered by its own answer', () => {
  const { rows } = lists.commands.page(anyCommand);
  expect(rows.map(({ seq }) => seq)).toEqual(ofKind(K['fw.command']).map(({ seq }) => seq));
  const answers = rows.flatMap(({ doneSeq }) => doneSeq ?? []);
  expect(new Set(answers).size).toBe(ofKind(K['fw.done']).length);
  for (const { seq, name, doneSeq } of rows) {
    expect(doneSeq).toBeGreaterThan(seq);
    expect(trace.text(trace.event(doneSeq!).object)).toBe(name);
  }
});

test('a command says what it is about', () => {
  const about = (words: string): string[] =>
    lists.commands.page({ ...anyCommand, words }).rows.map((row) => row.about);
  expect(about('VIRT_PORT_MAP')).toEqual(['set 1→1 2→1', 'set 1→1 2→2']);
  expect(about('CLOSE_PORT')).toEqual(['port 1']);
  expect(about('SET_PORT general')[0]).toBe('port 1, general');
  expect(about('RST2INIT_QP')[0]).toMatch(/^qpn 0x/);
});

test('a command that was asked for before its answer comes again when it is answered', () => {
  const [row] = lists.commands.page({ ...anyCommand, words: 'RUN_FW' }).rows;
  const since = lists.commands.page({ ...anyCommand, from: row!.doneSeq! });
  expect(since.rows[0]).toEqual(row);
});

test('a command in full: fields with what they were before, register, answer', () => {
  const rows = lists.commands.page({ ...anyCommand, words: 'VIRT_PORT_MAP' }).rows;
  const detail = lists.command(rows[1]!.seq)!;
  expect(detail.sentence).toBe(
    'Virtual port 1 leaves through port 1, virtual port 2 through port 2.',
  );
  expect(detail.mailbox?.fields).toMatchObject([
    { name: 'port1', offset: 0, bytes: 4, value: '1', was: null },
    { name: 'port2', offset: 4, bytes: 4, value: '2', was: '1' },
  ]);
  const [, , , , , token, control] = detail.register!;
  expect(token! >>> 16).toBe(detail.token);
  expect(control! & 0xfff).toBe(0x05c);
  expect((control! >>> 12) & 15).toBe(detail.opModifier);
  expect(detail.answer).toMatchObject({ seq: rows[1]!.doneSeq, eqn: 4, statusByte: 0 });
});

test('a polled command has no event as its answer', () => {
  const [row] = lists.commands.page({ ...anyCommand, words: 'QUERY_FW' }).rows;
  expect(lists.command(row!.seq)).toMatchObject({ byEvent: false, answer: { eqn: null } });
  expect(lists.command(row!.seq + 1)).toBeNull();
});

test('packets are decoded, and filtered by port and words', () => {
  const packets = ofKind(K['packet.send'], K['packet.receive'], K['packet.drop']);
  expect(lists.packets.page({ ...all, port: '' }).rows).toHaveLength(packets.length);
  expect(lists.packets.ports()).toContain('card0 port 1');
  const { rows } = lists.packets.page({ ...all, port: 'card0 port 1', words: 'icmp request' });
  expect(rows.length).toBeGreaterThan(0);
  for (const row of rows) expect(row).toMatchObject({ port: 'card0 port 1', way: 'sent' });
  const detail = lists.packets.detail(rows[0]!.seq)!;
  expect(detail.data).toHaveLength(detail.bytes);
});

test('tasks say what they wait for and hold', () => {
  const rows = new Lists(trace).tasks(new Seeker(trace).at(trace.count), () => '');
  const worker = rows.find(({ name }) => name === 'worker of mlx4_en@card0')!;
  expect(worker).toMatchObject({ letter: 'D', state: 'waits' });
  expect(worker.waitsFor).toContain('intf_mutex');
  const holders = rows.filter(({ holds }) => holds.some((name) => name.includes('intf_mutex')));
  expect(holders).toHaveLength(1);
});

test('the maps of the card and of the driver part', () => {
  const maps = lists.cardMaps(trace.count);
  expect(maps).toMatchObject({ map: [1, 2], formerMap: [1, 1], driverMap: [1, 1] });
  expect(maps.rxPortCheck).toBe(true);
});

test('a screen is given piece by piece, as it stood', () => {
  const { pieces } = lists.screens.part('main', trace.count, 0);
  const half = Math.floor(pieces.length / 2);
  const later = lists.screens.part('main', trace.count, half);
  expect(later).toEqual({ from: half, pieces: pieces.slice(half) });
  const [first] = ofKind(K['tty.text'], K['tty.typed']).filter(
    ({ object }) => trace.text(object) === 'main',
  );
  const last = lists.screens.part('main', trace.count, 0, 4);
  expect(last.pieces).toEqual(pieces.slice(last.from));
  // Enough for four lines, and not a piece more.
  const endsOf = (some: typeof pieces): number =>
    some.map(({ text }) => text.split('\n').length - 1).reduce((sum, ends) => sum + ends, 0);
  expect(endsOf(last.pieces)).toBeGreaterThanOrEqual(4);
  expect(endsOf(last.pieces.slice(1))).toBeLessThan(4);
  expect(last.from).toBeGreaterThan(0);
  expect(lists.screens.part('main', first!.seq, 0).pieces).toEqual([]);
  expect(lists.screens.part('main', first!.seq + 1, 0).pieces).toHaveLength(1);
});

test('two tasks of one name, one after the other, are one in the choice of who has posted', () => {
  const trace = new Trace();
  for (const task of [1, 2, 3]) {
    const name = task === 3 ? 'sh' : 'modprobe';
    trace.emit(K['task.create'], task, 0, trace.intern(name));
    trace.task = task;
    trace.emit(K['fw.command'], trace.intern('NOP in_mod=0x0 op_mod=0 token=0x1 ev=0'), 0);
    trace.emit(K['task.exit'], task, 0);
    trace.task = 0;
  }
  const { commands } = new Lists(trace);
  expect(commands.posters().map(({ name }) => name)).toEqual(['modprobe', 'sh']);
});
