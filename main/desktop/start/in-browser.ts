// The window in a browser: the loopback host until Ctrl-C, which keeps what ran. Loaded only when
// it is wanted, for the engine comes with it: that is loaded while the browser reads the page.

import { BrowserHost } from '../browser/host.ts';
import { openInBrowser } from '../browser/open.ts';
import type { Desk } from '../desk.ts';

/** What it needs. */
export interface BrowserStart {
  /** Database of runs. */
  readonly file: string;
  /** The built window. */
  readonly renderer: string;
  /** Opens an address; what opened it, or null. */
  readonly open?: (address: string) => string | null;
  readonly say: (line: string) => void;
}

/** Serves it; gives what ends it. */
export async function serveInBrowser(start: BrowserStart): Promise<() => Promise<void>> {
  const { file, renderer, open = openInBrowser, say } = start;
  const desk = makeDesk(file);
  const host = new BrowserHost(desk, renderer);
  const address = await host.listen();
  const browser = open(address);
  say(
    browser === null
      ? `Open this address yourself: ${address}`
      : `The window is in ${browser}: ${address}`,
  );
  say('Ctrl-C ends the lab; what ran is kept.');
  return async () => {
    await host.close();
    await (await desk).close();
  };
}

async function makeDesk(file: string): Promise<Desk> {
  const { Desk } = await import('../desk.ts');
  const desk = new Desk(file);
  desk.beginWithFirstWindow();
  return desk;
}

/** Waits for the first Ctrl-C; a second one ends the process at once. */
export function untilSignal(): Promise<void> {
  const signals = ['SIGINT', 'SIGTERM'] as const;
  return new Promise((resolve) => {
    const onSignal = (): void => {
      for (const signal of signals) process.off(signal, onSignal);
      resolve();
    };
    for (const signal of signals) process.on(signal, onSignal);
  });
}
