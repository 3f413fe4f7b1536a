// What the machine may not see: time, timers, promises, Node, DOM, chance. A name that the file
// itself declares (a parameter called `window`, a class called `Event`) is the file's own and is
// not meant.

import ts from 'typescript';
import { folderRules, outsideMembers, outsideNames } from './rules.ts';
import { finding, folderOf, walk } from './source.ts';
import type { Source } from './source.ts';

const reasons = new Map(
  Object.entries(outsideNames).flatMap(([reason, names]) => names.map((name) => [name, reason])),
);

/** True where an identifier only names a member, never a value or type in scope. */
function isMemberName(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.name === node;
  if (ts.isQualifiedName(parent)) return parent.right === node;
  if (ts.isBindingElement(parent)) return parent.propertyName === node;
  if (ts.isImportSpecifier(parent) || ts.isExportSpecifier(parent)) {
    return parent.propertyName === node;
  }
  return (
    (ts.isPropertyAssignment(parent) ||
      ts.isPropertyDeclaration(parent) ||
      ts.isPropertySignature(parent) ||
      ts.isMethodDeclaration(parent) ||
      ts.isMethodSignature(parent) ||
      ts.isGetAccessorDeclaration(parent) ||
      ts.isSetAccessorDeclaration(parent) ||
      ts.isNamedTupleMember(parent)) &&
    parent.name === node
  );
}

/** Names that the file declares in any scope. */
function declaredNames(file: Source): Set<string> {
  const names = new Set<string>();
  walk(file.ast, (node) => {
    if (!ts.isIdentifier(node) || isMemberName(node)) return;
    const { parent } = node;
    const uses = ts.isPropertyAccessExpression(parent) || ts.isShorthandPropertyAssignment(parent);
    if (!uses && (parent as { name?: ts.Node }).name === node) names.add(node.text);
  });
  return names;
}

const isAsync = (node: ts.Node): boolean =>
  ts.canHaveModifiers(node) &&
  ts.getModifiers(node)?.some((m) => m.kind === ts.SyntaxKind.AsyncKeyword) === true;

function problemOf(node: ts.Node, declared: ReadonlySet<string>): string | undefined {
  if (ts.isAwaitExpression(node) || isAsync(node)) return 'uses promises (async, await)';
  if (ts.isForOfStatement(node) && node.awaitModifier) return 'uses promises (for await)';
  if (ts.isMetaProperty(node) && node.keywordToken === ts.SyntaxKind.ImportKeyword) {
    return 'uses import.meta';
  }
  if (ts.isPropertyAccessExpression(node)) {
    const whole = `${node.expression.getText()}.${node.name.text}`;
    const found = outsideMembers.find((member) => member === whole || member === node.name.text);
    if (found !== undefined) return `uses ${found}`;
  }
  if (!ts.isIdentifier(node) || isMemberName(node) || declared.has(node.text)) return undefined;
  const reason = reasons.get(node.text);
  return reason === undefined ? undefined : `uses ${node.text} (${reason})`;
}

/** Uses of the outside world in folders that must not see it. */
export function checkNames(file: Source): string[] {
  const folder = folderOf(file);
  if (folder === undefined || folderRules[folder]?.open === true) return [];
  const declared = declaredNames(file);
  const problems: string[] = [];
  walk(file.ast, (node) => {
    const problem = problemOf(node, declared);
    if (problem !== undefined) problems.push(finding(file, node, problem));
  });
  return problems;
}
