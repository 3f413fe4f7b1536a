// Sizes: lines of a file and of a function, columns of a line, and the comment that opens a file.

import ts from 'typescript';
import { sizes } from './rules.ts';
import { finding, folderOf, walk } from './source.ts';
import type { Source } from './source.ts';

/** Files and lines that are too long. */
export function checkFileSize(file: Source): string[] {
  const limit = folderOf(file) === 'prm' ? sizes.tableFileLines : sizes.fileLines;
  const count = file.lines.length;
  const long = file.lines.flatMap((line, index) =>
    line.length > sizes.columns ? [`${file.path}:${index + 1} has ${line.length} columns`] : [],
  );
  return count > limit ? [`${file.path}:1 has ${count} lines, ${limit} allowed`, ...long] : long;
}

/** A callback of describe() groups tests: it is a chapter, not a function. */
const isChapter = (node: ts.Node): boolean =>
  ts.isCallExpression(node.parent) && /^describe\b/.test(node.parent.expression.getText());

/** Functions that are too long. */
export function checkFunctionSize(file: Source): string[] {
  const inDriver = folderOf(file) === 'driver';
  const limit = inDriver ? sizes.driverFunctionLines : sizes.functionLines;
  const problems: string[] = [];
  walk(file.ast, (node) => {
    if (!ts.isFunctionLike(node) || !('body' in node) || isChapter(node)) return;
    const first = file.ast.getLineAndCharacterOfPosition(node.getStart(file.ast)).line;
    const last = file.ast.getLineAndCharacterOfPosition(node.end).line;
    const count = last - first + 1;
    if (count <= limit) return;
    const name = ts.getNameOfDeclaration(node)?.getText() ?? 'function';
    problems.push(finding(file, node, `${name} has ${count} lines, ${limit} allowed`));
  });
  return problems;
}

/** Lines of the comment that opens a file. */
function headerLines(file: Source): number {
  const lines = file.lines[0]?.startsWith('#!') === true ? file.lines.slice(1) : file.lines;
  if (lines[0]?.startsWith('<!--') === true) {
    return lines.findIndex((line) => line.includes('-->')) + 1;
  }
  if (lines[0]?.startsWith('/*') === true) {
    return lines.findIndex((line) => line.includes('*/')) + 1;
  }
  const end = lines.findIndex((line) => !line.startsWith('//'));
  return end === -1 ? lines.length : end;
}

/** Files of main/ without an opening comment; scenario tests without Goal and Method. */
export function checkHeader(file: Source): string[] {
  const count = headerLines(file);
  if (/^test\/scenario\/.*\.test\.ts$/.test(file.path)) {
    const header = file.lines.slice(0, count).join('\n');
    return ['Goal', 'Method'].flatMap((word) =>
      header.includes(`${word}:`) ? [] : [`${file.path}:1 does not open with its ${word}:`],
    );
  }
  if (folderOf(file) === undefined) return [];
  const min = file.path.endsWith('.svelte') ? 1 : sizes.headerLinesMin;
  const fits = count >= min && count <= sizes.headerLinesMax;
  const wanted = `${sizes.headerLinesMin} to ${sizes.headerLinesMax}`;
  return fits ? [] : [`${file.path}:1 opens with ${count} comment lines, ${wanted} wanted`];
}
