// The lint rule for a forgotten `yield*`, case by case. Types come from a prelude with the same
// names as main/sim/task.ts, because the rule keys on those names.

import { RuleTester } from 'eslint';
import tseslint from 'typescript-eslint';
import { describe, it } from 'vitest';
import { forgottenYield } from '#test/tidy/lint/forgotten-yield.ts';

RuleTester.describe = describe;
RuleTester.it = it;
RuleTester.itOnly = it.only;

const root = new URL('../../../', import.meta.url).pathname;

const prelude = `
  interface Preempt { readonly yields: 'preempt' }
  interface Block { readonly yields: 'block' }
  type Atomic<T> = Generator<Preempt, T, void>;
  type MaySleep<T> = Generator<Preempt | Block, T, void>;
  declare function spin_lock(): Atomic<void>;
  declare function mutex_lock(name?: string): MaySleep<void>;
  declare function mutex_trylock(): Atomic<boolean>;
  declare function events(): Generator<{ seq: number }, void, void>;
  declare function spawn(name: string, body: MaySleep<void>): void;
  declare function timer(fn: () => Atomic<void>): void;
  declare function later(fn: () => void): void;
  declare function expect<T>(value: T): { toBe(value: T): void };
  declare function call<T>(fn: () => T): void;
  declare function locked<T>(body: () => MaySleep<T>): MaySleep<T>;
  declare const list: number[];
  declare const x: boolean;
`;

const inside = (body: string): string => `${prelude}
  export function* code(): MaySleep<unknown> { ${body} }`;

const tester = new RuleTester({
  languageOptions: {
    parser: tseslint.parser,
    parserOptions: {
      projectService: { allowDefaultProject: ['case.ts'], defaultProject: 'tsconfig.json' },
      tsconfigRootDir: root,
    },
  },
});

const good = (name: string, body: string) => ({
  name,
  code: inside(body),
  filename: `${root}case.ts`,
});

const bad = (name: string, body: string, ...messageIds: string[]) => ({
  ...good(name, body),
  errors: messageIds.map((messageId) => ({ messageId })),
});

const topLevel = (name: string, code: string) => ({
  name,
  code: prelude + code,
  filename: `${root}case.ts`,
});

tester.run('forgotten-yield', forgottenYield as never, {
  valid: [
    good('run', 'yield* mutex_lock();'),
    good('the value of a task', 'const won = yield* mutex_trylock(); return won;'),
    good('a condition', 'if (yield* mutex_trylock()) return 1;'),
    good('one of two tasks', 'yield* (x ? mutex_lock() : spin_lock());'),
    good('an argument that takes a task', "spawn('a', mutex_lock());"),
    good('an annotated variable', 'const a: MaySleep<void> = mutex_lock(); yield* a;'),
    good('a variable that may hold a task', 'let a: Atomic<void> | null = null; a = spin_lock();'),
    good('a typed property', 'const o: { body: MaySleep<void> } = { body: mutex_lock() };'),
    good('a typed element', 'const all: MaySleep<void>[] = [mutex_lock()]; all.push(spin_lock());'),
    good('an arrow for a task callback', 'timer(() => spin_lock());'),
    good('a generator for a task callback', 'timer(function* () { yield* spin_lock(); });'),
    good('a name for a task callback', 'timer(spin_lock);'),
    good('a generic task callback', 'yield* locked(function* () { yield* mutex_lock(); });'),
    good('an arrow of its own', 'const lock = () => mutex_lock(); yield* lock();'),
    good(
      'a data generator in for…of',
      'for (const e of events()) { yield* mutex_lock(); void e; }',
    ),
    good('a data generator spread', 'return [...events()].length;'),
    good('a data generator kept', 'const all = events(); return all.next();'),
    good('an ordinary callback', 'list.forEach((n) => n + 1);'),
    topLevel(
      'a plain function hands it on',
      'export function f(): Atomic<void> { return spin_lock(); }',
    ),
    topLevel(
      'a class keeps it',
      `export class A {
        body: MaySleep<void> = mutex_lock();
        *run(): MaySleep<void> { yield* this.body; }
      }`,
    ),
  ],
  invalid: [
    bad('bare call', 'mutex_lock();', 'forgotten'),
    bad('bare call after if', 'if (x) mutex_lock();', 'forgotten'),
    bad('void', 'void mutex_lock();', 'forgotten'),
    bad('as a condition', 'if (mutex_trylock()) return 1;', 'forgotten'),
    bad('negated condition', 'if (!mutex_trylock()) return 1;', 'forgotten'),
    bad('while', 'while (mutex_trylock()) return 1;', 'forgotten'),
    bad('&&', 'x && mutex_lock();', 'forgotten'),
    bad('left of &&', 'if (mutex_trylock() && x) return 1;', 'forgotten'),
    bad('compared', 'return mutex_trylock() === undefined;', 'forgotten'),
    bad('plain yield', 'yield mutex_lock() as never;', 'forgotten'),
    bad('unannotated variable', 'const a = mutex_lock(); return a;', 'untyped'),
    bad('variable of unknown', 'const a: unknown = mutex_lock(); return a;', 'untyped'),
    bad('returned from a task', 'return spin_lock();', 'forgotten'),
    bad('for…of', 'for (const a of mutex_lock()) void a;', 'swallowed'),
    bad(
      'for…of over a variable',
      'const t: Atomic<void> = spin_lock(); for (const a of t) void a;',
      'swallowed',
    ),
    bad('spread', 'return [...mutex_lock()];', 'swallowed'),
    bad('template', 'return `${mutex_lock() as never}`;', 'forgotten'),
    bad('step by hand', 'mutex_lock().next();', 'forgotten'),
    bad('argument that takes anything', 'expect(mutex_trylock());', 'untyped'),
    bad('argument of unknown', 'Boolean(mutex_trylock());', 'untyped'),
    bad('argument that iterates', 'Array.from(mutex_lock());', 'untyped'),
    bad('forEach', 'list.forEach(() => spin_lock());', 'callback'),
    bad('forEach with a block', 'list.forEach(() => { spin_lock(); });', 'forgotten'),
    bad(
      'forEach with return',
      'list.forEach(() => { return spin_lock(); });',
      'callback',
      'callback',
    ),
    bad('forEach by name', 'list.forEach(spin_lock);', 'callback'),
    bad(
      'forEach with a generator',
      'list.forEach(function* () { yield* spin_lock(); });',
      'callback',
    ),
    bad('some', 'return list.some(() => mutex_trylock());', 'callback'),
    bad('map', 'list.map(() => mutex_lock());', 'callback'),
    bad('a callback with any result', 'call(() => mutex_lock());', 'callback'),
    bad('a void callback', 'later(() => mutex_lock());', 'callback'),
    bad('a void callback kept', 'const fn: () => void = spin_lock; fn();', 'callback'),
    bad(
      'a void callback in an object',
      'const o: { fn: () => void } = { fn: spin_lock }; o.fn();',
      'callback',
    ),
    bad(
      'a void method in an object',
      'const o: { fn(): void } = { *fn() { yield* spin_lock(); } }; o.fn();',
      'callback',
    ),
    bad('a generator without a yield', 'const f = function* () { return 1; }; f();', 'forgotten'),
  ],
});
