// Goal: every question of db/queries.md is answered as it stands there.
// Method: the story of the deadlock, kept; each query runs, and those about it have rows.

import { readFileSync } from 'node:fs';
import { beforeAll, expect, test } from 'vitest';
import { QueryDatabase } from '#db/query.ts';
import { scenarioText } from '#test/support/run-record.ts';
import { folder, keep } from './rig.ts';

const path = folder();
const page = readFileSync(new URL('../../../db/queries.md', import.meta.url), 'utf8');
const queries = [...page.matchAll(/\n\n([^\n]+[?:])\n\n```sql\n([\s\S]*?)```/g)].map(
  ([, question = '', sql = '']) => [question, sql] as const,
);

beforeAll(async () => {
  await keep(path('runs.db'), scenarioText('bond-deadlock'));
}, 60_000);

test('the page has ten', () => {
  expect(queries).toHaveLength(10);
});

test.each(queries)(
  '%s',
  (_, sql) => {
    const database = new QueryDatabase(path('runs.db'));
    try {
      expect([...database.ask(sql)].length).toBeGreaterThan(0);
    } finally {
      database.close();
    }
  },
  60_000,
);
