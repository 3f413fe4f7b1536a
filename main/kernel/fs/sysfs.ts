// sysfs over kernfs (fs/sysfs/): directories, attribute files and links. Creating is a plain call,
// as no other context can see a half-made file; removing waits for reads and writes in progress.

import type { MaySleep } from '#sim/task.ts';
import { EEXIST } from '../errno.ts';
import { KERN_WARNING, printk } from '../printk.ts';
import {
  kernfs_remove,
  kernfs_create_dir,
  kernfs_create_file,
  kernfs_create_link,
  kernfs_remove_by_name_ns,
  kernfs_remove_self,
  kernfs_rename,
} from './kernfs.ts';
import type { KernfsNode } from './kernfs.ts';

/** A file of a directory. */
export interface SysfsAttribute {
  readonly name: string;
  /** 0o444, 0o644, 0o200 … */
  readonly mode: number;
  show?(): MaySleep<string | number>;
  /** Gets the text as written; returns the count or a negative error. */
  store?(buf: string): MaySleep<number>;
}

function sysfs_warn_dup(parent: KernfsNode, name: string): number {
  const path = parent.path.replace(/^\/sys/, '');
  printk(parent.k, KERN_WARNING, `sysfs: cannot create duplicate filename '${path}/${name}'`);
  return -EEXIST;
}

/** Makes a directory; -EEXIST with the kernel's warning when the name is taken. */
export function sysfs_create_dir(parent: KernfsNode, name: string): KernfsNode | number {
  const made = kernfs_create_dir(parent, name);
  return typeof made === 'number' ? sysfs_warn_dup(parent, name) : made;
}

/** 0, or -EEXIST with the kernel's warning. */
export function sysfs_create_file(directory: KernfsNode, attribute: SysfsAttribute): number {
  const { name, mode } = attribute;
  const made = kernfs_create_file(directory, name, mode, {
    ...(attribute.show === undefined ? {} : { seq_show: () => attribute.show!() }),
    ...(attribute.store === undefined ? {} : { write: (text: string) => attribute.store!(text) }),
  });
  return typeof made === 'number' ? sysfs_warn_dup(directory, name) : 0;
}

/** 0, or -EEXIST with the kernel's warning. */
export function sysfs_create_link(directory: KernfsNode, name: string, target: KernfsNode): number {
  const made = kernfs_create_link(directory, name, target);
  return typeof made === 'number' ? sysfs_warn_dup(directory, name) : 0;
}

/** Links are never waited for. */
export function sysfs_remove_link(directory: KernfsNode, name: string): void {
  const node = directory.children.get(name);
  if (node?.kind === 'link') directory.children.delete(name);
}

export function* sysfs_remove_file_ns(directory: KernfsNode, name: string): MaySleep<void> {
  yield* kernfs_remove_by_name_ns(directory, name);
}

/** sysfs_remove_file(): an inline of sysfs_remove_file_ns(). */
export const sysfs_remove_file = sysfs_remove_file_ns;

/** For a file that removes itself from inside its own store. */
export function* sysfs_remove_file_self(directory: KernfsNode, name: string): MaySleep<boolean> {
  const node = directory.children.get(name);
  return node === undefined ? false : yield* kernfs_remove_self(node);
}

export function* sysfs_remove_dir(directory: KernfsNode): MaySleep<void> {
  yield* kernfs_remove(directory);
}

/** 0 or -EEXIST. */
export const sysfs_rename_dir = (directory: KernfsNode, name: string): number =>
  kernfs_rename(directory, name);

/** A link under its old name gets a new one. */
export function sysfs_rename_link(directory: KernfsNode, from: string, to: string): number {
  const node = directory.children.get(from);
  return node === undefined ? 0 : kernfs_rename(node, to);
}

/** A file that shows one text, for constants such as `vendor`. */
export const textAttribute = (name: string, text: () => string, mode = 0o444): SysfsAttribute => ({
  name,
  mode,

  *show() {
    return text();
  },
});
