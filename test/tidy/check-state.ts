// Mutable state at module level: many machines live in one process, so nothing of a machine may
// live in a module. Flagged: `let` and `var`; an empty array or object, a Map or Set, that is not
// declared readonly; anything that a function of the file writes into; static members that can
// change.
//
// Left out: a constant whose class has mutable members. No instance of ours belongs at module
// level.

import ts from 'typescript';
import { finding, folderOf, walk } from './source.ts';
import type { Source } from './source.ts';

const collections = new Set(['Map', 'Set', 'WeakMap', 'WeakSet', 'Array']);
const changers = new Set(
  'push pop shift unshift splice sort reverse fill copyWithin set add delete clear'.split(' '),
);

/** The value without `as`, `satisfies` and parentheses; undefined for `as const`. */
function bare(node: ts.Expression): ts.Expression | undefined {
  if (ts.isAsExpression(node)) {
    return ts.isConstTypeReference(node.type) ? undefined : bare(node.expression);
  }
  if (ts.isSatisfiesExpression(node) || ts.isParenthesizedExpression(node)) {
    return bare(node.expression);
  }
  return node;
}

function isGrowing(value: ts.Expression): boolean {
  if (ts.isArrayLiteralExpression(value)) return value.elements.length === 0;
  if (ts.isObjectLiteralExpression(value)) return value.properties.length === 0;
  const made = ts.isNewExpression(value) || ts.isCallExpression(value);
  return made && ts.isIdentifier(value.expression) && collections.has(value.expression.text);
}

const isReadonly = (type: ts.TypeNode | undefined): boolean =>
  type !== undefined && /^(readonly |Readonly)/.test(type.getText());

/** The module-level name at the root of `a.b[c].d`. */
function rootName(node: ts.Node): string | undefined {
  if (ts.isIdentifier(node)) return node.text;
  return ts.isPropertyAccessExpression(node) || ts.isElementAccessExpression(node)
    ? rootName(node.expression)
    : undefined;
}

/** What a node writes into, or undefined. `holds`: names of arrays, Maps, Sets and the like. */
function writtenBy(node: ts.Node, holds: (name: string) => boolean): ts.Node | undefined {
  if (ts.isBinaryExpression(node)) {
    const { kind } = node.operatorToken;
    const assigns = kind >= ts.SyntaxKind.FirstAssignment && kind <= ts.SyntaxKind.LastAssignment;
    return assigns && !ts.isIdentifier(node.left) ? node.left : undefined;
  }
  if (ts.isPrefixUnaryExpression(node) || ts.isPostfixUnaryExpression(node)) {
    const { operator } = node;
    const steps =
      operator === ts.SyntaxKind.PlusPlusToken || operator === ts.SyntaxKind.MinusMinusToken;
    return steps && !ts.isIdentifier(node.operand) ? node.operand : undefined;
  }
  if (ts.isDeleteExpression(node)) return node.expression;
  if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)) {
    const { name, expression } = node.expression;
    return changers.has(name.text) && holds(rootName(expression) ?? '') ? expression : undefined;
  }
  return undefined;
}

/** The function around a node, or undefined at module level. */
function functionAround(node: ts.Node): ts.Node | undefined {
  return ts.findAncestor(node.parent, ts.isFunctionLike);
}

/** True when `name` at `node` is a local of some function around it. */
function isLocal(node: ts.Node, name: string): boolean {
  for (let around = functionAround(node); around; around = functionAround(around)) {
    let found = false;
    walk(around, (inner) => {
      const declares = ts.isVariableDeclaration(inner) || ts.isParameter(inner);
      const binds = declares || ts.isBindingElement(inner);
      if (binds && ts.isIdentifier(inner.name) && inner.name.text === name) found = true;
    });
    if (found) return true;
  }
  return false;
}

function declarationProblem(file: Source, statement: ts.VariableStatement): string[] {
  const isConst = (statement.declarationList.flags & ts.NodeFlags.Const) !== 0;
  return statement.declarationList.declarations.flatMap((declaration) => {
    const name = declaration.name.getText();
    if (!isConst) return [finding(file, declaration, `${name} is a variable at module level`)];
    const value = declaration.initializer && bare(declaration.initializer);
    if (value === undefined || !isGrowing(value) || isReadonly(declaration.type)) return [];
    return [finding(file, declaration, `${name} can change: declare it readonly or move it`)];
  });
}

function staticProblems(file: Source, node: ts.Node): string[] {
  if (!ts.isPropertyDeclaration(node)) return [];
  const modifiers = ts.getModifiers(node) ?? [];
  const has = (kind: ts.SyntaxKind): boolean => modifiers.some((m) => m.kind === kind);
  if (!has(ts.SyntaxKind.StaticKeyword)) return [];
  const value = node.initializer && bare(node.initializer);
  const growing = value !== undefined && isGrowing(value) && !isReadonly(node.type);
  return has(ts.SyntaxKind.ReadonlyKeyword) && !growing
    ? []
    : [finding(file, node, `static ${node.name.getText()} can change`)];
}

/** Module-level state that can change. */
export function checkState(file: Source): string[] {
  // The script of a component runs for each of its instances.
  if (folderOf(file) === undefined || file.path.endsWith('.svelte')) return [];
  const names = new Map<string, ts.Expression | undefined>();
  const problems: string[] = [];
  for (const statement of file.ast.statements) {
    if (!ts.isVariableStatement(statement)) continue;
    problems.push(...declarationProblem(file, statement));
    for (const { name, initializer } of statement.declarationList.declarations) {
      if (ts.isIdentifier(name)) names.set(name.text, initializer);
    }
  }
  // What a call gives may have a set() of its own, as our layouts do.
  const holds = (name: string): boolean => {
    const value = names.get(name);
    return value !== undefined && !ts.isCallExpression(value);
  };
  walk(file.ast, (node) => {
    problems.push(...staticProblems(file, node));
    const written = writtenBy(node, holds);
    const name = written && rootName(written);
    if (name === undefined || !names.has(name) || functionAround(node) === undefined) return;
    if (!isLocal(node, name))
      problems.push(finding(file, node, `writes into module-level ${name}`));
  });
  return problems;
}
