// Stands in for the module `electron` where its binary is not: the parts of it that the lab uses,
// with their events in Electron's order. Windows show nothing by themselves; `electron-page.ts`
// lets them show the page in Chromium.

import { EventEmitter } from 'node:events';
import type { ElectronParts } from '#desktop/electron/electron-parts.ts';

/** An event that can be prevented, as Electron gives them. */
export class StandInEvent {
  defaultPrevented = false;
  [key: string]: unknown;

  constructor(more: object = {}) {
    Object.assign(this, more);
  }

  preventDefault(): void {
    this.defaultPrevented = true;
  }
}

/** What shows the contents of a window. */
export interface Screen {
  load(address: string): Promise<void>;
  send(channel: string, packet: Uint8Array): void;
  close(): void;
}

const noScreen: Screen = {
  load: () => Promise.resolve(),
  send: () => undefined,
  close: () => undefined,
};

export class StandInContents extends EventEmitter {
  screen: Screen = noScreen;
  destroyed = false;
  /** The main frame; a new one has come when it is another object. */
  mainFrame = { url: '' };
  openHandler: (details: { url: string }) => { action: string } = () => ({ action: 'allow' });

  setWindowOpenHandler(handler: typeof this.openHandler): void {
    this.openHandler = handler;
  }

  getURL(): string {
    return this.mainFrame.url;
  }

  isDestroyed(): boolean {
    return this.destroyed;
  }

  send(channel: string, packet: Uint8Array): void {
    if (this.destroyed) throw new TypeError('Object has been destroyed');
    this.screen.send(channel, packet);
  }
}

export class StandInWindow extends EventEmitter {
  readonly webContents = new StandInContents();
  readonly options: Record<string, unknown>;
  /** What was called, in order. */
  readonly calls: string[] = [];
  bounds = { x: 10, y: 20, width: 1200, height: 700 };
  minimised = false;
  private readonly electron: ElectronStandIn;

  constructor(electron: ElectronStandIn, options: Record<string, unknown>) {
    super();
    this.electron = electron;
    this.options = options;
    electron.windows.push(this);
    electron.app.emit('web-contents-created', new StandInEvent(), this.webContents);
    electron.onWindow(this);
  }

  async loadURL(address: string): Promise<void> {
    this.calls.push(`load ${address}`);
    await this.webContents.screen.load(address);
    this.emit('ready-to-show');
  }

  show = (): unknown => this.calls.push('show');
  maximize = (): unknown => this.calls.push('maximize');
  isMaximized = (): boolean => this.calls.includes('maximize');
  getNormalBounds = (): typeof this.bounds => this.bounds;
  isMinimized = (): boolean => this.minimised;
  restore = (): unknown => this.calls.push('restore');
  focus = (): unknown => this.calls.push('focus');

  /** As when a person closes it. */
  close(): void {
    this.emit('close', new StandInEvent());
    this.destroy();
  }

  destroy(): void {
    const { webContents, electron } = this;
    if (webContents.destroyed) return;
    webContents.destroyed = true;
    webContents.screen.close();
    webContents.emit('destroyed');
    electron.windows.splice(electron.windows.indexOf(this), 1);
    if (electron.windows.length === 0) electron.app.emit('window-all-closed');
  }
}

class StandInApp extends EventEmitter {
  /** False: another process has the lock. */
  isFirst = true;
  isPackaged = false;
  sandboxed = false;
  readonly switches: string[] = [];
  readonly commandLine = { appendSwitch: (name: string) => this.switches.push(name) };
  private readonly folder: string;

  constructor(folder: string) {
    super();
    this.folder = folder;
  }

  requestSingleInstanceLock = (): boolean => this.isFirst;
  enableSandbox = (): void => {
    this.sandboxed = true;
  };
  whenReady = (): Promise<void> => Promise.resolve();
  getPath = (name: string): string => `${this.folder}/${name}`;

  /** `quit` is emitted when nobody prevents it. */
  quit(): void {
    const event = new StandInEvent();
    this.emit('will-quit', event);
    if (!event.defaultPrevented) this.emit('quit');
  }
}

