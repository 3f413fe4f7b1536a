// The house checks themselves: each finds what it is meant to find, at its line, and nothing else.

import { expect, test } from 'vitest';
import { checkExports, checkImports } from '#test/tidy/check-imports.ts';
import { checkNames } from '#test/tidy/check-names.ts';
import { checkReadme } from '#test/tidy/check-readme.ts';
import { checkFileSize, checkFunctionSize, checkHeader } from '#test/tidy/check-size.ts';
import { checkState } from '#test/tidy/check-state.ts';
import { folderRules } from '#test/tidy/rules.ts';
import { source } from '#test/tidy/source.ts';

const imports = (path: string, text: string): string[] => checkImports(source(path, text));

test('imports: the table decides', () => {
  expect(imports('main/device/a.ts', "import { x } from '#bus/x.ts';")).toEqual([]);
  expect(imports('main/device/a.ts', "\nimport { x } from '#sim/x.ts';")).toEqual([
    'main/device/a.ts:2 device may not import sim',
  ]);
  expect(imports('main/driver/a.ts', "import type { X } from '#device/x.ts';")).toHaveLength(1);
  expect(imports('main/sim/a.ts', "export { x } from '#kernel/x.ts';")).toHaveLength(1);
  expect(imports('main/sim/a.ts', "type X = import('#kernel/x.ts').X;")).toHaveLength(1);
  expect(imports('main/sim/a.ts', "const x = import('#kernel/x.ts');")).toHaveLength(1);
  expect(imports('main/new/a.ts', "import { x } from './x.ts';")).toHaveLength(1);
});

test('imports: packages and Node only where the table has them', () => {
  expect(imports('main/cli/a.ts', "import { x } from 'node:fs';")).toEqual([]);
  expect(imports('main/lab/a.ts', "import { x } from 'yaml';")).toEqual([]);
  expect(imports('main/lab/a.ts', "import { x } from 'node:fs';")).toHaveLength(1);
  expect(imports('main/bus/a.ts', "import { x } from 'yaml';")).toHaveLength(1);
});

test('imports: relative inside a folder, never out of it', () => {
  expect(imports('main/kernel/net/a.ts', "import { x } from '../kernel.ts';")).toEqual([]);
  expect(imports('main/kernel/a.ts', "import { x } from '../bus/x.ts';")).toHaveLength(1);
  expect(imports('main/kernel/a.ts', "import { x } from './x';")).toHaveLength(1);
  expect(imports('test/unit/bus/a.ts', "import { x } from '../../support/x.ts';")).toHaveLength(1);
  expect(imports('test/unit/bus/a.ts', "import { x } from '#test/support/x.ts';")).toEqual([]);
});

test('imports: a copy of the driver loads its own files', () => {
  expect(imports('main/driver/mlx4_en/a.ts', "import { x } from '../variant.ts';")).toEqual([]);
  expect(imports('main/driver/mlx4_en/a.ts', "import { x } from '#driver/x.ts';")).toHaveLength(1);
  expect(imports('main/kernel/net/a.ts', "import { x } from '#kernel/x.ts';")).toEqual([]);
});

test('imports: only types where the table says so', () => {
  expect(imports('main/contract/a.ts', "import type { X } from '#prm/x.ts';")).toEqual([]);
  expect(imports('main/contract/a.ts', "import { x } from '#prm/x.ts';")).toHaveLength(1);
});

test('the import table has no cycle', () => {
  const visit = (folder: string, path: readonly string[]): void => {
    expect(path).not.toContain(folder);
    const rule = folderRules[folder];
    for (const next of [...(rule?.folders ?? []), ...(rule?.types ?? [])]) {
      visit(next, [...path, folder]);
    }
  };
  Object.keys(folderRules).forEach((folder) => {
    visit(folder, []);
  });
});

test('exports: no default, no barrel', () => {
  const exported = (text: string, path = 'main/bus/a.ts') => checkExports(source(path, text));
  expect(exported('export const a = 1;')).toEqual([]);
  expect(exported('export default 1;')).toHaveLength(1);
  expect(exported('export default function f() {}')).toHaveLength(1);
  expect(exported('const a = 1; export { a as default };')).toHaveLength(1);
  expect(exported("export * from './b.ts';")).toHaveLength(1);
  expect(exported('', 'main/bus/index.ts')).toHaveLength(1);
});

test('names: the outside is found', () => {
  const bad = [
    'const t = Date.now();',
    'const t: Date | null = null;',
    'setTimeout(() => {}, 1);',
    'async function f() {}',
    'const f = async () => {};',
    'let p: Promise<void>;',
    'const x = Math.random();',
    "console.log('x');",
    'process.exit(1);',
    'Buffer.from([]);',
    'const g = globalThis;',
    "const f = new Function('x');",
    'const d = import.meta.url;',
    "['a'].sort((a, b) => a.localeCompare(b));",
    'const o = { Date };',
  ];
  for (const text of bad) {
    const found = checkNames(source('main/lab/a.ts', text));
    expect(found, text).not.toEqual([]);
    expect(checkNames(source('main/cli/a.ts', text)), text).toEqual([]);
  }
});

