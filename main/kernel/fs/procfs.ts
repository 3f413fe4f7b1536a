// Files of /proc and /proc/sys (fs/proc/generic.c, kernel/sysctl.c). An entry is a pair of
// functions; a sysctl is a getter and a setter of one text.

import type { MaySleep } from '#sim/task.ts';
import type { Kernel } from '../kernel.ts';
import { kernfs_create_dir, kernfs_create_file } from './kernfs.ts';
import type { KernfsNode } from './kernfs.ts';

/** What a /proc file does. */
export interface ProcOps {
  show?(): MaySleep<string | number>;
  /** The count or a negative error. */
  write?(text: string): MaySleep<number>;
  /** Permission bits; by default from the functions that are there. */
  mode?: number;
}

/** A value under /proc/sys. */
export interface Sysctl {
  get(): string | number;
  /** Absent: read only. The count is the caller's; 0 or a negative error here. */
  set?(text: string): number;
}

function directoryOf(base: KernfsNode, path: string): [KernfsNode, string] {
  const parts = path.split('/').filter((part) => part !== '');
  const name = parts.pop() ?? '';
  let node = base;
  for (const part of parts) {
    node = (node.children.get(part) ?? kernfs_create_dir(node, part)) as KernfsNode;
  }
  return [node, name];
}

/** Makes a file below a base directory. */
export function createProcFile(base: KernfsNode, path: string, ops: ProcOps): void {
  const [directory, name] = directoryOf(base, path);
  const mode = ops.mode ?? (ops.show === undefined ? 0 : 0o444) | (ops.write ? 0o200 : 0);
  kernfs_create_file(directory, name, mode, {
    ...(ops.show === undefined ? {} : { seq_show: () => ops.show!() }),
    ...(ops.write === undefined ? {} : { write: (text: string) => ops.write!(text) }),
  });
}

/** proc_create(): `path` is below /proc, for example `net/bonding/bond0`; directories are made. */
export function proc_create(k: Kernel, path: string, ops: ProcOps): void {
  createProcFile(k.vfs.proc, path, ops);
}

/** remove_proc_entry(): a file, or a directory with all in it. */
export function remove_proc_entry(k: Kernel, path: string): void {
  const [directory, name] = directoryOf(k.vfs.proc, path);
  directory.children.delete(name);
}

/** A sysctl below a /proc node. */
export function createSysctl(proc: KernfsNode, path: string, sysctl: Sysctl): void {
  const { set } = sysctl;
  createProcFile(proc, `sys/${path}`, {
    *show() {
      return `${sysctl.get()}\n`;
    },

    *write(text) {
      const result = set === undefined ? 0 : set.call(sysctl, text.trim());
      return result < 0 ? result : text.length;
    },
    mode: set === undefined ? 0o444 : 0o644,
  });
}

/** register_sysctl(): `path` is below /proc/sys, for example `net/core/somaxconn`. */
export function register_sysctl(k: Kernel, path: string, sysctl: Sysctl): void {
  createSysctl(k.vfs.proc, path, sysctl);
}
