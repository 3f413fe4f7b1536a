// A window as the desk sees it: a way to it, and what the program around it can do. Carriers (a
// socket, Electron's IPC) make them.

import type { HostState } from '#contract/host.ts';
import { Refused } from './bench/refused.ts';

/** A file that a person has chosen. */
export interface ChosenFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** What the program around a window does for it. */
export interface WindowHost {
  readonly state: HostState;
  /** Asks where to save: the path that was written, or null. */
  save(name: string, bytes: Uint8Array): Promise<string | null>;
  /** Asks for a file, or null. */
  open(): Promise<ChosenFile | null>;
}

/** One window. */
export interface Window {
  /** Left out: it is a page in a browser. */
  readonly host?: WindowHost;
  send(packet: Uint8Array): void;
}

const refuse = (): Promise<never> =>
  Promise.reject(new Refused('In a browser, the page chooses files itself.'));

/** Around a page in a browser. */
export const browserWindowHost: WindowHost = {
  state: { kind: 'browser', dialogs: false },
  save: refuse,
  open: refuse,
};