test("names: a member's name, a comment, a string and a name of one's own are not meant", () => {
  const good = [
    '// Date and setTimeout',
    "const s = 'process.exit';",
    'const o = { Date: 1, process: 2 }; o.Date;',
    'interface X { window: number; document(): void }',
    'function f(process: { pid: number }) { return process.pid; }',
    'class Event {} new Event();',
    "import { fetch } from './fetch.ts'; fetch();",
    'Math.floor(1.5);',
  ];
  for (const text of good) expect(checkNames(source('main/lab/a.ts', text)), text).toEqual([]);
});

test('state: what can change at module level is found', () => {
  const bad = [
    'let n = 0;',
    'export let n: number;',
    'var n = 0;',
    'const a = [];',
    'const a: number[] = [];',
    'const o: Record<string, number> = {};',
    'const m = new Map<string, number>();',
    "const s = new Set(['a']);",
    'export const w = new WeakMap();',
    'class A { static count = 0; }',
    'class A { static readonly all = new Map(); }',
    'const c = { n: 0 }; function f() { c.n++; }',
    'const c = { n: 0 }; const f = () => { c.n = 1; };',
    "const c = ['a']; export function f() { c.push('b'); }",
    'const t = new Uint8Array(4); function f() { t[0] = 1; }',
  ];
  for (const text of bad) {
    expect(checkState(source('main/bus/a.ts', text)), text).toHaveLength(1);
    expect(checkState(source('test/unit/a.ts', text)), text).toEqual([]);
  }
});

test('state: constants, tables and locals are not meant', () => {
  const good = [
    'const n = 1;',
    'const a = [] as const;',
    'const a: readonly number[] = [];',
    'const m: ReadonlyMap<string, number> = new Map();',
    "const s: ReadonlySet<string> = new Set(['a']);",
    "const table = [['a', 1]];",
    'const l = layout(1); const f = (b: Uint8Array) => { l.set(b, 1); };',
    'const t = new Uint32Array(256); for (let i = 0; i < 256; i++) t[i] = i;',
    'const c = { n: 0 }; function f() { const c = { n: 1 }; c.n++; }',
    'const list = [1]; const f = (list: number[]) => { list.push(2); };',
    'function f() { const m = new Map(); let n = 0; n++; return m; }',
    'class A { static readonly max = 3; private readonly all = new Map(); }',
  ];
  for (const text of good) expect(checkState(source('main/bus/a.ts', text)), text).toEqual([]);
});

test('sizes: files, functions, columns', () => {
  const lines = (count: number): string => 'f();\n'.repeat(count);
  expect(checkFileSize(source('main/bus/a.ts', lines(500)))).toEqual([]);
  expect(checkFileSize(source('main/bus/a.ts', lines(501)))).toHaveLength(1);
  expect(checkFileSize(source('main/prm/a.ts', lines(501)))).toEqual([]);
  expect(checkFileSize(source('main/prm/a.ts', lines(1001)))).toHaveLength(1);
  expect(checkFileSize(source('main/bus/a.ts', `\n// ${'x'.repeat(98)}`))).toEqual([
    'main/bus/a.ts:2 has 101 columns',
  ]);
  const body = (count: number): string => `function f() {\n${lines(count - 2)}}\n`;
  expect(checkFunctionSize(source('main/bus/a.ts', body(70)))).toEqual([]);
  expect(checkFunctionSize(source('main/bus/a.ts', body(71)))).toEqual([
    'main/bus/a.ts:1 f has 71 lines, 70 allowed',
  ]);
  expect(checkFunctionSize(source('main/driver/a.ts', body(120)))).toEqual([]);
  expect(checkFunctionSize(source('main/driver/a.ts', body(121)))).toHaveLength(1);
  const chapter = `describe('x', () => {\n${lines(100)}});`;
  expect(checkFunctionSize(source('test/unit/a.test.ts', chapter))).toEqual([]);
});

test('headers: two to twelve comment lines; scenarios say Goal and Method', () => {
  const header = (count: number): string => `${'// x\n'.repeat(count)}\nf();\n`;
  expect(checkHeader(source('main/bus/a.ts', header(2)))).toEqual([]);
  expect(checkHeader(source('main/bus/a.ts', header(1)))).toHaveLength(1);
  expect(checkHeader(source('main/bus/a.ts', header(13)))).toHaveLength(1);
  expect(checkHeader(source('main/bus/a.ts', '/*\n * x\n */\nf();'))).toEqual([]);
  expect(checkHeader(source('main/cli/a.mjs', `#!/usr/bin/env node\n${header(2)}`))).toEqual([]);
  expect(checkHeader(source('test/unit/a.test.ts', 'f();'))).toEqual([]);
  const scenario = 'test/scenario/a.test.ts';
  expect(checkHeader(source(scenario, '// Goal: x\n// Method: y\n'))).toEqual([]);
  expect(checkHeader(source(scenario, '// Goal: x\n\n// Method: y\n'))).toHaveLength(1);
});

test('READMEs: four headings, in order, filled, short', () => {
  const readme = '# x\n\n## Holds\na\n## May import\na\n## Names to know\na\n## Left out\na\n';
  expect(checkReadme('a', readme)).toEqual([]);
  expect(checkReadme('a', undefined)).toHaveLength(1);
  expect(checkReadme('a', readme.replace('## Left out\na\n', ''))).toHaveLength(1);
  expect(checkReadme('a', readme.replace('## May import\na', '## May import\n'))).toHaveLength(1);
  expect(checkReadme('a', readme + 'x\n'.repeat(51))).toHaveLength(1);
});
