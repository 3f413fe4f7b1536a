// What a page may not do, whatever gets into it: ask for a permission, load from elsewhere, go
// elsewhere, open a window, download. The dialogs of the lab are its only way to files.

import type { Event, Session, WebContents } from 'electron';
import { isOurAddress } from './app-scheme.ts';

/** Addresses that a page may load: our own, and pictures that are in the page itself. */
const mayLoad = (address: string): boolean => isOurAddress(address) || address.startsWith('data:');

const prevent = (event: Event): void => {
  event.preventDefault();
};

/** Closes everything that a session would allow. */
export function lockSession(session: Session): void {
  session.setPermissionRequestHandler((_contents, _permission, decide) => {
    decide(false);
  });
  session.setPermissionCheckHandler(() => false);
  session.setDevicePermissionHandler(() => false);
  session.webRequest.onBeforeRequest(({ url }, decide) => {
    decide({ cancel: !mayLoad(url) });
  });
  session.on('will-download', prevent);
}

/** Keeps a page where it is. It may load itself again. */
export function lockContents(contents: WebContents): void {
  contents.setWindowOpenHandler(() => ({ action: 'deny' }));
  contents.on('will-navigate', (event) => {
    if (event.url !== contents.getURL() || !isOurAddress(event.url)) event.preventDefault();
  });
  contents.on('will-frame-navigate', (event) => {
    if (!event.isMainFrame) event.preventDefault();
  });
  contents.on('will-redirect', prevent);
  contents.on('will-attach-webview', prevent);
}
