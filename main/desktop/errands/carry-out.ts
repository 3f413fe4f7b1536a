// How each errand is done. Everything that it writes is written in one transaction at its end, so
// that a lab which is closed meanwhile leaves no half of it behind.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addTag, nameRun } from '#db/labels.ts';
import { listRuns, summaryOfRun } from '#db/list.ts';
import { withRuns } from '#db/open.ts';
import { programHash, programVersion } from '#db/program.ts';
import { exportRun, importRun } from '#db/share.ts';
import { keepSchedule, keptSchedule } from '#db/learning.ts';
import { StoreError } from '#db/store-error.ts';
import { verifyRun } from '#db/verify.ts';
import { writeRun } from '#db/writer.ts';
import { ScheduleSearch } from '#lab/choosing/schedule.ts';
import type { SearchedSchedule } from '#lab/choosing/schedule.ts';
import { partingOf } from '#lab/compare/cause.ts';
import { compareForView } from '#lab/compare/view.ts';
import { firstDifference } from '#lab/compare/difference.ts';
import { exportFormats } from '#lab/export/formats.ts';
import { choosePolicy, makePolicy } from '#lab/policy.ts';
import { runEndOf } from '#lab/record/run-record.ts';
import type { RunRecord } from '#lab/record/run-record.ts';
import { Rerun } from '#lab/replay/rerun.ts';
import { ScenarioRun } from '#lab/run.ts';
import { loadScenario } from '#lab/scenario/load.ts';
import { thumbnail } from '#lab/thumbnail/thumbnail.ts';
import { stopsOf } from '#lab/tour/stops.ts';
import { foundIn, nextOf, spansOf, tileOf } from '../lanes.ts';
import type { LoadedRuns } from './loaded.ts';
import type { ErrandName, ErrandOf, ErrandResult, OnProgress } from './kinds.ts';

type CarryOut = {
  readonly [N in ErrandName]: (body: ErrandOf<N>, onProgress: OnProgress) => ErrandResult<N>;
};

/** Points between two words about progress. */
const piecePoints = 20_000;

/** Keeps a run that is over, with its name: its number. */
function keep(file: string, record: RunRecord, name: string, tags: readonly string[]): number {
  const now = new Date().toISOString();
  return withRuns(file, (db) =>
    db
      .transaction(() => {
        const run = writeRun(db, record, { startedAt: now, endedAt: now });
        nameRun(db, run, name);
        for (const tag of tags) addTag(db, run, tag);
        return run;
      })
      .immediate(),
  );
}

function record(body: ErrandOf<'record'>, onProgress: OnProgress): number {
  const { file, scenarioFile, scenarioText, variant, name, tags } = body;
  const scenario = loadScenario(scenarioFile, scenarioText);
  const policy = choosePolicy(undefined, body.seed ?? undefined);
  const run = new ScenarioRun(scenario, { policy: makePolicy(policy), variant });
  while (!run.over) {
    run.advance(Infinity, piecePoints);
    onProgress(run.machine.k.sim.now(), scenario.untilNs);
  }
  const { machine } = run;
  const end = runEndOf(run.result());
  const head = {
    scenarioFile,
    scenarioName: scenario.name,
    scenarioText,
    variant,
    policy: policy.name,
    seed: policy.seed,
    untilNs: null,
    scripted: true,
    live: false,
    engineVersion: programVersion(),
    programHash: programHash(),
    parent: null,
  };
  const { inputs, k } = machine;
  return keep(file, { head, end, inputs, choices: k.sim.choices, trace: k.trace }, name, tags);
}

function rerun(
  parent: RunRecord,
  { file, run, variant, name }: ErrandOf<'rerun'>,
  onProgress: OnProgress,
): number {
  const { identity } = withRuns(file, (db) => summaryOfRun(db, run));
  const under = new Rerun(parent, variant);
  const total = parent.end?.virtualNs ?? parent.trace.nowNs;
  while (under.advance()) onProgress(under.run.machine.k.sim.now(), total);
  const other = under.finish();
  const first = firstDifference(parent.trace, other.trace)?.seq ?? null;
  // Where the comparison says that they part: two drivers differ in passing long before.
  const { seq } = partingOf({ a: parent, b: other }, first).at.a;
  const head = {
    ...other.head,
    engineVersion: programVersion(),
    programHash: programHash(),
    parent: { run: identity, seq },
  };
  return keep(file, { ...other, head }, name, []);
}

