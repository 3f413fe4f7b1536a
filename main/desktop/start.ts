// `npm start`: the window. In Electron when its program is there or can be fetched; else in the
// installed browser, through the loopback host; without a browser its address is printed.

import module from 'node:module';
import { join } from 'node:path';
import { defaultDatabase } from '#db/data-folder.ts';
import { programFolder } from './program-build.ts';
import { rendererFolder, root } from './renderer-build.ts';
import { findElectron, hasScreen, runElectron } from './start/in-electron.ts';
import { startOptions, usage } from './start/options.ts';
import type { StartOptions } from './start/options.ts';

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

/** Some hundred files of TypeScript: their compiled form is kept, for the lab's threads too. */
function keepCompiled(): void {
  const folder = join(root, 'node_modules', '.cache', 'mlx4-lab');
  module.enableCompileCache(folder);
  process.env['NODE_COMPILE_CACHE'] ??= folder;
}

/** True when it ran in Electron; else it has said why not. */
async function ranInElectron(options: StartOptions): Promise<boolean> {
  const found = await findElectron(options, hasScreen(), say);
  const why = 'why' in found ? found.why : await runElectron(found.binary, await programFolder());
  if (why !== null) say(`Electron is not used: ${why}. The window is a page in a browser.`);
  return why === null;
}

async function start(words: readonly string[]): Promise<number> {
  const options = startOptions(words);
  if (typeof options === 'string') {
    process.stderr.write(`${options}\n`);
    return 2;
  }
  if (options.help) {
    process.stdout.write(usage);
    return 0;
  }
  if (!options.browser && !options.noOpen && (await ranInElectron(options))) return 0;
  keepCompiled();
  // The engine is loaded only now: Electron has a process of its own for it.
  const { serveInBrowser, untilSignal } = await import('./start/in-browser.ts');
  const signal = untilSignal();
  const end = await serveInBrowser({
    file: defaultDatabase(),
    renderer: await rendererFolder(),
    say,
    ...(options.noOpen ? { open: () => null } : {}),
  });
  await signal;
  await end();
  return 0;
}

process.exitCode = await start(process.argv.slice(2));
