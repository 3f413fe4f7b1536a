// Lint rule: a forgotten `yield*`. A call of task code (Atomic<T>, MaySleep<T>) only makes a
// generator; without `yield*` nothing runs, silently. The rule keys on the yield type: a Generator
// that yields the interface Preempt or Block (main/sim/task.ts), or nothing at all. Generators of
// data are not touched.
//
// Allowed: the operand of `yield*`; a place whose declared type is a task (argument, annotated
// variable, property, assignment, element); `return` and arrow bodies of plain functions, when what
// the function is expected to return is a task or is not declared. Everything else throws the task
// away or, as `for…of` and spread do, swallows its yields. Function values are held to the same
// rule: a task function where a callback with another result is expected (`forEach`, `some`) is an
// error.
//
// Left out: a generator method that implements an interface method declared with another result.

import { AST_NODE_TYPES as N, ESLintUtils } from '@typescript-eslint/utils';
import type { ParserServicesWithTypeInformation, TSESTree } from '@typescript-eslint/utils';
import type ts from 'typescript';
import { holdsTask, isAny, isTask, returnTypes, takesAnything } from './task-types.ts';

/** The outermost expression that simply hands on the value of `node`. */
const carrier = (node: TSESTree.Node): TSESTree.Node => {
  const parent = node.parent;
  if (parent === undefined) return node;
  const hands =
    (parent.type === N.ConditionalExpression && parent.test !== node) ||
    (parent.type === N.LogicalExpression && parent.right === node) ||
    (parent.type === N.SequenceExpression && parent.expressions.at(-1) === node) ||
    parent.type === N.TSAsExpression ||
    parent.type === N.TSSatisfiesExpression ||
    parent.type === N.TSNonNullExpression ||
    parent.type === N.ChainExpression;
  return hands ? carrier(parent) : node;
};

const enclosingFunction = (node: TSESTree.Node): TSESTree.Node | undefined => {
  let at = node.parent;
  while (
    at !== undefined &&
    at.type !== N.FunctionDeclaration &&
    at.type !== N.FunctionExpression &&
    at.type !== N.ArrowFunctionExpression
  ) {
    at = at.parent;
  }
  return at;
};

type Place = 'run' | 'typed' | 'returned' | 'lost';

const returnPlace = (node: TSESTree.Node): Place => {
  const owner = enclosingFunction(node);
  return owner?.type !== N.ArrowFunctionExpression &&
    (owner?.type === N.FunctionDeclaration || owner?.type === N.FunctionExpression) &&
    owner.generator
    ? 'lost'
    : 'returned';
};

/** What kind of place an expression stands in. */
const placeOf = (node: TSESTree.Node): Place => {
  const parent = node.parent;
  switch (parent?.type) {
    case N.YieldExpression:
      return parent.delegate ? 'run' : 'lost';
    case N.ReturnStatement:
      return returnPlace(parent);
    case N.ArrowFunctionExpression:
      return parent.body === node ? 'returned' : 'typed';
    case N.CallExpression:
    case N.NewExpression:
      return parent.callee === node ? 'lost' : 'typed';
    case N.VariableDeclarator:
    case N.PropertyDefinition:
    case N.AssignmentPattern:
    case N.ArrayExpression:
      return 'typed';
    case N.AssignmentExpression:
      return parent.right === node ? 'typed' : 'lost';
    case N.Property:
      return parent.value === node && !parent.computed ? 'typed' : 'lost';
    default:
      return 'lost';
  }
};

const isFunctionNode = (node: TSESTree.Node): boolean =>
  node.type === N.ArrowFunctionExpression || node.type === N.FunctionExpression;

type Message = 'forgotten' | 'untyped' | 'callback' | 'swallowed';
type Report = (node: TSESTree.Node, messageId: Message) => void;

/** The checks of one file. */
class Checks {
  private readonly services: ParserServicesWithTypeInformation;
  private readonly checker: ts.TypeChecker;
  private readonly report: Report;

  constructor(services: ParserServicesWithTypeInformation, report: Report) {
    this.services = services;
    this.checker = services.program.getTypeChecker();
    this.report = report;
  }

  private typeOf(node: TSESTree.Node): ts.Type {
    return this.services.getTypeAtLocation(node);
  }

  private tsNode(node: TSESTree.Node): ts.Node {
    return this.services.esTreeNodeToTSNodeMap.get(node);
  }

  /** What a place expects, or undefined where nothing is declared. */
  private expected(node: TSESTree.Node): ts.Type | undefined {
    const { parent } = node;
    if (parent?.type === N.PropertyDefinition) {
      return parent.typeAnnotation ? this.typeOf(parent.key) : undefined;
    }
    return this.checker.getContextualType(this.tsNode(node) as ts.Expression);
  }

