// Goal: a run comes out of the database as it went in, and what people add to it stays beside it.
// Method: real small runs through recorder, worker and reader; every part compared.

import { expect, test } from 'vitest';
import { addNote, addTag, changeNote, deleteRun, removeTag, vacuum } from '#db/labels.ts';
import { bookmarksOf, listRuns, summaryOfRun } from '#db/list.ts';
import { withRuns } from '#db/open.ts';
import { loadRun } from '#db/reader.ts';
import { verifyRun } from '#db/verify.ts';
import { digestOf } from '#test/support/digest.ts';
import { contents, folder, keep, smallText, wall } from './rig.ts';

const path = folder();

test('what was recorded is what is loaded', async () => {
  const file = path('one.db');
  const { run, record } = await keep(file, smallText, 5);
  const loaded = withRuns(file, (db) => loadRun(db, run), { readOnly: true });
  expect(digestOf(loaded.trace)).toBe(digestOf(record.trace));
  expect(loaded.trace.count).toBe(record.trace.count);
  expect(loaded.head).toEqual(record.head);
  expect(loaded.end).toEqual(record.end);
  expect(loaded.choices).toEqual(record.choices);
  expect(loaded.choices.length).toBeGreaterThan(0);
  expect(loaded.inputs).toEqual(record.inputs);
  expect(loaded.inputs).toHaveLength(1);
});

test('the list knows every run, and narrows', async () => {
  const file = path('list.db');
  const first = await keep(file);
  const second = await keep(file, smallText.replace('name: small', 'name: other'), 3);
  withRuns(file, (db) => {
    addTag(db, second.run, 'for the lesson');
    addTag(db, second.run, 'for the lesson');
    addNote(db, first.run, 'look here', 10);
    addNote(db, first.run, 'and at all of it', null);
    expect(listRuns(db).map(({ run }) => run)).toEqual([first.run, second.run]);
    expect(listRuns(db, { scenario: 'other' }).map(({ run }) => run)).toEqual([second.run]);
    expect(listRuns(db, { tag: 'for the lesson' }).map(({ run }) => run)).toEqual([second.run]);
    expect(listRuns(db, { outcome: 'cut' })).toEqual([]);
    expect(listRuns(db, { variant: 'naive' })).toEqual([]);
    expect(summaryOfRun(db, first.run)).toMatchObject({
      scenario: 'small',
      outcome: 'checkFailed',
      policy: 'until-blocked',
      seed: null,
      events: first.record.trace.count,
      startedAt: wall.started,
      endedAt: wall.ended,
      notes: [
        { number: 0, seq: 10, text: 'look here' },
        { number: 1, seq: null, text: 'and at all of it' },
      ],
    });
    changeNote(db, first.run, 0, 'look there');
    changeNote(db, first.run, 1, null);
    expect(summaryOfRun(db, first.run).notes).toEqual([{ number: 0, seq: 10, text: 'look there' }]);
    expect(() => changeNote(db, first.run, 1, 'x')).toThrow(`run ${first.run} has no note 1`);
    expect(verifyRun(db, first.run)).toEqual({ run: first.run, state: 'whole', said: '' });
    expect(removeTag(db, second.run, 'for the lesson')).toBe(true);
    expect(removeTag(db, second.run, 'for the lesson')).toBe(false);
  });
});

test('a bookmark needs its event, a label its run', async () => {
  const file = path('labels.db');
  const { run, record } = await keep(file);
  const last = record.trace.count - 1;
  withRuns(file, (db) => {
    expect(() => addNote(db, run, 'x', last + 2)).toThrow(`run 1 has no event ${last + 2}`);
    expect(() => addTag(db, 9, 'x')).toThrow('there is no run 9; `mlx4-lab runs list` shows all');
  });
});

test('bookmarks are listed without the notes on the run, and can be taken away', async () => {
  const file = path('bookmarks.db');
  const { run, record } = await keep(file);
  const { count } = record.trace;
  withRuns(file, (db) => {
    const first = addNote(db, run, 'here', 7);
    addNote(db, run, 'on all of it', null);
    const last = addNote(db, run, 'after all of it', count);
    expect(bookmarksOf(db, run)).toEqual([
      { number: first, seq: 7, text: 'here' },
      { number: last, seq: count, text: 'after all of it' },
    ]);
    expect(verifyRun(db, run).state).toBe('whole');
    changeNote(db, run, first, null);
    changeNote(db, run, first, null);
    expect(bookmarksOf(db, run).map(({ number }) => number)).toEqual([last]);
  });
});

test('a run that is deleted takes all of itself along, and nothing else', async () => {
  const file = path('delete.db');
  await keep(file);
  const before = withRuns(file, contents);
  const { run } = await keep(file, smallText.replace('echo done', 'echo more'));
  withRuns(file, (db) => {
    addTag(db, run, 'x');
    addNote(db, run, 'x', 1);
    deleteRun(db, run);
    expect(contents(db)).toBe(before);
    expect(vacuum(db)).toBeGreaterThan(0);
    expect(contents(db)).toBe(before);
    expect(() => deleteRun(db, run)).toThrow('there is no run 2');
  });
});
