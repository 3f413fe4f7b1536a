// The few files of a machine that are neither sysfs nor procfs: /dev/null, /dev/kmsg, and /tmp,
// where a shell can put its output. They are nodes of the kernel's one tree. Left out: sizes,
// permissions, directories below /tmp.

import { EACCES, EEXIST, ENOENT } from '#kernel/errno.ts';
import { kernfs_create_file } from '#kernel/fs/kernfs.ts';
import type { KernfsNode, KernfsOps } from '#kernel/fs/kernfs.ts';
import type { Kernel } from '#kernel/kernel.ts';
import { KERN_NOTICE, printk } from '#kernel/printk.ts';
import type { MaySleep } from '#sim/task.ts';

/** Contents of a file below /tmp. */
class RamFile implements KernfsOps {
  text = '';

  *seq_show(): MaySleep<string> {
    return this.text;
  }

  *write(text: string): MaySleep<number> {
    this.text += text;
    return text.length;
  }
}

/** Level and text of a line written to /dev/kmsg: `<4>text`. */
const kmsgPattern = /^<(\d)>(.*)$/s;

/** Makes /dev and /tmp. */
export function mountRamfs(k: Kernel): void {
  const dev = k.vfs.directory('/dev');
  kernfs_create_file(dev, 'null', 0o666, {
    *seq_show() {
      return '';
    },
    *write(text) {
      return text.length;
    },
  });
  kernfs_create_file(dev, 'kmsg', 0o644, {
    *write(text) {
      const match = kmsgPattern.exec(text.replace(/\n$/, ''));
      printk(k, match === null ? KERN_NOTICE : Number(match[1]), match?.[2] ?? text.trimEnd());
      return text.length;
    },
  });
  k.vfs.directory('/tmp');
}

/** The file below /tmp that a path names, made when it is not there; an error for other paths. */
export function openRamFile(k: Kernel, path: string, append: boolean): number {
  const match = /^\/tmp\/([^/]+)$/.exec(path);
  if (match === null) return path.startsWith('/sys/') ? -EACCES : -ENOENT;
  const directory = k.vfs.directory('/tmp');
  const found = directory.children.get(match[1]!);
  const made = found ?? kernfs_create_file(directory, match[1]!, 0o644, new RamFile());
  if (typeof made === 'number') return -EEXIST;
  if (made.ops instanceof RamFile && !append) made.ops.text = '';
  return 0;
}

/** Removes a file below /tmp: 0, -ENOENT, or -EACCES elsewhere. */
export function removeRamFile(k: Kernel, path: string): number {
  const node: KernfsNode | undefined = k.vfs.resolve(path, false);
  if (node === undefined) return -ENOENT;
  if (!(node.ops instanceof RamFile)) return -EACCES;
  node.parent?.children.delete(node.name);
  return 0;
}
