// The house's rules as data (design sections 3 and 4): who may import whom, what the lab may not
// see, and how large things may be. The checks beside this file read them; none of them knows a
// folder.

/** What the files of a folder under main/ may import. */
export interface FolderRule {
  /** Other folders under main/, as `#name/…`. */
  readonly folders: readonly string[];
  /** Folders of which only types may be imported. */
  readonly types?: readonly string[];
  /** Packages; `node:` stands for every module of Node. */
  readonly packages?: readonly string[];
  /** Node, DOM, time and promises are visible. */
  readonly open?: boolean;
}

const machine = ['trace', 'prm', 'sim', 'detect', 'explore', 'bus', 'device', 'fabric'] as const;
/** What builds the window: vite.config.ts and svelte.config.js. */
const buildPackages = ['vite', '@sveltejs/vite-plugin-svelte', 'node:url'] as const;
const host = ['contract', 'lab', 'guest', 'db', 'trace'] as const;

export const folderRules: Readonly<Record<string, FolderRule>> = {
  trace: { folders: [] },
  prm: { folders: [] },
  sim: { folders: ['trace'] },
  detect: { folders: ['trace', 'sim'] },
  explore: { folders: ['trace', 'sim', 'detect'] },
  bus: { folders: ['trace'] },
  device: { folders: ['trace', 'bus', 'prm'] },
  fabric: { folders: ['trace', 'bus', 'prm'] },
  kernel: { folders: ['trace', 'sim', 'bus', 'detect'] },
  driver: { folders: ['trace', 'sim', 'bus', 'prm', 'kernel'] },
  guest: {
    folders: ['trace', 'bus', 'prm', 'device', 'fabric'],
    packages: ['v86', 'tar-stream', 'xz-decompress', 'node:'],
    open: true,
  },
  lab: { folders: [...machine, 'kernel', 'driver'], packages: ['yaml'] },
  // What messages carry is declared where it is made; of that, the contract sees types only.
  contract: { folders: ['trace'], types: ['prm', 'lab', 'db'], packages: ['valibot'] },
  db: {
    folders: ['trace', 'lab'],
    types: ['sim'],
    packages: ['better-sqlite3', 'node:'],
    open: true,
  },
  renderer: {
    folders: ['contract', 'trace', 'prm'],
    packages: ['svelte', '@xterm/xterm', '@fontsource-variable', ...buildPackages],
    open: true,
  },
  desktop: { folders: host, packages: ['electron', 'ws', 'valibot', 'vite', 'node:'], open: true },
  cli: {
    folders: host,
    packages: ['commander', 'node:'],
    open: true,
  },
};

/**
 * Folders that import themselves only by relative paths: a trainee's copy of them in another place
 * must load its own files, and the lab's for everything else.
 */
export const copiedFolders: readonly string[] = ['driver'];

/** Names that reach outside the machine, by what they would bring in. */
export const outsideNames: Readonly<Record<string, readonly string[]>> = {
  'wall-clock time': ['Date', 'performance', 'Intl'],
  timers: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'requestAnimationFrame'],
  promises: ['Promise', 'queueMicrotask', 'setImmediate', 'clearImmediate', 'AbortController'],
  'garbage collection': ['WeakRef', 'FinalizationRegistry'],
  Node: ['process', 'Buffer', 'global', 'require', '__dirname', '__filename', 'NodeJS', 'console'],
  DOM: ['window', 'document', 'navigator', 'location', 'fetch', 'XMLHttpRequest', 'WebSocket']
    .concat(['Worker', 'MessageChannel', 'localStorage', 'sessionStorage', 'indexedDB'])
    .concat(['HTMLElement', 'Event', 'EventTarget', 'self', 'alert', 'postMessage']),
  'the global object': ['globalThis', 'eval', 'Function', 'crypto'],
};

/** Members that differ between machines or runs. */
export const outsideMembers: readonly string[] = [
  'Math.random',
  'import.meta',
  'localeCompare',
  'toLocaleString',
  'toLocaleLowerCase',
  'toLocaleUpperCase',
];

/** Sizes in lines or columns. */
export const sizes = {
  fileLines: 500,
  tableFileLines: 1000,
  functionLines: 70,
  driverFunctionLines: 120,
  columns: 100,
  headerLinesMin: 2,
  headerLinesMax: 12,
  readmeLines: 60,
} as const;

/** What every README says, in this order. */
export const readmeHeadings: readonly string[] = [
  'Holds',
  'May import',
  'Names to know',
  'Left out',
];
