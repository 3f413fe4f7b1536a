// Lets a window of the stand-in show its page in Chromium. `app://lab/` becomes an https origin
// that exists only here and is answered by what serves the scheme; the preload runs in the page,
// and its IPC goes over a binding. So page, preload and main process are all the real ones.

import { existsSync, readFileSync } from 'node:fs';
import type { BrowserContext, Page, Route } from 'playwright-core';
import { stripped } from '#desktop/program-build.ts';
import type { ElectronStandIn, StandInContents, StandInWindow } from './electron-stand-in.ts';
import { StandInEvent } from './electron-stand-in.ts';

/** Stands for `app://lab`. */
export const standInOrigin = 'https://lab.test';
const appAddress = (url: string): string => url.replace(`${standInOrigin}/`, 'app://lab/');
const pageAddress = (url: string): string => url.replace('app://lab/', `${standInOrigin}/`);

/** The preload as a script of the page, with the two parts of Electron that it loads. */
function preloadScript(path: string): string {
  const source = existsSync(path)
    ? readFileSync(path, 'utf8')
    : stripped(readFileSync(path.replace(/\.cjs$/, '.cts'), 'utf8'));
  return `if (window === window.top) (() => {
    const hearers = new Map();
    window.__deliver = (channel, text) =>
      hearers.get(channel)?.({}, Uint8Array.fromBase64(text));
    const carried = (packet) =>
      packet instanceof Uint8Array ? { bytes: packet.toBase64() } : { other: packet };
    const electron = {
      contextBridge: {
        exposeInMainWorld: (name, api) =>
          Object.defineProperty(window, name, { value: Object.freeze(api) }),
      },
      ipcRenderer: {
        on: (channel, hear) => hearers.set(channel, hear),
        removeAllListeners: (channel) => hearers.delete(channel),
        send: (channel, packet) => window.__ipc(channel, carried(packet)),
      },
    };
    const require = () => electron;
    ${source}
  })();`;
}

interface Carried {
  readonly bytes?: string;
  readonly other?: unknown;
}

/** Shows the windows of a stand-in in a browser. */
export class ChromiumScreen {
  /** The page of the window; another one after a crash. */
  page: Page | null = null;
  onPage: (page: Page) => void = () => undefined;
  private readonly electron: ElectronStandIn;
  private readonly context: BrowserContext;
  /** Address that main itself loads now, if any. */
  private loading = false;

  constructor(electron: ElectronStandIn, context: BrowserContext) {
    this.electron = electron;
    this.context = context;
    electron.onWindow = (window) => {
      this.show(window);
    };
  }

  private show({ webContents: contents, options }: StandInWindow): void {
    const { preload } = options['webPreferences'] as { readonly preload: string };
    contents.screen = {
      load: async (address) => {
        this.page ??= await this.open(contents, preload);
        this.loading = true;
        await this.page.goto(pageAddress(address)).finally(() => {
          this.loading = false;
        });
      },
      send: (channel, packet) => {
        const text = Buffer.from(packet).toString('base64');
        // A page that is just going does not hear it, as in Electron.
        this.page
          ?.evaluate(
            ([to, bytes]) => (globalThis as unknown as Deliverer).__deliver?.(to!, bytes!),
            [channel, text],
          )
          .catch(() => undefined);
      },
      close: () => {
        void this.page?.close();
      },
    };
  }

  private async open(contents: StandInContents, preload: string): Promise<Page> {
    const page = await this.context.newPage();
    await page.exposeBinding('__ipc', (source, channel: string, carried: Carried) => {
      const { bytes, other } = carried;
      const packet = bytes === undefined ? other : new Uint8Array(Buffer.from(bytes, 'base64'));
      const isMain = source.frame === page.mainFrame();
      const frame = isMain ? contents.mainFrame : { url: appAddress(source.frame.url()) };
      this.electron.receive(contents, channel, packet, frame);
    });
    await page.addInitScript(preloadScript(preload));
    await page.route('**/*', (route) => this.answer(route, page, contents));
    page.on('popup', (popup) => {
      const { action } = contents.openHandler({ url: popup.url() });
      if (action === 'deny') void popup.close();
    });
    page.on('crash', () => {
      this.page = null;
      void page.close();
      contents.emit('render-process-gone', new StandInEvent(), { reason: 'crashed' });
    });
    this.onPage(page);
    return page;
  }

  /** A request of the page, in the order in which Electron looks at it. */
  private async answer(route: Route, page: Page, contents: StandInContents): Promise<void> {
    const request = route.request();
    const url = appAddress(request.url());
    const isMainFrame = request.frame() === page.mainFrame();
    if (request.isNavigationRequest()) {
      if (!this.loading && !this.mayNavigate(contents, url, isMainFrame)) {
        // No content: the page stays where it is.
        return route.fulfill({ status: 204 });
      }
      const isSameDocument = false;
      contents.emit('did-start-navigation', new StandInEvent({ isMainFrame, isSameDocument }));
      if (isMainFrame) contents.mainFrame = { url };
    }
    let isCancelled = false;
    this.electron.session.beforeRequest({ url }, ({ cancel }) => {
      isCancelled = cancel;
    });
    if (isCancelled || !url.startsWith('app:')) return route.abort();
    const response = await this.electron.serve(new Request(url, { method: request.method() }));
    return route.fulfill({
      status: response.status,
      headers: Object.fromEntries(response.headers),
      body: Buffer.from(await response.arrayBuffer()),
    });
  }

  private mayNavigate(contents: StandInContents, url: string, isMainFrame: boolean): boolean {
    const event = new StandInEvent({ url, isMainFrame });
    contents.emit('will-frame-navigate', event);
    if (isMainFrame) contents.emit('will-navigate', event);
    return !event.defaultPrevented;
  }
}

interface Deliverer {
  readonly __deliver?: (channel: string, text: string) => void;
}
