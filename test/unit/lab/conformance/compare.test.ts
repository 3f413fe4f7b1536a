// Commands side by side: what is the same, moved, explained, and what is not.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { CommandRecord } from '#device/command.ts';
import { align } from '#lab/conformance/align.ts';
import { chapters } from '#lab/conformance/chapters.ts';
import { commandWords } from '#lab/conformance/command.ts';
import { compareChapters } from '#lab/conformance/compare.ts';
import { ourCommands } from '#lab/conformance/ours.ts';
import { cqContext } from '#prm/contexts.ts';

const command = (name: string, over: Partial<CommandRecord> = {}): CommandRecord => ({
  seq: 0,
  timeNs: 0,
  doneNs: 0,
  name,
  opcode: 0,
  inModifier: 0,
  opModifier: 0,
  token: 0,
  event: false,
  inParam: [0, 0],
  status: 0,
  mailbox: new Uint8Array(),
  ...over,
});

/** The named commands in one chapter, nothing in the others. */
const inChapter = (chapter: string, names: readonly string[]) =>
  chapters.map(({ name }) => (name === chapter ? names.map((one) => command(one)) : []));

test('rows hold both lists, in their order', () => {
  const list = fc.array(fc.constantFrom('A', 'B', 'C'), { maxLength: 30 });
  fc.assert(
    fc.property(list, list, (real, ours) => {
      const rows = align(real, ours);
      expect(rows.flatMap((row) => row.real ?? [])).toEqual(real);
      expect(rows.flatMap((row) => row.ours ?? [])).toEqual(ours);
      const both = rows.filter((row) => row.real !== null && row.ours !== null);
      expect(both.every((row) => row.real === row.ours)).toBe(true);
    }),
  );
});

test('addresses and tokens are no words of a command; what the driver has chosen is', () => {
  const mailbox = new Uint8Array(8);
  const inParam = [1, 2] as const;
  expect(commandWords(command('INIT_PORT', { inModifier: 1, token: 9 }))).toBe('INIT_PORT in 0x1');
  expect(commandWords(command('SW2HW_CQ', { mailbox, inParam }))).toBe('SW2HW_CQ');
  expect(commandWords(command('MAP_EQ', { inParam, opModifier: 1 }))).toBe(
    'MAP_EQ op 0x1 immediate 0x100000002',
  );
  const page = (address: number, log: number) => [
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    address,
    log,
  ];
  const map = { inModifier: 2, mailbox: Uint8Array.from([...page(0x10, 1), ...page(0x50, 3)]) };
  expect(commandWords(command('MAP_FA', map))).toBe('MAP_FA 10 pages');
});

test('the same, in another order, and missing', () => {
  const compared = compareChapters(
    inChapter('probe', ['QUERY_FW', 'A', 'B', 'C', 'INIT_HCA', 'DUMP_ETH_STATS']),
    inChapter('probe', ['QUERY_FW', 'C', 'A', 'INIT_HCA', 'X']),
  );
  expect(compared[0]!.counts).toEqual({ same: 3, moved: 1, explained: 0, unexplained: 2 });
  const missing = compared[0]!.rows.filter(({ kind }) => kind === 'unexplained');
  expect(missing.map(({ real, ours }) => [real, ours])).toEqual([
    ['B', null],
    [null, 'X'],
  ]);
});

test('our driver goes through all chapters, and each has commands', () => {
  const ours = ourCommands('v6.1');
  expect(ours).toHaveLength(chapters.length);
  const counts = Object.fromEntries(chapters.map(({ name }, at) => [name, ours[at]!.length]));
  expect(counts['probe']).toBeGreaterThan(100);
  expect(counts['portType']).toBeGreaterThan(400);
  const failover = ours[chapters.findIndex(({ name }) => name === 'failover')]!;
  expect(failover.map(({ name }) => name)).toContain('VIRT_PORT_MAP');
});

test('mailboxes of the same command are held against each other, but for addresses', () => {
  const context = (over: Readonly<Record<string, number>>) => cqContext.make(over);
  const send = (...mailboxes: readonly Uint8Array[]) =>
    chapters.map(({ name }) =>
      name === 'up' ? mailboxes.map((mailbox) => command('SW2HW_CQ', { mailbox })) : [],
    );
  const fieldsOf = (real: Uint8Array[], ours: Uint8Array[]) =>
    compareChapters(send(...real), send(...ours)).find(({ name }) => name === 'up')!;
  const same = fieldsOf([context({ db_rec_addr: 0x1000 })], [context({ db_rec_addr: 0x2000 })]);
  expect([same.fields, same.counts.unexplained]).toEqual([[], 0]);
  const other = fieldsOf(
    [context({ log_page_size: 5, usr_page: 3 }), context({ log_page_size: 5 })],
    [context({ usr_page: 2 }), context({ log_page_size: 4 })],
  );
  expect(other.fields).toMatchObject([
    { field: 'usr_page', real: '3', ours: '2', times: 1, reason: expect.any(String) as string },
    { field: 'log_page_size', real: '5', ours: '0', times: 2, reason: null },
  ]);
  expect(other.counts.unexplained).toBe(1);
});
