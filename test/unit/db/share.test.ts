// Goal: a run travels as one file: equal bytes for equal runs, nothing private, nothing lost, and
// nothing bad comes in.

import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { addNote, addTag } from '#db/labels.ts';
import { summaryOfRun } from '#db/list.ts';
import { withRuns } from '#db/open.ts';
import { loadRun } from '#db/reader.ts';
import { exportRun, importRun } from '#db/share.ts';
import { verifyRun } from '#db/verify.ts';
import { digestOf } from '#test/support/digest.ts';
import { contents, folder, keep, smallText } from './rig.ts';

const path = folder();

test('the same run is the same bytes, without clock or labels', async () => {
  const [one, two] = [await keep(path('a.db')), await keep(path('b.db'))];
  withRuns(path('b.db'), (db) => {
    addTag(db, two.run, 'secret');
    addNote(db, two.run, 'private', null);
    exportRun(db, two.run, path('two.mlx4run'));
  });
  withRuns(path('a.db'), (db) => {
    exportRun(db, one.run, path('one.mlx4run'));
  });
  const bytes = readFileSync(path('one.mlx4run'));
  expect(bytes.equals(readFileSync(path('two.mlx4run')))).toBe(true);
  expect(bytes.includes('secret') || bytes.includes('private')).toBe(false);
  expect(bytes.includes('2026-11-25')).toBe(false);
});

test('it comes in whole, and only once', async () => {
  const { run, record } = await keep(path('from.db'), smallText, 9);
  withRuns(path('from.db'), (db) => {
    exportRun(db, run, path('nine.mlx4run'));
  });
  await keep(path('to.db'));
  withRuns(path('to.db'), (db) => {
    const taken = importRun(db, path('nine.mlx4run'));
    expect(taken).toEqual({ run: 2, known: false });
    const loaded = loadRun(db, 2);
    expect(digestOf(loaded.trace)).toBe(digestOf(record.trace));
    expect(loaded.end).toEqual(record.end);
    expect(summaryOfRun(db, 2).startedAt).toBe(null);
    expect(verifyRun(db, 2).state).toBe('whole');
    const before = contents(db);
    expect(importRun(db, path('nine.mlx4run'))).toEqual({ run: 2, known: true });
    expect(contents(db)).toBe(before);
  });
});

test('a file that is there is not written over', async () => {
  const { run } = await keep(path('over.db'));
  writeFileSync(path('mine.txt'), 'mine');
  withRuns(path('over.db'), (db) => {
    expect(() => {
      exportRun(db, run, path('mine.txt'));
    }).toThrow('there is a file already; give another name');
  });
  expect(readFileSync(path('mine.txt'), 'utf8')).toBe('mine');
});

test('a forged file is named, and nothing of it comes in', async () => {
  const { run } = await keep(path('forge.db'));
  withRuns(path('forge.db'), (db) => {
    exportRun(db, run, path('forged.mlx4run'));
  });
  withRuns(
    path('forged.mlx4run'),
    (db) => db.prepare("UPDATE finding SET text = 'it was somebody else'").run(),
    { kind: 'shared' },
  );
  withRuns(path('forge.db'), (db) => {
    const before = contents(db);
    expect(() => importRun(db, path('forged.mlx4run'))).toThrow(
      'it is not what was exported: what it came to is not what was recorded',
    );
    expect(contents(db)).toBe(before);
  });
});
