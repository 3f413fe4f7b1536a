// `mlx4-lab compare`: two kept runs held against each other, or a table of many. What differs is
// found and put in words by lab/compare; here it is laid out for a terminal.

import { loadRun } from '#db/reader.ts';
import { compareRuns } from '#lab/compare/compare.ts';
import type { Comparison } from '#lab/compare/compare.ts';
import { runRow } from '#lab/compare/table.ts';
import type { RunRow } from '#lab/compare/table.ts';
import { comparisonSections } from '#lab/compare/text.ts';
import type { TextLine, TextSection } from '#lab/compare/text.ts';
import { exitPassed } from './exit.ts';
import { print, secondsText } from './print.ts';
import { withDatabase } from './runs.ts';
import type { DatabaseArguments } from './runs.ts';
import { styleFor, wrap } from './style.ts';
import type { Style } from './style.ts';

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

function comparisonText(comparison: Comparison, runs: readonly number[], style: Style): string {
  const { sides, made } = comparison;
  const head = [
    sideText(sides.a, `run ${runs[0]}`, comparison.runs.a),
    sideText(sides.b, `run ${runs[1]}`, comparison.runs.b),
    ...made.map((text) => `   ${text}`),
    '   #n is the number of an event in its own run',
  ];
  const sections = comparisonSections(comparison).map((section) => sectionText(section, style));
  return [head.join('\n'), ...sections].join('\n\n');
}

/** Columns of the table: heading, width, right-aligned or not. */
const tableColumns = [
  ['run', 5, true],
  ['scenario', 20, false],
  ['variant', 17, false],
  ['schedule', 14, false],
  ['outcome', 11, false],
  ['events', 9, true],
  ['time', 10, true],
  ['choices', 7, true],
  ['findings', 8, true],
] as const;

const tableLine = (cells: readonly string[]): string =>
  tableColumns
    .map(([, width, isRight], at) =>
      isRight ? (cells[at] ?? '').padStart(width) : (cells[at] ?? '').padEnd(width),
    )
    .join(' ')
    .trimEnd();

function rowText(row: RunRow): string {
  const { label, scenario, variant, schedule, outcome, events, virtualNs } = row;
  const cells = [
    label,
    scenario,
    variant,
    schedule,
    outcome,
    `${events}`,
    secondsText(virtualNs),
    `${row.choices}`,
    `${row.findings}`,
  ];
  const first = row.firstFinding === null ? [] : [wrap(row.firstFinding, ' '.repeat(8), columns)];
  return [tableLine(cells), ...first].join('\n');
}

function tableText(rows: readonly RunRow[], style: Style): string {
  const heading = style.bold(tableLine(tableColumns.map(([name]) => name)));
  return [heading, ...rows.map(rowText)].join('\n');
}

/**
 * Compares two runs, or lists what more came to; gives the exit status, which is no verdict: equal
 * or not, the comparison was made. Throws StoreError.
 */
export function compareCommand(runs: number[], settings: DatabaseArguments): number {
  const style = styleFor(process.stdout);
  const [first, second] = runs;
  if (runs.length === 2 && first !== undefined && second !== undefined) {
    const comparison = withDatabase(settings, (db) =>
      compareRuns(loadRun(db, first), loadRun(db, second)),
    );
    const isJson = settings.json === true;
    print(
      isJson
        ? JSON.stringify({ runs, comparison }, null, 2)
        : comparisonText(comparison, runs, style),
    );
    return exitPassed;
  }
  // One at a time: many runs do not fit into memory together.
  const rows = withDatabase(settings, (db) =>
    runs.map((run) => runRow(String(run), loadRun(db, run))),
  );
  print(settings.json === true ? JSON.stringify(rows, null, 2) : tableText(rows, style));
  return exitPassed;
}
