// The tree as the checks see it: every source file of main/, db/ and test/, parsed once.

import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

/** The repository, with a slash at the end. */
export const root: string = fileURLToPath(new URL('../../', import.meta.url));

/** One parsed file. */
export interface Source {
  /** From the repository, for example `main/bus/clock.ts`. */
  readonly path: string;
  readonly text: string;
  readonly lines: readonly string[];
  readonly ast: ts.SourceFile;
}

/** Parses a file's text; `path` decides which rules hold. */
export function source(path: string, text: string): Source {
  const kind = /\.m?js$/.test(path) ? ts.ScriptKind.JS : ts.ScriptKind.TS;
  const ast = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true, kind);
  return { path, text, lines: text.replace(/\n$/, '').split('\n'), ast };
}

/** Paths of all files under a folder of the repository, sorted. */
export function filesUnder(folder: string): string[] {
  return readdirSync(root + folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => `${entry.parentPath}/${entry.name}`.slice(root.length))
    .filter((path) => !path.includes('node_modules'))
    .sort();
}

/** Folders directly under a folder, sorted. */
export function foldersUnder(folder: string): string[] {
  return readdirSync(root + folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
}

/** Every source file of main/, db/ and test/. */
export function sources(): Source[] {
  return [...filesUnder('main'), ...filesUnder('db'), ...filesUnder('test')]
    .filter((path) => /\.(ts|mts|js|mjs)$/.test(path) && !path.startsWith('test/golden/'))
    .map((path) => source(path, readFileSync(root + path, 'utf8')));
}

/** The room that a file belongs to: a folder under main/, or db/; undefined elsewhere. */
export const folderOf = (file: Source): string | undefined =>
  /^(?:main\/)?([^/]+)\//.exec(file.path)?.[file.path.startsWith('test/') ? 2 : 1];

/** Path of a room, with a slash at the end. */
export const pathOf = (folder: string): string => (folder === 'db' ? 'db/' : `main/${folder}/`);

/** `path:line what`, the form of every finding. */
export function finding(file: Source, node: ts.Node, what: string): string {
  const { line } = file.ast.getLineAndCharacterOfPosition(node.getStart(file.ast));
  return `${file.path}:${line + 1} ${what}`;
}

/** Visits a node and everything below it. */
export function walk(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node);
  ts.forEachChild(node, (child) => {
    walk(child, visit);
  });
}