/** What is kept is one more try: it counts only when it closes the cycle here too. */
function searched(body: ErrandOf<'schedule'>, onProgress: OnProgress): SearchedSchedule {
  const { ask, triesMax, known, keepIn } = body;
  const { scenarioText, variant } = ask.head;
  const of = { scenarioText, variant, programHash: programHash() };
  const kept = keepIn === null ? null : withRuns(keepIn, (db) => keptSchedule(db, of));
  const seeds = [known, kept].filter((seed) => seed !== null);
  const search = new ScheduleSearch(ask, triesMax, seeds);
  while (search.step()) onProgress(search.tries, triesMax);
  const { result } = search;
  const picks = result.schedule?.picks ?? null;
  if (keepIn !== null && picks !== null && picks.length !== kept?.length) {
    withRuns(keepIn, (db) => {
      keepSchedule(db, of, picks);
    });
  }
  return result;
}

/** A folder for one file, which goes away. */
function withFolder<T>(body: (path: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'mlx4-lab-share-'));
  try {
    return body(join(folder, 'run.mlx4run'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function exported(load: () => RunRecord, { file, run, format }: ErrandOf<'export'>): Uint8Array {
  if (format === 'mlx4run') {
    return withFolder((path) => {
      withRuns(file, (db) => {
        exportRun(db, run, path);
      });
      return readFileSync(path);
    });
  }
  const pieces = [...exportFormats[format].write(load())];
  return Buffer.concat(
    pieces.map((piece) => (typeof piece === 'string' ? Buffer.from(piece, 'utf8') : piece)),
  );
}

/** What is wrong with it is said with the name that the person knows. */
function taken({ file, name, bytes }: ErrandOf<'import'>): ErrandResult<'import'> {
  return withFolder((path) => {
    writeFileSync(path, bytes);
    try {
      return withRuns(file, (db) => {
        const imported = importRun(db, path);
        const isNamed = imported.known || summaryOfRun(db, imported.run).name !== null;
        if (!isNamed) nameRun(db, imported.run, name.replace(/\.mlx4run$/, ''));
        return imported;
      });
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      throw new StoreError(error.problem, error.message.replaceAll(path, name));
    }
  });
}

/** What lanes of a kept run are asked for. */
function lanesWith(
  loaded: LoadedRuns,
): Pick<CarryOut, 'tile' | 'spansAt' | 'nextSpan' | 'find' | 'step'> {
  const timelineOf = ({ file, run, scale }: Pick<ErrandOf<'tile'>, 'file' | 'run' | 'scale'>) =>
    loaded.get(file, run).timeline(scale);
  return {
    tile: (body) => tileOf(timelineOf(body), body.query),
    spansAt: (body) => {
      const timeline = timelineOf(body);
      return body.lanes.map((lane) => spansOf(timeline, lane, body.timeNs));
    },
    nextSpan: (body) => nextOf(timelineOf(body), body.lane, body.timeNs, body.direction),
    find: ({ file, run, text }) => foundIn(loaded.get(file, run).timeline('time'), text),
    step: ({ file, a, b, seqA, seqB, afterNs, direction }) => {
      const found = [
        loaded.get(file, a).stepFrom(seqA, afterNs, direction),
        loaded.get(file, b).stepFrom(seqB, afterNs, direction),
      ].filter((each) => each !== null);
      if (found.length === 0) return null;
      return direction > 0 ? Math.min(...found) : Math.max(...found);
    },
  };
}

/** The errands of one thread; runs that they load are shared. */
export function carryOutWith(loaded: LoadedRuns): CarryOut {
  const load = (file: string, run: number): RunRecord => loaded.get(file, run).record;
  return {
    record,
    rerun: (body, onProgress) => rerun(load(body.file, body.run), body, onProgress),
    moments: ({ file, a, b, seqA, seqB, after, scale }) => ({
      a: loaded.get(file, a).after(seqA, after, scale),
      b: loaded.get(file, b).after(seqB, after, scale),
    }),
    compare: ({ file, a, b }, onProgress) => {
      const [one, other] = [loaded.get(file, a), loaded.get(file, b)];
      const most = Math.min(one.record.trace.count, other.record.trace.count);
      return compareForView({
        a: one.withLanes,
        b: other.withLanes,
        onEvent: (seq) => {
          onProgress(seq, most);
        },
      });
    },
    ...lanesWith(loaded),
    thumbnail: ({ file, run }) => {
      const { record, timeline } = loaded.get(file, run).withLanes;
      return thumbnail(record, timeline);
    },
    stops: ({ file, run }) => stopsOf(load(file, run)),
    verify: ({ file, run }, onProgress) =>
      withRuns(file, (db) => {
        const runs = run === null ? listRuns(db).map((each) => each.run) : [run];
        return runs.map((each, done) => {
          onProgress(done, runs.length);
          return verifyRun(db, each);
        });
      }),
    schedule: searched,
    export: (body) => exported(() => load(body.file, body.run), body),
    import: taken,
  };
}
