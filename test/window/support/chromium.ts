// Chromium for window tests: the one inside npm's @sparticuz/chromium. It unpacks itself into the
// temporary folder and takes whatever file is there already, so it gets a folder of this version
// of our own. Its own arguments switch web security off and are never used.

import { mkdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium as playwright } from 'playwright-core';
import type { Browser } from 'playwright-core';
import { missingLibraries, packedLibraries } from './libraries.ts';

const packageFolder = fileURLToPath(
  new URL('../../../node_modules/@sparticuz/chromium/', import.meta.url),
);
/** The package does not export its own description. */
const { version } = JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8')) as {
  readonly version: string;
};

const folder = join(tmpdir(), `mlx4-lab-chromium-${version}-${process.getuid?.() ?? 0}`);

/** Archive of the libraries that a bare machine lacks. */
export const packed = join(packageFolder, 'bin', 'al2023.tar.br');

/** Path of the browser's program; unpacks it the first time. */
export async function executable(): Promise<string> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const before = process.env['TMPDIR'];
  process.env['TMPDIR'] = folder;
  try {
    const { default: chromium } = await import('@sparticuz/chromium');
    return await chromium.executablePath();
  } finally {
    if (before === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = before;
  }
}

/** Environment of the browser: with the package's libraries where the system's are missing. */
function environment(program: string): Record<string, string> {
  const inherited = process.env as Record<string, string>;
  if (missingLibraries(program).length === 0) return inherited;
  const libraries = packedLibraries(packed, folder);
  const path = [libraries, inherited['LD_LIBRARY_PATH'] ?? ''].filter((part) => part !== '');
  return { ...inherited, LD_LIBRARY_PATH: path.join(':') };
}

/** A browser of its own. */
export async function launchChromium(): Promise<Browser> {
  const executablePath = await executable();
  return playwright.launch({
    executablePath,
    env: environment(executablePath),
    args: ['--no-sandbox', '--font-render-hinting=none'],
  });
}
