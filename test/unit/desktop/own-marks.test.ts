// Goal: a mark with a note is of the run: it is there again when the run is opened, and gone when
// it was taken away; a run that is not kept has marks all the same, for as long as it is on the
// bench.
// Method: real benches with and without a database; what the timeline says of marks.

import { afterAll, expect, test } from 'vitest';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Bench } from '#desktop/bench/bench.ts';
import { bookmarksOf } from '#db/list.ts';

const folder = mkdtempSync(join(tmpdir(), 'mlx4-lab-marks-'));
const benches: Bench[] = [];

afterAll(async () => {
  for (const bench of benches) await bench.close();
  rmSync(folder, { recursive: true, force: true });
});

const nothing = (): void => undefined;

function benchOn(file: string | null): Bench {
  const bench = new Bench({ file, onChange: nothing, onLibrary: nothing });
  benches.push(bench);
  return bench;
}

/** Lets the machine of a bench go on for some points. */
function goOn(bench: Bench, points: number): void {
  bench.machine.run.advance(Infinity, points);
}

/** The notes on the ruler, with their moments. */
const shown = ({ timeline }: Bench): unknown[] => {
  timeline.extend();
  const marks = timeline.marksBetween(0, Infinity).filter(({ kind }) => kind === 'own');
  return marks.map(({ seq, text }) => [seq, text]);
};

test('marks of a live run go with it into the library, and back', async () => {
  const bench = benchOn(join(folder, 'kept.db'));
  goOn(bench, 2000);
  const end = bench.session.trace.count;
  bench.mark(100, 'look here');
  bench.mark(end + 9, 'the end so far');
  bench.mark(50, 'not this one');
  const marks = [
    [100, 'look here'],
    [end, 'the end so far'],
  ];
  expect(shown(bench)).toEqual([[50, 'not this one'], ...marks]);
  bench.unmark(2);
  expect(() => {
    bench.unmark(2);
  }).toThrow('This mark is not there any more.');
  goOn(bench, 2000);
  await bench.end();
  const { session } = bench;
  const run = 'number' in session ? session.number! : 0;
  expect(shown(bench)).toEqual(marks);
  const kept = bench.library.with((db) => bookmarksOf(db, run));
  expect(kept.map(({ seq, text }) => [seq, text])).toEqual(marks);
  // Of a recording they are written and taken away at once.
  bench.mark(7, 'later');
  bench.unmark(0);
  await bench.open({
    from: 'scenario',
    scenario: null,
    variant: 'naive',
    policy: 'until-blocked',
    seed: null,
  });
  expect(shown(bench)).toEqual([]);
  await bench.open({ from: 'run', run });
  expect(shown(bench)).toEqual([
    [7, 'later'],
    [end, 'the end so far'],
  ]);
});

test('a bench without a database marks too', () => {
  const bench = benchOn(null);
  goOn(bench, 500);
  bench.mark(3, 'for now');
  expect(shown(bench)).toEqual([[3, 'for now']]);
  bench.unmark(0);
  expect(shown(bench)).toEqual([]);
});
