// Goal: a run has a name that a person gives and takes; it is outside the chain, travels with the
// run, and one that was altered in the file is found. An older database gets the column.

import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { nameRun } from '#db/labels.ts';
import { listRuns, summaryOfRun } from '#db/list.ts';
import { withRuns } from '#db/open.ts';
import { labApplicationId, migrate, schemaVersion } from '#db/schema.ts';
import { exportRun, importRun } from '#db/share.ts';
import { verifyRun } from '#db/verify.ts';
import { folder, keep } from './rig.ts';

const path = folder();

test('a name comes and goes, and the run stays what was recorded', async () => {
  const { run } = await keep(path('a.db'));
  withRuns(path('a.db'), (db) => {
    const before = summaryOfRun(db, run);
    expect(before.name).toBe(null);
    nameRun(db, run, 'My order');
    expect(summaryOfRun(db, run)).toEqual({ ...before, name: 'My order' });
    expect(verifyRun(db, run).state).toBe('whole');
    exportRun(db, run, path('named.mlx4run'));
    nameRun(db, run, null);
    expect(summaryOfRun(db, run).name).toBe(null);
    expect(verifyRun(db, run).state).toBe('whole');
  });
  withRuns(path('b.db'), (db) => {
    expect(summaryOfRun(db, importRun(db, path('named.mlx4run')).run).name).toBe('My order');
  });
});

test('a name that was altered in the file is found', async () => {
  const { run } = await keep(path('c.db'));
  withRuns(path('c.db'), (db) => {
    nameRun(db, run, 'mine');
    db.prepare("UPDATE run SET name = 'yours'").run();
    expect(verifyRun(db, run).said).toBe('its name is not what was written');
  });
});

test('a search finds names, outcomes, findings, locks, messages; marks are literal', async () => {
  const { run } = await keep(path('d.db'));
  withRuns(path('d.db'), (db) => {
    nameRun(db, run, '100 % mine');
    const found = (search: string): number => listRuns(db, { search }).length;
    expect(['MINE', '100 %', 'small', 'ConnectX core driver', 'intf_mutex'].map(found)).toEqual([
      1, 1, 1, 1, 1,
    ]);
    expect(['yours', '1_0', "' OR 1", '\\'].map(found)).toEqual([0, 0, 0, 0]);
  });
});

test('a database of version 1 is brought up, and its runs have no name', () => {
  const old = new Database(path('old.db'));
  old.pragma(`application_id = ${labApplicationId}`);
  migrate(old, 1);
  old.close();
  withRuns(path('old.db'), (db) => {
    expect(db.pragma('user_version', { simple: true })).toBe(schemaVersion);
    expect(listRuns(db)).toEqual([]);
  });
});
