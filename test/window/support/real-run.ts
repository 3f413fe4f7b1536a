// A recording of the real driver in the library of a window, and on its bench.

import { withRuns } from '#db/open.ts';
import { writeRun } from '#db/writer.ts';
import { realRecord } from '#test/support/real-record.ts';
import type { LabWindow } from './lab-window.ts';

/** Keeps a run as so many guests leave it, and opens it: its number. */
export async function openRealRun({ file, desk }: LabWindow, guests = 1): Promise<number> {
  const startedAt = '2026-11-26T12:00:00.000Z';
  const run = withRuns(file, (db) =>
    writeRun(db, realRecord(guests), { startedAt, endedAt: startedAt }),
  );
  await desk.bench.open({ from: 'run', run });
  return run;
}
