// ls: names, in columns on a terminal and one a line elsewhere; -l with the dates and sizes that
// the pseudo file systems have. Left out: colours, sorting by anything but the name.

import { errnoText } from '#kernel/errno.ts';
import { vfs_readdir, vfs_readlink, vfs_stat } from '#kernel/fs/vfs.ts';
import type { DirectoryEntry } from '#kernel/fs/vfs.ts';
import type { MaySleep } from '#sim/task.ts';
import { momentAt, twoDigits } from '../../calendar.ts';
import type { Process } from '../process.ts';
import type { Command } from '../state.ts';
import { Screen } from '../stream.ts';
import { readOptions } from './options.ts';

/** Width of a terminal. */
const columns = 80;

/** Names in columns, filled from top to bottom, as ls does. */
export function inColumns(names: readonly string[]): string {
  if (names.length === 0) return '';
  for (let rows = 1; rows <= names.length; rows++) {
    const count = Math.ceil(names.length / rows);
    const widths = Array.from({ length: count }, (_, column) => {
      const cells = names.slice(column * rows, (column + 1) * rows);
      return Math.max(...cells.map((name) => name.length));
    });
    const total = widths.reduce((sum, width) => sum + width + 2, -2);
    if (total > columns && rows < names.length) continue;
    return Array.from({ length: rows }, (_, row) =>
      widths
        .map((width, column) => (names[column * rows + row] ?? '').padEnd(width))
        .join('  ')
        .trimEnd(),
    )
      .map((line) => `${line}\n`)
      .join('');
  }
  return '';
}

const letters = { directory: 'd', file: '-', link: 'l' } as const;

/** `rw-r--r--`. */
function modeText(mode: number): string {
  return [6, 3, 0]
    .map((shift) => {
      const bits = (mode >> shift) & 7;
      return `${bits & 4 ? 'r' : '-'}${bits & 2 ? 'w' : '-'}${bits & 1 ? 'x' : '-'}`;
    })
    .join('');
}

/** Links of a directory: itself, its name, and one for each directory in it. */
function linksOf(process: Process, path: string): number {
  const entries = vfs_readdir(process.k, path);
  if (typeof entries === 'number') return 2;
  return 2 + entries.filter((entry) => entry.kind === 'directory').length;
}

interface Row {
  readonly name: string;
  readonly path: string;
}

/** One line of `ls -l`. */
function longLine(process: Process, { name, path }: Row): string {
  const target = vfs_readlink(process.k, path);
  const stat = vfs_stat(process.k, path);
  const isLink = typeof target === 'string';
  const kind = isLink ? 'link' : typeof stat === 'number' ? 'file' : stat.kind;
  const mode = isLink ? 0o777 : typeof stat === 'number' ? 0 : stat.mode;
  const links = kind === 'directory' ? linksOf(process, path) : 1;
  const size = kind === 'file' && path.startsWith('/sys') ? 4096 : 0;
  const { monthName, day, hour, minute } = momentAt(0);
  const date = `${monthName} ${String(day).padStart(2)} ${twoDigits(hour)}:${twoDigits(minute)}`;
  const arrow = isLink ? ` -> ${target}` : '';
  return (
    `${letters[kind]}${modeText(mode)} ${String(links).padStart(2)} root root ` +
    `${String(size).padStart(4)} ${date} ${name}${arrow}`
  );
}

class Listing {
  private readonly process: Process;
  private readonly flags: ReadonlyMap<string, string>;

  constructor(process: Process, flags: ReadonlyMap<string, string>) {
    this.process = process;
    this.flags = flags;
  }

  *directory(path: string): MaySleep<void> {
    const found = vfs_readdir(this.process.k, path);
    const entries: readonly DirectoryEntry[] = typeof found === 'number' ? [] : found;
    const shown = entries
      .map((entry) => entry.name)
      .filter((name) => !name.startsWith('.') || this.flags.has('a') || this.flags.has('A'));
    const all = this.flags.has('a') ? ['.', '..', ...shown] : shown;
    if (this.flags.has('l')) yield* this.process.out('total 0\n');
    yield* this.print(all.map((name) => ({ name, path: this.process.path(`${path}/${name}`) })));
  }

  *print(rows: readonly Row[]): MaySleep<void> {
    const { process, flags } = this;
    if (flags.has('l')) {
      for (const row of rows) yield* process.out(`${longLine(process, row)}\n`);
      return;
    }
    const names = rows.map((row) => (flags.has('F') ? row.name + this.mark(row.path) : row.name));
    const inLines = flags.has('1') || !(process.streams.stdout instanceof Screen);
    yield* process.out(inLines ? names.map((name) => `${name}\n`).join('') : inColumns(names));
  }

  private mark(path: string): string {
    if (typeof vfs_readlink(this.process.k, path) === 'string') return '@';
    const stat = vfs_stat(this.process.k, path);
    return typeof stat !== 'number' && stat.kind === 'directory' ? '/' : '';
  }
}

export const ls: Command = {
  name: 'ls',
  summary: 'list directories (-l -a -A -d -1 -F)',
  builtin: false,
  *run(process, args): MaySleep<number> {
    const { flags, operands, error } = readOptions(
      args.map((arg) => (arg === '-1' ? '-o' : arg)),
      'laAdoFhtrR',
    );
    if (error !== null) return yield* process.usage(error);
    const wanted = flags.has('o') ? new Map([...flags, ['1', '']]) : flags;
    const listing = new Listing(process, wanted);
    const files: Row[] = [];
    const directories: string[] = [];
    let status = 0;
    for (const name of operands.length > 0 ? operands : ['.']) {
      const path = process.path(name);
      const stat = vfs_stat(process.k, path);
      const isLink = typeof vfs_readlink(process.k, path) === 'string';
      if (typeof stat === 'number' && !isLink) {
        yield* process.err(`ls: cannot access '${name}': ${errnoText(stat)}\n`);
        status = 2;
      } else if (
        typeof stat !== 'number' &&
        stat.kind === 'directory' &&
        !flags.has('d') &&
        !(isLink && flags.has('l') && !name.endsWith('/'))
      ) {
        directories.push(name);
      } else files.push({ name, path });
    }
    yield* listing.print(files);
    for (const [index, name] of directories.entries()) {
      if (operands.length > 1) {
        yield* process.out(`${index > 0 || files.length > 0 ? '\n' : ''}${name}:\n`);
      }
      yield* listing.directory(process.path(name));
    }
    return status;
  },
};
