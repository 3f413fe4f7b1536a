// `mlx4-lab runs`: the library of kept runs. Lists, labels, checks, takes away.
// The answers are db/'s; what is here is their text and their JSON.

import { addNote, addTag, deleteRun, removeTag, vacuum } from '#db/labels.ts';
import { listRuns, summaryOfRun } from '#db/list.ts';
import type { ListFilter, RunSummary } from '#db/list.ts';
import { withRuns } from '#db/open.ts';
import type { Runs } from '#db/open.ts';
import { loadRun } from '#db/reader.ts';
import { fileProblems, verifyRun } from '#db/verify.ts';
import type { RunRecord } from '#lab/record/run-record.ts';
import { defaultDatabase } from '#db/data-folder.ts';
import { exitBadFile, exitPassed } from './exit.ts';
import { print, secondsText } from './print.ts';
import { Progress } from './progress.ts';
import { styleFor } from './style.ts';

/** Options that every command on the database has. */
export interface DatabaseArguments {
  readonly db?: string;
  readonly json?: boolean;
}

/** Does something with the database of the command line. Throws StoreError. */
export const withDatabase = <T>(settings: DatabaseArguments, body: (db: Runs) => T): T =>
  withRuns(settings.db ?? defaultDatabase(), body);

/** A run with its line of the list. */
export interface Kept {
  readonly summary: RunSummary;
  readonly record: RunRecord;
}

/** A whole run. Throws StoreError. */
export const loadKept = (run: number, settings: DatabaseArguments): Kept =>
  withDatabase(settings, (db) => ({ summary: summaryOfRun(db, run), record: loadRun(db, run) }));

const outcomeText = ({ outcome }: RunSummary): string => outcome ?? 'cut';

/** One line of the list. */
function line(summary: RunSummary): string {
  const { run, scenario, variant, policy, seed, events, tags } = summary;
  const schedule = seed === null ? policy : `${policy} ${seed}`;
  const cells = [
    String(run).padStart(5),
    scenario.padEnd(24),
    variant.padEnd(17),
    schedule.padEnd(14),
    outcomeText(summary).padEnd(11),
    String(events).padStart(9),
  ];
  return `${cells.join(' ')}  ${tags.join(' ')}`.trimEnd();
}

const heading =
  '  run scenario                 variant           schedule       outcome        events  tags';

/** `runs list`. */
export function listCommand(settings: DatabaseArguments & ListFilter): number {
  const { db: _db, json, ...filter } = settings;
  const rows = withDatabase(settings, (db) => listRuns(db, filter));
  if (json === true) print(JSON.stringify(rows, null, 2));
  else if (rows.length === 0) print('no run is kept here that fits');
  else print([styleFor(process.stdout).bold(heading), ...rows.map(line)].join('\n'));
  return exitPassed;
}

function details(summary: RunSummary): string {
  const { parent, virtualNs, notes } = summary;
  const rows: readonly (readonly [string, string])[] = [
    ['scenario', summary.scenario],
    ['variant', summary.variant],
    ['schedule', `${summary.policy}${summary.seed === null ? '' : `, seed ${summary.seed}`}`],
    ['outcome', summary.outcome ?? 'cut: it never came to its end'],
    ['time', virtualNs === null ? 'unknown' : secondsText(virtualNs)],
    ['events', String(summary.events)],
    ['recorded', summary.startedAt ?? 'elsewhere'],
    ['tags', summary.tags.join(' ')],
    ['identity', summary.identity],
    ...(parent === null
      ? []
      : ([['forked off', `run ${parent.run ?? 'elsewhere'}, event ${parent.seq}`]] as const)),
    ...notes.map(({ seq, text }) => [seq === null ? 'note' : `at ${seq}`, text] as const),
  ];
  return rows.map(([name, text]) => `${name.padEnd(11)} ${text}`.trimEnd()).join('\n');
}

/** `runs show`. */
export function showCommand(run: number, settings: DatabaseArguments): number {
  const summary = withDatabase(settings, (db) => summaryOfRun(db, run));
  print(settings.json === true ? JSON.stringify(summary, null, 2) : details(summary));
  return exitPassed;
}

/** `runs tag`: a name with a minus in front is taken away. */
export function tagCommand(run: number, names: string[], settings: DatabaseArguments): number {
  withDatabase(settings, (db) => {
    for (const name of names) {
      if (name.startsWith('-')) removeTag(db, run, name.slice(1));
      else addTag(db, run, name);
    }
  });
  return showCommand(run, settings);
}

/** `runs note`. */
export function noteCommand(
  run: number,
  text: string,
  settings: DatabaseArguments & { readonly at?: number },
): number {
  withDatabase(settings, (db) => addNote(db, run, text, settings.at ?? null));
  return showCommand(run, settings);
}

/** `runs delete`. */
export function deleteCommand(runs: number[], settings: DatabaseArguments): number {
  withDatabase(settings, (db) => {
    for (const run of runs) deleteRun(db, run);
  });
  print(settings.json === true ? JSON.stringify({ deleted: runs }) : `deleted: ${runs.join(', ')}`);
  return exitPassed;
}

/** `runs vacuum`. */
export function vacuumCommand(settings: DatabaseArguments): number {
  const freedBytes = withDatabase(settings, vacuum);
  print(settings.json === true ? JSON.stringify({ freedBytes }) : `${freedBytes} bytes given back`);
  return exitPassed;
}

/** `runs verify`: every run, or those that are named. 3 when anything is damaged. */
export function verifyCommand(runs: number[], settings: DatabaseArguments): number {
  const { problems, verdicts } = withDatabase(settings, (db) => {
    const wanted = runs.length > 0 ? runs : listRuns(db).map(({ run }) => run);
    const progress = new Progress('verifying');
    const verdicts = wanted.map((run, number) => {
      progress.part(number, wanted.length);
      return verifyRun(db, run);
    });
    progress.end();
    return { problems: fileProblems(db), verdicts };
  });
  if (settings.json === true) print(JSON.stringify({ problems, verdicts }, null, 2));
  else {
    for (const problem of problems) print(`the file: ${problem}`);
    for (const { run, state, said } of verdicts) {
      print(`run ${run}: ${state}${said === '' ? '' : `, ${said}`}`);
    }
  }
  const bad = problems.length > 0 || verdicts.some(({ state }) => state === 'damaged');
  return bad ? exitBadFile : exitPassed;
}
