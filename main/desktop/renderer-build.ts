// The built window. In an installed program it is there; in a clone it is built when a source file
// is newer than it, which takes a second.

import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The clone, or the installed program. */
export const root = fileURLToPath(new URL('../../', import.meta.url));
/** Folder of the built window. */
export const builtRenderer = join(root, 'renderer', 'dist');

/** When a file of a folder was changed last; what is built does not count. */
export const newestMs = (folder: string): number =>
  Math.max(
    0,
    ...readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.parentPath.startsWith(builtRenderer))
      .map((entry) => statSync(join(entry.parentPath, entry.name)).mtimeMs),
  );

/** Folder of the built window; builds it when it is not there or old. */
export async function rendererFolder(): Promise<string> {
  const page = join(builtRenderer, 'index.html');
  const config = join(root, 'renderer', 'vite.config.ts');
  if (!existsSync(config)) return builtRenderer;
  const sources = ['renderer', 'main/contract', 'main/trace', 'main/prm'];
  const newest = Math.max(...sources.map((folder) => newestMs(join(root, folder))));
  if (existsSync(page) && statSync(page).mtimeMs > newest) return builtRenderer;
  await buildForUse(config);
  return builtRenderer;
}

/**
 * Builds it as people use it, in whatever environment this is: a test runner's would give a
 * developer's build, which is larger and slower.
 */
async function buildForUse(configFile: string): Promise<void> {
  const before = process.env['NODE_ENV'];
  process.env['NODE_ENV'] = 'production';
  try {
    const { build } = await import('vite');
    await build({ configFile, logLevel: 'warn' });
  } finally {
    if (before === undefined) delete process.env['NODE_ENV'];
    else process.env['NODE_ENV'] = before;
  }
}
