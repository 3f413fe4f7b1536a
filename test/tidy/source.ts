// The tree as the checks see it: every source file of main/, renderer/, db/ and test/, parsed once.
// Of a component the script is parsed; everything around it is blank, so that lines keep their
// numbers.

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

/** The scripts of a component, all else blanked. */
function scriptOf(text: string): string {
  const blank = (part: string): string => part.replace(/[^\n]/g, ' ');
  return text
    .split(/(<script[^>]*>[\s\S]*?<\/script>)/)
    .map((part) => {
      const script = /^(<script[^>]*>)([\s\S]*?)(<\/script>)$/.exec(part);
      return script === null
        ? blank(part)
        : `${blank(script[1]!)}${script[2]!}${blank(script[3]!)}`;
    })
    .join('');
}

/** Parses a file's text; `path` decides which rules hold. */
export function source(path: string, text: string): Source {
  const kind = /\.m?js$/.test(path) ? ts.ScriptKind.JS : ts.ScriptKind.TS;
  const code = path.endsWith('.svelte') ? scriptOf(text) : text;
  const ast = ts.createSourceFile(path, code, ts.ScriptTarget.Latest, true, kind);
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

/** Every source file of main/, renderer/, db/ and test/. */
export function sources(): Source[] {
  return ['main', 'renderer', 'db', 'test']
    .flatMap(filesUnder)
    .filter((path) => /\.(ts|mts|js|mjs|svelte)$/.test(path))
    .filter((path) => !/^(test\/golden|renderer\/dist)\//.test(path))
    .map((path) => source(path, readFileSync(root + path, 'utf8')));
}

/** The room of a file: a folder under main/, renderer/ or db/; undefined elsewhere. */
export const folderOf = (file: Source): string | undefined =>
  /^(?:main\/)?([^/]+)\//.exec(file.path)?.[file.path.startsWith('test/') ? 2 : 1];

/** Path of a room, with a slash at the end. */
export const pathOf = (folder: string): string =>
  ['db', 'renderer'].includes(folder) ? `${folder}/` : `main/${folder}/`;

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