  /** True for an argument of a function that would take anything in its place. */
  private anyTaken(node: TSESTree.Node): boolean {
    const { parent } = node;
    if (parent?.type !== N.CallExpression && parent?.type !== N.NewExpression) return false;
    const call = this.tsNode(parent) as ts.CallExpression;
    return takesAnything(this.checker, call, this.tsNode(node));
  }

  /** A call that makes a task must stand in a place that runs or keeps it. */
  call(node: TSESTree.Expression): void {
    const outer = carrier(node);
    const place = placeOf(outer);
    if (place === 'run' || !isTask(this.checker, this.typeOf(node))) return;
    if (place === 'lost') {
      const swallows =
        outer.parent?.type === N.SpreadElement ||
        (outer.parent?.type === N.ForOfStatement && outer.parent.right === outer);
      this.report(node, swallows ? 'swallowed' : 'forgotten');
      return;
    }
    const wanted = this.expected(outer);
    if (wanted === undefined && place === 'returned') return;
    if (wanted === undefined || isAny(wanted) || !holdsTask(this.checker, wanted)) {
      this.report(node, place === 'returned' ? 'callback' : 'untyped');
    } else if (place === 'typed' && this.anyTaken(outer)) {
      this.report(node, 'untyped');
    }
  }

  /** What the place of a function value declares; methods of object literals by their name. */
  private expectedFunction(node: TSESTree.Node): ts.Type | undefined {
    const { parent } = node;
    if (parent?.type !== N.Property || !parent.method) return this.expected(node);
    if (parent.key.type !== N.Identifier || parent.computed) return undefined;
    const literal = this.tsNode(parent.parent) as ts.Expression;
    const member = this.checker.getContextualType(literal)?.getProperty(parent.key.name);
    return member && this.checker.getTypeOfSymbol(member);
  }

  /** Task code given as a function must be expected as task code. */
  functionValue(node: TSESTree.Node): void {
    if (isFunctionNode(node) && node.parent?.type === N.MethodDefinition) return;
    const results = returnTypes(this.checker, this.typeOf(node));
    if (!results.some((result) => isTask(this.checker, result))) return;
    // An arrow that merely returns a call is reported at that call.
    if (node.type === N.ArrowFunctionExpression && node.body.type === N.CallExpression) {
      if (this.anyTaken(node)) this.report(node.body, 'callback');
      return;
    }
    const wanted = this.expectedFunction(node);
    if (wanted === undefined) return;
    const wantedResults = returnTypes(this.checker, wanted);
    if (wantedResults.length === 0) return;
    const fits = wantedResults.some((result) => holdsTask(this.checker, result));
    if (!fits || this.anyTaken(node)) this.report(node, 'callback');
  }

  /** A function given by its name. */
  functionName(node: TSESTree.Node | null): void {
    if (node?.type === N.Identifier || node?.type === N.MemberExpression) this.functionValue(node);
  }

  /** A task that something else iterates. Calls are reported by call(). */
  swallow(node: TSESTree.Node): void {
    if (node.type === N.CallExpression || !isTask(this.checker, this.typeOf(node))) return;
    this.report(node, 'swallowed');
  }
}

export const forgottenYield = ESLintUtils.RuleCreator.withoutDocs({
  meta: {
    type: 'problem',
    schema: [],
    defaultOptions: [],
    docs: { description: 'Task code only runs under yield*' },
    messages: {
      forgotten: 'This call makes a task and drops it: write `yield*` before it.',
      untyped: 'A task kept in a place that is not declared as one: annotate it or write `yield*`.',
      callback: 'Task code where a callback with another result is expected: it would never run.',
      swallowed: 'This swallows the yields of a task: use `yield*`.',
    },
  },
  create(context) {
    const services = ESLintUtils.getParserServices(context);
    const checks = new Checks(services, (node, messageId) => {
      context.report({ node, messageId });
    });
    return {
      CallExpression(node) {
        checks.call(node);
        for (const argument of node.arguments) checks.functionName(argument);
      },
      NewExpression(node) {
        for (const argument of node.arguments) checks.functionName(argument);
      },
      AssignmentExpression: (node) => checks.functionName(node.right),
      'VariableDeclarator[id.typeAnnotation]': (node: TSESTree.VariableDeclarator) =>
        checks.functionName(node.init),
      'ObjectExpression > Property': (node: TSESTree.Property) => checks.functionName(node.value),
      ArrowFunctionExpression: (node) => checks.functionValue(node),
      FunctionExpression: (node) => checks.functionValue(node),
      ForOfStatement: (node) => checks.swallow(node.right),
      SpreadElement: (node) => checks.swallow(node.argument),
      'YieldExpression[delegate=false]': (node: TSESTree.YieldExpression) => {
        if (node.argument) checks.swallow(node.argument);
      },
    };
  },
});
