// Who may import whom, and how: across folders `#name/…`, inside a folder relative, never out of
// it.

import { posix } from 'node:path';
import ts from 'typescript';
import { copiedFolders, folderRules } from './rules.ts';
import type { FolderRule } from './rules.ts';
import { finding, folderOf, pathOf, walk } from './source.ts';
import type { Source } from './source.ts';

interface Import {
  readonly node: ts.Node;
  readonly from: string;
  readonly typeOnly: boolean;
}

function importOf(node: ts.Node): Import | undefined {
  if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) {
    const typeOnly = node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword;
    return { node, from: node.moduleSpecifier.text, typeOnly };
  }
  if (ts.isExportDeclaration(node) && node.moduleSpecifier) {
    return {
      node,
      from: (node.moduleSpecifier as ts.StringLiteral).text,
      typeOnly: node.isTypeOnly,
    };
  }
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
    return { node, from: (node.argument.literal as ts.StringLiteral).text, typeOnly: true };
  }
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
    const [first] = node.arguments;
    const from = first !== undefined && ts.isStringLiteral(first) ? first.text : '(computed)';
    return { node, from, typeOnly: false };
  }
  return undefined;
}

function acrossFolders(folder: string, rule: FolderRule, found: Import): string | undefined {
  const target = found.from.slice(1).split('/')[0] ?? '';
  if (target === folder) {
    return copiedFolders.includes(folder)
      ? `imports its own folder as ${found.from}: a copy of it would load the original`
      : undefined;
  }
  if (rule.folders.includes(target)) return undefined;
  if (rule.types?.includes(target)) {
    return found.typeOnly ? undefined : `may import only types from ${target}`;
  }
  return `${folder} may not import ${target}`;
}

function problemInMain(file: Source, folder: string, found: Import): string | undefined {
  const rule = folderRules[folder];
  if (rule === undefined) return `${folder} is not in the import table (test/tidy/rules.ts)`;
  const { from } = found;
  if (from.startsWith('.')) {
    const target = posix.join(posix.dirname(file.path), from);
    if (!target.startsWith(pathOf(folder))) return `${from} leaves its folder: write #…`;
    return /\.(ts|mjs|json|svelte|css)$/.test(from) ? undefined : `${from} has no suffix`;
  }
  if (from.startsWith('#')) return acrossFolders(folder, rule, found);
  const allowed = (rule.packages ?? []).some((name) =>
    name.endsWith(':') ? from.startsWith(name) : from === name || from.startsWith(`${name}/`),
  );
  return allowed ? undefined : `${folder} may not import ${from}`;
}

/** Imports that the table does not allow. */
export function checkImports(file: Source): string[] {
  const folder = folderOf(file);
  const problems: string[] = [];
  walk(file.ast, (node) => {
    const found = importOf(node);
    if (found === undefined) return;
    const problem =
      folder === undefined
        ? found.from.startsWith('../../')
          ? `${found.from}: write #…`
          : undefined
        : problemInMain(file, folder, found);
    if (problem !== undefined) problems.push(finding(file, node, problem));
  });
  return problems;
}

/** Default exports, barrel files and `export *`. */
export function checkExports(file: Source): string[] {
  const problems: string[] = [];
  // Tools want the default export of their configuration.
  if (/\.config\.[jt]s$/.test(file.path)) return problems;
  if (/\/index\.[mc]?[jt]s$/.test(file.path)) problems.push(`${file.path}:1 is a barrel file`);
  for (const statement of file.ast.statements) {
    const isDefault =
      (ts.isExportAssignment(statement) && statement.isExportEquals !== true) ||
      (ts.canHaveModifiers(statement) &&
        ts.getModifiers(statement)?.some((m) => m.kind === ts.SyntaxKind.DefaultKeyword) ===
          true) ||
      (ts.isExportDeclaration(statement) &&
        statement.exportClause !== undefined &&
        ts.isNamedExports(statement.exportClause) &&
        statement.exportClause.elements.some((element) => element.name.text === 'default'));
    if (isDefault) problems.push(finding(file, statement, 'exports a default'));
    if (ts.isExportDeclaration(statement) && statement.exportClause === undefined) {
      problems.push(finding(file, statement, 'exports everything of another file'));
    }
  }
  return problems;
}