class StandInSession extends EventEmitter {
  permission: (contents: unknown, name: string, decide: (may: boolean) => void) => void = () =>
    undefined;
  permissionCheck: () => boolean = () => true;
  devicePermission: () => boolean = () => true;
  beforeRequest: (details: { url: string }, decide: (answer: { cancel: boolean }) => void) => void =
    () => undefined;
  readonly webRequest = {
    onBeforeRequest: (handler: typeof this.beforeRequest) => {
      this.beforeRequest = handler;
    },
  };

  setPermissionRequestHandler(handler: typeof this.permission): void {
    this.permission = handler;
  }

  setPermissionCheckHandler(handler: typeof this.permissionCheck): void {
    this.permissionCheck = handler;
  }

  setDevicePermissionHandler(handler: typeof this.devicePermission): void {
    this.devicePermission = handler;
  }
}

/** A row of a menu, as far as tests look. */
export interface StandInMenuItem {
  readonly label?: string;
  readonly role?: string;
  readonly submenu?: readonly StandInMenuItem[];
  readonly click?: () => void;
}

/** Electron, for one process. */
export class ElectronStandIn {
  readonly windows: StandInWindow[] = [];
  readonly app: StandInApp;
  readonly session = new StandInSession();
  readonly ipcMain = new EventEmitter();
  menu: readonly StandInMenuItem[] = [];
  /** Schemes that were declared, with their privileges. */
  schemes: unknown[] = [];
  serve: (request: Request) => Response | Promise<Response> = () => Response.error();
  /** What the person does in the next dialog of each kind. */
  readonly answers = {
    save: { canceled: true, filePath: '' },
    open: { canceled: true, filePaths: [] as string[] },
    box: { response: 0 },
  };
  /** Dialogs that were shown, with what they were shown with. */
  readonly dialogs: unknown[] = [];
  workArea = { x: 0, y: 0, width: 1920, height: 1040 };
  /** Told of each new window, before anything is loaded into it. */
  onWindow: (window: StandInWindow) => void = () => undefined;

  /** `folder` holds what Electron's `getPath` names. */
  constructor(folder: string) {
    this.app = new StandInApp(folder);
  }

  /** The module's exports. */
  get parts(): ElectronParts {
    const display = { workArea: this.workArea };
    const makeWindow = (options: Record<string, unknown>): StandInWindow =>
      new StandInWindow(this, options);
    const shown = <A>(answer: () => A) => {
      return (...given: readonly unknown[]): Promise<A> => {
        this.dialogs.push(given.at(-1));
        return Promise.resolve(answer());
      };
    };
    const parts = {
      app: this.app,
      ipcMain: this.ipcMain,
      session: { defaultSession: this.session },
      // Called with `new`, as the class is.
      BrowserWindow: function (options: Record<string, unknown>) {
        return makeWindow(options);
      },
      dialog: {
        showSaveDialog: shown(() => this.answers.save),
        showOpenDialog: shown(() => this.answers.open),
        showMessageBox: shown(() => this.answers.box),
      },
      Menu: {
        buildFromTemplate: (template: readonly StandInMenuItem[]) => template,
        setApplicationMenu: (menu: readonly StandInMenuItem[]) => {
          this.menu = menu;
        },
      },
      protocol: {
        registerSchemesAsPrivileged: (schemes: unknown[]) => {
          this.schemes = schemes;
        },
        handle: (_scheme: string, serve: typeof this.serve) => {
          this.serve = serve;
        },
      },
      screen: { getPrimaryDisplay: () => display, getAllDisplays: () => [display] },
    };
    return parts as unknown as ElectronParts;
  }

  /** A row of a menu by its label or role. */
  menuItem(name: string): StandInMenuItem {
    const rows = this.menu.flatMap(({ submenu = [] }) => submenu);
    return rows.find(({ label, role }) => label === name || role === name)!;
  }

  /** A message on the IPC, from the main frame of these contents unless another is given. */
  receive(
    contents: StandInContents,
    channel: string,
    packet?: unknown,
    senderFrame: { readonly url: string } | null = contents.mainFrame,
  ): void {
    this.ipcMain.emit(channel, { sender: contents, senderFrame }, packet);
  }
}
