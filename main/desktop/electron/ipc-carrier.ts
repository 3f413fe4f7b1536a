// Packets between pages and desk over Electron's IPC. A message counts only when it comes from the
// main frame of a window of ours, which shows our page; what is in it is the desk's to check.

import type { IpcMain, IpcMainEvent, WebContents } from 'electron';
import type { Desk } from '../desk.ts';
import type { Window, WindowHost } from '../window.ts';
import { isOurAddress } from './app-scheme.ts';

/** The windows on Electron's IPC. */
export class IpcCarrier {
  /** Messages from elsewhere. */
  strangers = 0;
  private readonly desk: Promise<Desk>;
  private readonly windows = new Map<WebContents, Window>();
  private readonly hosts = new Map<WebContents, WindowHost>();

  /** A desk that is still being made is waited for by whatever a page says. */
  constructor(desk: Desk | Promise<Desk>, ipcMain: IpcMain) {
    this.desk = Promise.resolve(desk);
    ipcMain.on('open', (event) => {
      if (this.isOurs(event)) this.open(event.sender);
    });
    ipcMain.on('packet', (event, packet: unknown) => {
      const window = this.isOurs(event) ? this.windows.get(event.sender) : undefined;
      if (window !== undefined) void this.desk.then((made) => made.take(window, packet));
    });
  }

  /** Lets the page of a window in, once it asks. */
  admit(contents: WebContents, host: WindowHost): void {
    this.hosts.set(contents, host);
    contents.on('did-start-navigation', ({ isMainFrame, isSameDocument }) => {
      if (isMainFrame && !isSameDocument) this.leave(contents);
    });
    contents.on('render-process-gone', () => {
      this.leave(contents);
    });
    contents.on('destroyed', () => {
      this.leave(contents);
      this.hosts.delete(contents);
    });
  }

  /** The window that these contents show, if its page is there. */
  windowOf(contents: WebContents): Window | undefined {
    return this.windows.get(contents);
  }

  private isOurs({ sender, senderFrame }: IpcMainEvent): boolean {
    const isMain = senderFrame !== null && senderFrame === sender.mainFrame;
    if (isMain && this.hosts.has(sender) && isOurAddress(senderFrame.url)) return true;
    this.strangers++;
    return false;
  }

  private open(contents: WebContents): void {
    this.leave(contents);
    const window: Window = {
      host: this.hosts.get(contents)!,
      send: (packet) => {
        if (!contents.isDestroyed()) contents.send('packet', packet);
      },
    };
    this.windows.set(contents, window);
    void this.desk.then((desk) => {
      desk.join(window);
    });
  }

  private leave(contents: WebContents): void {
    const window = this.windows.get(contents);
    if (window === undefined) return;
    this.windows.delete(contents);
    void this.desk.then((desk) => {
      desk.leave(window);
    });
  }
}
