// The built window: its files, read once, and the headers under which every host serves them. What
// is not in the folder's list is not there.

import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';

/** Only our own scripts, nothing remote; inline styles because xterm.js needs them (design 10). */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "font-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Headers of every page. */
export const pageHeaders: Readonly<Record<string, string>> = {
  'content-security-policy': contentSecurityPolicy,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
};

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};

/** A file of the window. */
export interface Page {
  readonly type: string;
  readonly bytes: Buffer;
}

/** Files of the built window by path. */
export class Pages {
  private readonly byPath = new Map<string, Page>();

  constructor(folder: string) {
    this.read(folder, '/');
  }

  // One folder at a time: Electron's archive does not list a whole tree.
  private read(folder: string, path: string): void {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const file = join(folder, entry.name);
      const type = types[extname(entry.name)];
      if (entry.isDirectory()) this.read(file, `${path}${entry.name}/`);
      else if (type !== undefined) {
        this.byPath.set(path + entry.name, { type, bytes: readFileSync(file) });
      }
    }
  }

  /** The file at a path; `/` is the page itself. */
  get(path: string): Page | null {
    return this.byPath.get(path === '/' ? '/index.html' : path) ?? null;
  }
}
