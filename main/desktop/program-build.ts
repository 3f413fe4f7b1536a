// The program that Electron runs, in dist/desktop: the source with its types blanked out. Lines,
// columns and names stay what they are, for code places are part of a run: one that was recorded in
// a clone replays in the installed program, and the other way round. A bundler would change them.
// Only the database's thread is one file: it is read outside of Electron's archive.

import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { cpSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { dirname, join } from 'node:path';
import { programHash } from '#db/program.ts';
import { newestMs, rendererFolder, root } from './renderer-build.ts';

const folder = join(root, 'dist', 'desktop');

/** What the program is made of; the command line has its own ways. */
const sources = ['main', 'db'] as const;
const isLeftOut = (path: string): boolean => /^main\/(cli|guest)\/|\.md$/.test(path);

/** Suffix of what becomes of a source file. */
const builtSuffix: Readonly<Record<string, string>> = { '.ts': '.js', '.cts': '.cjs' };
const sourceSuffix = /\.c?ts$/;

/** Imports of files beside it: `#…` ones go through the package's own table. */
const relativeImport = /(\b(?:from|import)\s*\(?\s*'\.{1,2}\/[^'\n]+)\.ts(?=')/g;

/** A source file as JavaScript of the same length. */
export const stripped = (source: string): string =>
  stripTypeScriptTypes(source).replace(relativeImport, '$1.js');

function copyTree(path: string, into: string): void {
  for (const entry of readdirSync(join(root, path), { withFileTypes: true })) {
    const inner = `${path}/${entry.name}`;
    if (isLeftOut(inner)) continue;
    if (entry.isDirectory()) {
      copyTree(inner, into);
      continue;
    }
    const target = join(into, inner);
    mkdirSync(dirname(target), { recursive: true });
    const [suffix] = sourceSuffix.exec(inner) ?? [];
    if (suffix === undefined) copyFileSync(join(root, inner), target);
    else {
      const built = target.replace(sourceSuffix, builtSuffix[suffix]!);
      writeFileSync(built, stripped(readFileSync(join(root, inner), 'utf8')));
    }
  }
}

interface Description {
  readonly name: string;
  readonly version: string;
  readonly imports: Readonly<Record<string, string>>;
}

/** The program's own description: where it begins, and that its files have become `.js`. */
function description(): object {
  const { name, version, imports } = JSON.parse(
    readFileSync(join(root, 'package.json'), 'utf8'),
  ) as Description;
  const built = Object.entries(imports).map(([from, to]) => [`${from}.ts`, `${to}.js`]);
  const main = 'main/desktop/electron/entry.js';
  return {
    name,
    version,
    type: 'module',
    main,
    imports: Object.fromEntries(built) as object,
    programHash: programHash(),
  };
}

async function buildWorker(into: string): Promise<void> {
  const { build } = await import('vite');
  await build({
    configFile: false,
    root,
    logLevel: 'warn',
    ssr: { noExternal: true, external: ['better-sqlite3'] },
    build: {
      ssr: join(root, 'db', 'worker.ts'),
      outDir: join(into, 'db'),
      emptyOutDir: false,
      minify: false,
      rolldownOptions: { output: { entryFileNames: 'worker.js', keepNames: true } },
    },
  });
}

const isFresh = (): boolean => {
  const built = join(folder, 'package.json');
  if (!existsSync(built)) return false;
  const newest = [...sources, 'renderer'].map((path) => newestMs(join(root, path)));
  return statSync(built).mtimeMs > Math.max(...newest);
};

/** Folder of the program, its window included; builds it when it is not there or old. */
export async function programFolder(): Promise<string> {
  if (isFresh()) return folder;
  const window = await rendererFolder();
  const making = `${folder}-${process.pid}`;
  rmSync(making, { recursive: true, force: true });
  for (const path of sources) copyTree(path, making);
  await buildWorker(making);
  cpSync(window, join(making, 'renderer', 'dist'), { recursive: true });
  writeFileSync(join(making, 'package.json'), `${JSON.stringify(description(), null, 2)}\n`);
  rmSync(folder, { recursive: true, force: true });
  renameSync(making, folder);
  return folder;
}
