// How a window stands for whoever has used it before: it opens on the session, not on the library
// as for a newcomer.

import type { BrowserContextOptions } from 'playwright-core';

/** Where the window keeps how it stands (renderer/state/frame.svelte.ts). */
const storageKey = 'mlx4-lab.frame';

/** The same as a script of a page, where the address is not known before. */
export const usedBeforeScript = `localStorage.getItem('${storageKey}') ??
  localStorage.setItem('${storageKey}', JSON.stringify({ view: 'session' }))`;

/** The storage of a browser in which a window of this address was used before. */
export function usedBefore(address: string): NonNullable<BrowserContextOptions['storageState']> {
  const localStorage = [{ name: storageKey, value: JSON.stringify({ view: 'session' }) }];
  return { cookies: [], origins: [{ origin: new URL(address).origin, localStorage }] };
}
