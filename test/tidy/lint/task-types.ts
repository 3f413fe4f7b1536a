// What the lint rule asks of types. Task code is known by the names of what it yields: the
// interfaces Preempt and Block of main/sim/task.ts. A generator that yields nothing at all counts
// as task code.

import ts from 'typescript';

const taskYields = new Set(['Preempt', 'Block']);
const generatorNames = new Set(['Generator', 'IterableIterator', 'IteratorObject']);

/** True when some member of a union satisfies `test`. */
const some = (type: ts.Type, test: (part: ts.Type) => boolean): boolean =>
  type.isUnion() ? type.types.some((part) => some(part, test)) : test(type);

/** True for `any`. */
export const isAny = (type: ts.Type): boolean => (type.flags & ts.TypeFlags.Any) !== 0;

const yieldsOf = (checker: ts.TypeChecker, type: ts.Type): ts.Type | undefined => {
  const name = type.getSymbol()?.getName();
  if (name === undefined || !generatorNames.has(name)) return undefined;
  return checker.getTypeArguments(type as ts.TypeReference)[0];
};

const isTaskYield = (type: ts.Type): boolean =>
  (type.flags & ts.TypeFlags.Never) !== 0 ||
  some(type, (part) => taskYields.has(part.getSymbol()?.getName() ?? ''));

/** True for a value that, as task code, must be run with `yield*`. */
export const isTask = (checker: ts.TypeChecker, type: ts.Type): boolean =>
  some(type, (part) => {
    const yields = yieldsOf(checker, part);
    return yields !== undefined && isTaskYield(yields);
  });

/** True for a declared type that is meant to hold a task (any Generator will do). */
export const holdsTask = (checker: ts.TypeChecker, type: ts.Type): boolean =>
  some(type, (part) => {
    if (yieldsOf(checker, part) !== undefined) return true;
    const constraint = part.isTypeParameter() ? part.getConstraint() : undefined;
    return constraint !== undefined && holdsTask(checker, constraint);
  });

/** What calling a value of this type can give. */
export const returnTypes = (checker: ts.TypeChecker, type: ts.Type): ts.Type[] =>
  (type.isUnion() ? type.types : [type])
    .flatMap((part) => part.getCallSignatures())
    .map((signature) => checker.getReturnTypeOfSignature(signature));

/** The name of a signature's own type parameter, when the type node is nothing else. */
const mentionsOwn = (node: ts.TypeNode | undefined, own: ReadonlySet<string>): boolean => {
  if (node === undefined) return false;
  if (ts.isFunctionTypeNode(node)) return mentionsOwn(node.type, own);
  if (ts.isParenthesizedTypeNode(node)) return mentionsOwn(node.type, own);
  if (ts.isUnionTypeNode(node)) return node.types.some((part) => mentionsOwn(part, own));
  return ts.isTypeReferenceNode(node) && own.has(node.typeName.getText());
};

/** True when the parameter for `argument` takes anything: it is the callee's own plain `T`. */
export const takesAnything = (
  checker: ts.TypeChecker,
  call: ts.CallExpression | ts.NewExpression,
  argument: ts.Node,
): boolean => {
  const declaration = checker.getResolvedSignature(call)?.getDeclaration();
  if (declaration?.typeParameters === undefined) return false;
  const free = declaration.typeParameters.filter(
    (parameter) =>
      parameter.constraint === undefined ||
      !holdsTask(checker, checker.getTypeFromTypeNode(parameter.constraint)),
  );
  const own = new Set(free.map((parameter) => parameter.name.text));
  const index = call.arguments?.findIndex((candidate) => candidate === argument) ?? -1;
  return mentionsOwn(declaration.parameters[index]?.type, own);
};
