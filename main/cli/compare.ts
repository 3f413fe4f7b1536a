// `mlx4-lab compare`: two kept runs held against each other, or a table of many. What differs is
// found and put in words by lab/compare; here it is laid out for a terminal.

import { loadRun } from '#db/reader.ts';
import { compareRuns } from '#lab/compare/compare.ts';
import type { Comparison } from '#lab/compare/compare.ts';
import { runRow } from '#lab/compare/table.ts';
import type { RunRow } from '#lab/compare/table.ts';
import { comparisonSections } from '#lab/compare/text.ts';
import type { TextLine, TextSection } from '#lab/compare/text.ts';
import type { RunRecord } from '#lab/record/run-record.ts';
import { NotAgain } from '#lab/real-run.ts';
import { rerun } from '#lab/replay/rerun.ts';
import { BadFile } from './bad-file.ts';
import { exitPassed, exitUsage } from './exit.ts';
import { print, printError, secondsText } from './print.ts';
import { loadKept, withDatabase } from './runs.ts';
import type { DatabaseArguments } from './runs.ts';
import { styleFor, wrap } from './style.ts';
import type { Style } from './style.ts';

/** What the two sides are called in the heading. */
type Labels = readonly [a: string, b: string];

export interface CompareArguments extends DatabaseArguments {
  /** Another driver, for the schedule of one run. */
  readonly variant?: string;
}

/** Columns of a comparison. */
const columns = 96;

/** A line at its depth; what does not fit goes on further in. */
function lineText({ depth, text }: TextLine): string {
  const indent = ' '.repeat(2 + 2 * depth);
  return indent + wrap(text, `${indent}  `, columns).trimStart();
}

const sectionText = ({ title, said, lines }: TextSection, style: Style): string =>
  [wrapHead(title, said, style), ...lines.map(lineText)].join('\n');

function wrapHead(title: string, said: string, style: Style): string {
  const text = wrap(`${title}: ${said}`, '  ', columns).trimStart();
  return style.bold(title) + text.slice(title.length);
}

function sideText(side: string, label: string, run: RunRow): string {
  const { scenario, variant, schedule, events, virtualNs } = run;
  const made = `${scenario}, ${variant}, ${schedule}`;
  return `${side}  ${label}: ${made}; ${secondsText(virtualNs)}, ${events} events`;
}

function comparisonText(comparison: Comparison, labels: Labels, style: Style): string {
  const { sides, made } = comparison;
  const head = [
    sideText(sides.a, labels[0], comparison.runs.a),
    sideText(sides.b, labels[1], comparison.runs.b),
    ...made.map((text) => `   ${text}`),
    '   #n is the number of an event in its own run',
  ];
  const sections = comparisonSections(comparison).map((section) => sectionText(section, style));
  return [head.join('\n'), ...sections].join('\n\n');
}

/** Columns of the table: what stands in them, and whether it is a number. */
const tableColumns: readonly (readonly [string, boolean, (row: RunRow) => string])[] = [
  ['run', true, ({ label }) => label],
  ['scenario', false, ({ scenario }) => scenario],
  ['variant', false, ({ variant }) => variant],
  ['schedule', false, ({ schedule }) => schedule],
  ['outcome', false, ({ outcome }) => outcome],
  ['events', true, ({ events }) => String(events)],
  ['time', true, ({ virtualNs }) => secondsText(virtualNs)],
  ['choices', true, ({ choices }) => String(choices)],
  ['findings', true, ({ findings }) => String(findings)],
];

/** Columns as wide as what stands in them; the first finding is below its run. */
function tableText(rows: readonly RunRow[], style: Style): string {
  const columnsOfCells = tableColumns.map(([title, isNumber, cell]) => {
    const cells = [title, ...rows.map(cell)];
    const width = Math.max(...cells.map(({ length }) => length));
    return cells.map((text) => (isNumber ? text.padStart(width) : text.padEnd(width)));
  });
  const line = (at: number): string => columnsOfCells.map((cells) => cells[at]).join(' ');
  const lines = rows.flatMap(({ firstFinding }, at) => [
    line(at + 1),
    ...(firstFinding === null ? [] : [wrap(firstFinding, ' '.repeat(8), columns)]),
  ]);
  return [style.bold(line(0)), ...lines].join('\n');
}

/** Prints a comparison; `labels` say what the sides are. */
function show(a: RunRecord, b: RunRecord, labels: Labels, settings: CompareArguments): void {
  const comparison = compareRuns(a, b);
  const isJson = settings.json === true;
  print(
    isJson
      ? JSON.stringify({ runs: labels, comparison }, null, 2)
      : comparisonText(comparison, labels, styleFor(process.stdout)),
  );
}

/** A run under another driver. Throws BadFile for one that the lab's driver cannot do. */
function rerunKept(run: number, record: RunRecord, variant: string): RunRecord {
  try {
    return rerun(record, variant);
  } catch (error) {
    throw error instanceof NotAgain ? new BadFile(`run ${run}: ${error.message}`) : error;
  }
}

/** The schedule of a run under another driver. */
function compareVariants(run: number, variant: string, settings: CompareArguments): void {
  const { record } = loadKept(run, settings);
  show(
    record,
    rerunKept(run, record, variant),
    [`run ${run}`, `run ${run} under ${variant}`],
    settings,
  );
}

/** One at a time: many runs do not fit into memory together. */
function showTable(runs: readonly number[], settings: CompareArguments): void {
  const rows = withDatabase(settings, (db) =>
    runs.map((run) => runRow(String(run), loadRun(db, run))),
  );
  const isJson = settings.json === true;
  print(isJson ? JSON.stringify(rows, null, 2) : tableText(rows, styleFor(process.stdout)));
}

/**
 * Compares two runs, or a run with what another driver makes of its schedule, or lists what more
 * came to. Gives the exit status, which is no verdict: equal or not, the comparison was made.
 * Throws StoreError.
 */
export function compareCommand(runs: number[], settings: CompareArguments): number {
  const [first, second] = runs;
  if (settings.variant !== undefined) {
    if (first === undefined || runs.length > 1) {
      printError('--variant: one run is run again under it; give the number of that run only');
      return exitUsage;
    }
    compareVariants(first, settings.variant, settings);
  } else if (first !== undefined && second !== undefined && runs.length === 2) {
    const [a, b] = [loadKept(first, settings), loadKept(second, settings)];
    show(a.record, b.record, [`run ${first}`, `run ${second}`], settings);
  } else showTable(runs, settings);
  return exitPassed;
}
