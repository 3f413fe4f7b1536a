// `npm start`: the window. In Electron when its binary is there; else in the installed browser,
// through the loopback host; without a browser its address is printed.

import { defaultDatabase } from '#db/data-folder.ts';
import { BrowserHost } from './browser/host.ts';
import { openInBrowser } from './browser/open.ts';
import { Desk } from './desk.ts';
import { rendererFolder } from './renderer-build.ts';

const isQuiet = process.argv.includes('--no-open');

const desk = new Desk(defaultDatabase());
void desk.bench.begin();
const host = new BrowserHost(desk, await rendererFolder());
const address = await host.listen();
const browser = isQuiet ? null : openInBrowser(address);
process.stdout.write(
  browser === null
    ? `Open this address yourself: ${address}\n`
    : `The window is in ${browser}: ${address}\n`,
);
process.stdout.write('Ctrl-C ends the lab; what ran is kept.\n');

const end = async (): Promise<void> => {
  await host.close();
  await desk.close();
};
const signals = ['SIGINT', 'SIGTERM'] as const;
const onSignal = (): void => {
  // A second one ends the process at once.
  for (const signal of signals) process.off(signal, onSignal);
  void end();
};
for (const signal of signals) process.on(signal, onSignal);
