// Chromium for window tests: the one inside npm's @sparticuz/chromium. It unpacks itself into the
// temporary folder and takes whatever file is there already, so it gets a folder of this version
// of our own. Its own arguments switch web security off and are never used.

import { mkdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium as playwright } from 'playwright-core';
import type { Browser } from 'playwright-core';

/** The package does not export its own description. */
const description = new URL(
  '../../../node_modules/@sparticuz/chromium/package.json',
  import.meta.url,
);
const { version } = JSON.parse(readFileSync(description, 'utf8')) as { readonly version: string };

/** Path of the browser's program; unpacks it the first time. */
async function executable(): Promise<string> {
  const folder = join(tmpdir(), `mlx4-lab-chromium-${version}-${process.getuid?.() ?? 0}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const before = process.env['TMPDIR'];
  process.env['TMPDIR'] = folder;
  try {
    const { default: packed } = await import('@sparticuz/chromium');
    return await packed.executablePath();
  } finally {
    if (before === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = before;
  }
}

/** A browser of its own. */
export const launchChromium = async (): Promise<Browser> =>
  playwright.launch({
    executablePath: await executable(),
    args: ['--no-sandbox', '--font-render-hinting=none'],
  });
