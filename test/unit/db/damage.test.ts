// Goal: no changed byte of a run goes unnoticed, and every cut of its file is named.
// Method: a small database; bits flipped at random places of it, found when gate or verify says so;
// a flip that leaves every row as it was (free pages, counters) may go unnoticed, no other may.

import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { addNote, addTag } from '#db/labels.ts';
import { listRuns } from '#db/list.ts';
import { withRuns } from '#db/open.ts';
import type { Runs } from '#db/open.ts';
import { StoreError } from '#db/store-error.ts';
import { fileProblems, verifyRun } from '#db/verify.ts';
import { Random } from '#test/support/card/random.ts';
import { count } from '#test/support/counts.ts';
import { contents, folder, keep } from './rig.ts';

const path = folder();

/** A database with one labelled run, as bytes, and its contents. */
async function sample(): Promise<{ readonly bytes: Buffer; readonly text: string }> {
  const file = path('whole.db');
  const { run } = await keep(file);
  const text = withRuns(file, (db) => {
    addTag(db, run, 'kept');
    addNote(db, run, 'a note', 3);
    // One file without a log beside it, so that every byte counts.
    db.pragma('journal_mode = DELETE');
    db.exec('VACUUM');
    return contents(db);
  });
  return { bytes: readFileSync(file), text };
}

/** How a file answers: refused by the gate, found by verify, or good, with its contents. */
function look(file: string): { readonly said: string; readonly text: string } {
  try {
    return withRuns(file, lookInside, { readOnly: true });
  } catch (error) {
    if (error instanceof StoreError) return { said: error.message, text: '' };
    const { name } = error as Error;
    return { said: '', text: `unreadable: ${name}` };
  }
}

function lookInside(db: Runs): ReturnType<typeof look> {
  const damaged = listRuns(db)
    .map(({ run }) => verifyRun(db, run))
    .filter(({ state }) => state === 'damaged');
  const said = [...fileProblems(db), ...damaged.map((verdict) => verdict.said)];
  return { said: said.join('; '), text: said.length > 0 ? '' : contents(db) };
}

test('a flipped bit is found', async () => {
  const { bytes, text } = await sample();
  const chance = new Random(20_230_811);
  const file = path('flipped.db');
  const missed: string[] = [];
  let found = 0;
  for (let trial = 0; trial < count(200, 2000); trial++) {
    const flipped = Buffer.from(bytes);
    const at = chance.below(bytes.length);
    flipped[at]! ^= 1 << chance.below(8);
    writeFileSync(file, flipped);
    const { said, text: now } = look(file);
    if (said !== '') found++;
    else if (now !== text) missed.push(`byte ${at}: ${now.slice(0, 40)}`);
  }
  expect(missed).toEqual([]);
  // Half-empty pages aside, the file is contents: a test that finds little does not look.
  expect(found).toBeGreaterThan(count(200, 2000) / 3);
});

test('a file that was cut says so, at every length', async () => {
  const { bytes } = await sample();
  const file = path('cut.db');
  writeFileSync(file, bytes);
  const unnamed: number[] = [];
  // Of the lengths within the body one in a hundred in a short run, all in a long one.
  for (let length = bytes.length - 1; length > 0; length--) {
    if (length > 4096 && length % count(97, 1) !== 0) continue;
    truncateSync(file, length);
    if (!look(file).said.includes(`the file is cut after ${length} `)) unnamed.push(length);
  }
  expect(unnamed).toEqual([]);
});
