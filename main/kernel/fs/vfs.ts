// The one tree of a machine and what the shell does with it: /sys and /proc. Paths follow links; a
// link whose target is gone dangles. There is no other file system here.

import type { MaySleep } from '#sim/task.ts';
import { K } from '#trace/kinds.ts';
import { EACCES, EINVAL, ENOENT, ENOTDIR } from '../errno.ts';
import type { Kernel } from '../kernel.ts';
import { kernfs_create_dir, KernfsNode } from './kernfs.ts';
import type { KernfsKind } from './kernfs.ts';
import { createProcFiles } from './proc-files.ts';
import { processEntries } from './proc-pid.ts';
import { openNode, sys_read, sys_write } from './syscalls.ts';

/** Most links that one path may go through. */
const linksMax = 40;

/** One entry of a directory. */
export interface DirectoryEntry {
  readonly name: string;
  readonly kind: KernfsKind;
  /** Text of a link, empty for others. */
  readonly target: string;
}

export interface FileStat {
  readonly kind: KernfsKind;
  readonly mode: number;
}

export class Vfs {
  readonly k: Kernel;
  readonly root: KernfsNode;
  /** /sys */
  readonly sys: KernfsNode;
  /** /proc */
  readonly proc: KernfsNode;

  constructor(k: Kernel) {
    this.k = k;
    this.root = new KernfsNode(k, '', null, { kind: 'directory', mode: 0o755 });
    this.sys = kernfs_create_dir(this.root, 'sys') as KernfsNode;
    this.proc = kernfs_create_dir(
      this.root,
      'proc',
      processEntries(k, () => this.proc),
    ) as KernfsNode;
    for (const name of ['bus', 'class', 'devices', 'module']) this.directory(`/sys/${name}`);
    createProcFiles(k, this.proc);
  }

  /** The directory at an absolute path; parts that do not exist yet are made. */
  directory(path: string): KernfsNode {
    let node = this.root;
    for (const part of path.split('/').filter((each) => each !== '')) {
      const next = node.children.get(part) ?? kernfs_create_dir(node, part);
      node = next as KernfsNode;
    }
    return node;
  }

  /** The node at an absolute path; with `follow` false a link at the end is itself the result. */
  resolve(path: string, follow = true): KernfsNode | undefined {
    let node: KernfsNode | undefined = this.root;
    let links = 0;
    const parts = path.split('/').filter((part) => part !== '' && part !== '.');
    for (const [index, part] of parts.entries()) {
      node = part === '..' ? (node.parent ?? this.root) : node.child(part);
      const last = index === parts.length - 1;
      while (node?.kind === 'link' && (!last || follow)) {
        if (++links > linksMax) return undefined;
        const target: KernfsNode | null = node.target;
        node = target === null || target.deactivated ? undefined : target;
      }
      if (node === undefined) return undefined;
    }
    return node;
  }
}

/** Text of a link: the way from its directory to its target. */
function linkText(link: KernfsNode): string {
  const from = (link.parent?.path ?? '/').split('/').filter((part) => part !== '');
  const to = (link.target?.path ?? '/').split('/').filter((part) => part !== '');
  let same = 0;
  while (same < from.length && same < to.length && from[same] === to[same]) same++;
  return [...from.slice(same).map(() => '..'), ...to.slice(same)].join('/');
}

/** Reads a whole file: its text or a negative error. */
export function vfs_read(k: Kernel, path: string): MaySleep<string | number> {
  return readFile(k, path);
}

/** Writes a text to a file, as `echo text > path` does; the count or a negative error. */
export function vfs_write(k: Kernel, path: string, text: string): MaySleep<number> {
  return writeFile(k, path, text);
}

function* readFile(k: Kernel, path: string): MaySleep<string | number> {
  const file = openNode(k, k.vfs.resolve(path), 'read');
  if (typeof file === 'number') return file;
  return yield* sys_read(file);
}

function* writeFile(k: Kernel, path: string, text: string): MaySleep<number> {
  k.trace.emit(K.syscall, k.trace.intern(`write ${path}`), k.trace.intern(text));
  const node = k.vfs.resolve(path);
  // A shell opens with O_CREAT, and nobody can create files in sysfs.
  if (node === undefined && path.startsWith('/sys')) return -EACCES;
  const file = openNode(k, node, 'write');
  if (typeof file === 'number') return file;
  return yield* sys_write(file, text);
}

/** Order of names as people expect it: numbers in them by value, case last. */
function byNameAndNumber(a: string, b: string): number {
  const parts = (name: string): string[] => name.toLowerCase().match(/\d+|\D+/g) ?? [];
  const [left, right] = [parts(a), parts(b)];
  for (let at = 0; at < Math.max(left.length, right.length); at++) {
    const x = left[at] ?? '';
    const y = right[at] ?? '';
    const byValue = Number(x) - Number(y);
    if (byValue !== 0 && !Number.isNaN(byValue)) return byValue;
    if (x !== y) return x < y ? -1 : 1;
  }
  return a < b ? -1 : 1;
}

/** Entries of a directory by name, or a negative error. */
export function vfs_readdir(k: Kernel, path: string): DirectoryEntry[] | number {
  const node = k.vfs.resolve(path);
  if (node === undefined) return -ENOENT;
  if (node.kind !== 'directory') return -ENOTDIR;
  return [...node.children.values(), ...(node.dynamic?.list() ?? [])]
    .map((child) => ({
      name: child.name,
      kind: child.kind,
      target: child.kind === 'link' ? linkText(child) : '',
    }))
    .sort((a, b) => byNameAndNumber(a.name, b.name));
}

/** Kind and mode of what a path leads to (links followed), or -ENOENT. */
export function vfs_stat(k: Kernel, path: string): FileStat | number {
  const node = k.vfs.resolve(path);
  return node === undefined ? -ENOENT : { kind: node.kind, mode: node.mode };
}

/** Text of the link at a path, or a negative error. */
export function vfs_readlink(k: Kernel, path: string): string | number {
  const node = k.vfs.resolve(path, false);
  if (node === undefined) return -ENOENT;
  return node.kind === 'link' ? linkText(node) : -EINVAL;
}
