// Goal: SQL over events says what the trace says, and cannot change anything.
// Method: counts and rows of `event` against the events of the run that was kept.

import { beforeAll, expect, test } from 'vitest';
import { QueryDatabase } from '#db/query.ts';
import { K } from '#trace/kinds.ts';
import { folder, keep, smallText } from './rig.ts';
import type { Kept } from './rig.ts';

const path = folder();
const file = path('runs.db');
let first: Kept;
let second: Kept;

beforeAll(async () => {
  first = await keep(file);
  second = await keep(file, smallText, 2);
});

function ask(sql: string): unknown[] {
  const database = new QueryDatabase(file);
  try {
    return [...database.ask(sql)];
  } finally {
    database.close();
  }
}

test('every event is a row, once', () => {
  expect(ask('SELECT run_id, count(*) AS n, max(seq) AS last FROM event GROUP BY run_id')).toEqual(
    [first, second].map(({ run, record: { trace } }) => ({
      run_id: run,
      n: trace.count,
      last: trace.count - 1,
    })),
  );
});

test('a part of a run has the rows of the whole', () => {
  const whole = ask('SELECT * FROM event WHERE run = 1');
  expect(ask('SELECT * FROM event WHERE run = 1 AND seq_from = 500 AND seq_to = 620')).toEqual(
    whole.slice(500, 620),
  );
});

test('rows have names, not numbers', () => {
  const { trace } = first.record;
  const prints = [...trace.events()].filter(({ kind }) => kind === K.printk);
  const rows = ask("SELECT * FROM event WHERE run = 1 AND kind = 'printk'");
  expect(rows).toHaveLength(prints.length);
  expect(prints.length).toBeGreaterThan(0);
  const [row] = rows as [{ t_ns: number; seq: number; value: string }];
  expect(row).toMatchObject({ t_ns: prints[0]!.timeNs, seq: prints[0]!.seq, kind: 'printk' });
  const modprobe = ask("SELECT DISTINCT task FROM event WHERE run = 1 AND task LIKE 'modprobe%'");
  expect(modprobe).toHaveLength(1);
});

test('stored tables join with it', () => {
  const sql = `SELECT finding.kind, (SELECT count(*) FROM event WHERE run = finding.run_id) AS n
    FROM finding ORDER BY run_id`;
  expect(ask(sql)).toEqual(
    [first, second].map(({ record }) => ({ kind: 'failedCheck', n: record.trace.count })),
  );
});

test.each([
  ['a change', 'DELETE FROM run', 'only queries are answered'],
  ['a change that returns rows', 'DELETE FROM run RETURNING id', 'readonly'],
  ['a typing mistake', 'SELEC 1', 'syntax error'],
  ['a run that is not there', 'SELECT * FROM event WHERE run = 77', 'there is no run 77'],
])('%s is refused', (_, sql, message) => {
  expect(() => ask(sql)).toThrow(message);
  expect(ask('SELECT count(*) AS n FROM run')).toEqual([{ n: 2 }]);
});
