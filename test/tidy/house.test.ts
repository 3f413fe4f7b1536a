// The house rules of design sections 3 and 4, over the whole tree. A failure lists `file:line
// what`.

import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { checkExports, checkImports } from './check-imports.ts';
import { checkNames } from './check-names.ts';
import { checkReadme } from './check-readme.ts';
import { checkFileSize, checkFunctionSize, checkHeader } from './check-size.ts';
import { checkState } from './check-state.ts';
import { folderRules } from './rules.ts';
import { foldersUnder, root, sources } from './source.ts';
import type { Source } from './source.ts';

const files = sources();

/** Fails with one finding per line. */
function expectNone(findings: readonly string[]): void {
  const text = findings.length === 0 ? '' : `${findings.length} findings:\n${findings.join('\n')}`;
  expect(text).toBe('');
}

const overTree = (check: (file: Source) => string[]) => () => {
  expectNone(files.flatMap(check));
};

test('the checks see the tree', () => {
  expect(files.length).toBeGreaterThan(50);
  expect(files.map((file) => file.path)).toContain('main/trace/trace.ts');
});

test('every folder under main/ is in the import table', () => {
  expectNone(foldersUnder('main').filter((folder) => folderRules[folder] === undefined));
});

test('imports follow the table', overTree(checkImports));
test('nothing exports a default or another file', overTree(checkExports));
test('the machine sees no time, timers, promises, Node, DOM or chance', overTree(checkNames));
test('no module holds state', overTree(checkState));
test('files and lines are short', overTree(checkFileSize));
test('functions are short', overTree(checkFunctionSize));
test('files open with what they are', overTree(checkHeader));

test('every folder has a README with four headings', () => {
  const folders = [...foldersUnder('main').map((name) => `main/${name}`), 'test'];
  const tops = ['renderer', 'db'].filter((name) => existsSync(root + name));
  expectNone(
    [...folders, ...tops].flatMap((folder) => {
      const path = `${folder}/README.md`;
      const text = existsSync(root + path) ? readFileSync(root + path, 'utf8') : undefined;
      return checkReadme(path, text);
    }),
  );
});
