// Runs a built program's entry in this process, with the stand-in in the place of Electron: opens a
// scenario over the IPC, lets it run a while, and closes the window. What ran is in the library.
// `node run-program.ts ENTRY SCENARIO`.

import { registerHooks } from 'node:module';
import { setTimeout as wait } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { encodePacket } from '#contract/packet.ts';
import type { RunningLab } from '#desktop/electron/start-electron.ts';
import { standIn } from './electron-module.ts';
import { naive } from './wanted.ts';

const [, , entry, scenario] = process.argv;
const stands = new URL('electron-module.ts', import.meta.url).href;
registerHooks({
  resolve: (name, context, next) =>
    name === 'electron' ? { url: stands, shortCircuit: true } : next(name, context),
});

const { running } = (await import(pathToFileURL(entry!).href)) as {
  readonly running: Promise<RunningLab>;
};
const { desk } = await running;
const [window] = standIn.windows;
const { webContents } = window!;
webContents.mainFrame = { url: 'app://lab/' };
standIn.receive(webContents, 'open');

/** Events after which it has seen enough: the cycle of the story has closed by then. */
const enough = 25_000;

let id = 0;
const ask = async (name: string, body: unknown): Promise<void> => {
  const { handled } = desk;
  standIn.receive(webContents, 'packet', encodePacket({ kind: 'request', id: ++id, name, body }));
  while (desk.handled === handled) await wait(5);
};

await ask('session.open', naive(scenario!));
while (desk.bench.state.scenario !== scenario) await wait(5);
await ask('session.run', { speed: null });
while (desk.bench.state.running && desk.bench.state.events < enough) await wait(5);
await ask('session.pause', {});
const page = await standIn.serve(new Request('app://lab/'));
process.stdout.write(`${JSON.stringify({ ...desk.bench.state, page: page.status })}\n`);
window!.close();
