// Goal: a run whose process is killed is there afterwards, whole up to the last acknowledged
// segment, says that it was cut, and does not stand in the way of the next one.
// Method: kill -9 at random moments of a process that records, all into one database.

import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { listRuns } from '#db/list.ts';
import { withRuns } from '#db/open.ts';
import type { Runs } from '#db/open.ts';
import { loadRun } from '#db/reader.ts';
import { fileProblems, verifyRun } from '#db/verify.ts';
import { Random } from '#test/support/card/random.ts';
import { count } from '#test/support/counts.ts';
import { folder } from './rig.ts';

const path = folder();
const child = fileURLToPath(new URL('recording-child.ts', import.meta.url));
const launcherFlags = ['--disable-warning=ExperimentalWarning'];

/**
 * Kills a recording `delayMs` after it has acknowledged `least` events; gives the last count that
 * it had acknowledged.
 */
function killed(file: string, least: number, delayMs: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const recording = spawn(process.execPath, [...launcherFlags, child, file], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let text = '';
    let isArmed = false;
    recording.stdout.setEncoding('utf8').on('data', (piece: string) => {
      text += piece;
      if (isArmed || lastCount(text) < least) return;
      isArmed = true;
      setTimeout(() => recording.kill('SIGKILL'), delayMs);
    });
    recording.on('error', reject);
    recording.on('close', (_, signal) => {
      expect(signal).toBe('SIGKILL');
      resolve(lastCount(text));
    });
  });
}

/** The last whole line of what a recording says. */
const lastCount = (text: string): number =>
  Number(text.slice(0, text.lastIndexOf('\n')).split('\n').at(-1));

test('nothing acknowledged is lost', async () => {
  const file = path('killed.db');
  const chance = new Random(11);
  let kept = 0;
  let before = 0;
  for (let kill = 0; kill < count(10, 200); kill++) {
    // Some before their first word to the disk, some after it, however slow the machine is.
    const acknowledged = await killed(file, kill % 2, chance.below(1000));
    withRuns(file, (db) => {
      expect(fileProblems(db)).toEqual([]);
      const run = listRuns(db).length;
      // One that was killed before its first word to the disk is not there, and need not be.
      expect([before, before + 1]).toContain(run);
      const events = run === before ? 0 : checkCut(db, run);
      expect(events).toBeGreaterThanOrEqual(acknowledged);
      kept += events;
      before = run;
    });
  }
  expect(withRuns(file, (db) => listRuns(db, { outcome: 'cut' }).length)).toBe(before);
  expect(kept).toBeGreaterThan(0);
}, 1_800_000);

/** What is there is what was recorded: its events count themselves. Gives how many there are. */
function checkCut(db: Runs, run: number): number {
  expect(verifyRun(db, run)).toEqual({ run, state: 'cut', said: '' });
  const { trace, end } = loadRun(db, run);
  expect(end).toBe(null);
  expect([...trace.events()].every(({ seq, timeNs }) => timeNs === seq * 100)).toBe(true);
  return trace.count;
}
