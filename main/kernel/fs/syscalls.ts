// The path of a read or write from the system call down to the file (fs/read_write.c,
// fs/kernfs/file.c, fs/sysfs/file.c, fs/proc/inode.c). The names are those that a blocked writer's
// stack shows. Order for sysfs: of->mutex of the open file, then the active reference, then the
// attribute (facts/driver 9.8).

import type { MaySleep } from '#sim/task.ts';
import { EACCES, EIO, EISDIR, ENODEV, ENOENT, ERESTARTNOINTR } from '../errno.ts';
import type { Kernel } from '../kernel.ts';
import { mutex_init, mutex_lock, mutex_unlock } from '../locking/mutex.ts';
import type { Mutex } from '../locking/mutex.ts';
import { kernfs_get_active, kernfs_put_active } from './kernfs.ts';
import type { KernfsNode } from './kernfs.ts';

/** Which chain serves a node. */
const isProc = (node: KernfsNode): boolean => node.isProc;

/** An open file (struct file with its kernfs_open_file). */
export class OpenFile {
  readonly k: Kernel;
  readonly node: KernfsNode;
  /** of->mutex: one per open file, so it orders only users of the same descriptor. */
  readonly mutex: Mutex;

  constructor(k: Kernel, node: KernfsNode) {
    this.k = k;
    this.node = node;
    this.mutex = mutex_init(k, `of->mutex(${node.name})`);
  }
}

/** Opens for reading or writing; sysfs wants the mode bit even of root. */
export function openNode(
  k: Kernel,
  node: KernfsNode | undefined,
  access: 'read' | 'write',
): OpenFile | number {
  if (node === undefined) return -ENOENT;
  if (node.kind === 'directory') return -EISDIR;
  if (node.deactivated) return -ENODEV;
  const wanted = access === 'read' ? 0o444 : 0o222;
  if ((node.mode & wanted) === 0 && (!isProc(node) || access === 'write')) return -EACCES;
  return new OpenFile(k, node);
}

function* sysfs_kf_write(file: OpenFile, text: string): MaySleep<number> {
  const { ops } = file.node;
  return ops.write === undefined ? -EIO : yield* ops.write(text);
}

function* kernfs_fop_write_iter(file: OpenFile, text: string): MaySleep<number> {
  yield* mutex_lock(file.mutex);
  let result = -ENODEV;
  if (yield* kernfs_get_active(file.node)) {
    result = yield* sysfs_kf_write(file, text);
    yield* kernfs_put_active(file.node);
  }
  yield* mutex_unlock(file.mutex);
  return result;
}

function* proc_reg_write(file: OpenFile, text: string): MaySleep<number> {
  const { ops } = file.node;
  return ops.write === undefined ? -EIO : yield* ops.write(text);
}

function* vfs_write(file: OpenFile, text: string): MaySleep<number> {
  if (isProc(file.node)) return yield* proc_reg_write(file, text);
  return yield* kernfs_fop_write_iter(file, text);
}

function* ksys_write(file: OpenFile, text: string): MaySleep<number> {
  return yield* vfs_write(file, text);
}

function* __x64_sys_write(file: OpenFile, text: string): MaySleep<number> {
  return yield* ksys_write(file, text);
}

function* sysfs_kf_seq_show(file: OpenFile): MaySleep<string | number> {
  const { ops } = file.node;
  return ops.seq_show === undefined ? -EIO : yield* ops.seq_show();
}

function* seq_read_iter(file: OpenFile): MaySleep<string | number> {
  yield* mutex_lock(file.mutex);
  let result: string | number = -ENODEV;
  if (yield* kernfs_get_active(file.node)) {
    result = yield* sysfs_kf_seq_show(file);
    yield* kernfs_put_active(file.node);
  }
  yield* mutex_unlock(file.mutex);
  return result;
}

function* kernfs_fop_read_iter(file: OpenFile): MaySleep<string | number> {
  return yield* seq_read_iter(file);
}

function* proc_reg_read(file: OpenFile): MaySleep<string | number> {
  const { ops } = file.node;
  return ops.seq_show === undefined ? -EIO : yield* ops.seq_show();
}

function* vfs_read(file: OpenFile): MaySleep<string | number> {
  if (isProc(file.node)) return yield* proc_reg_read(file);
  return yield* kernfs_fop_read_iter(file);
}

function* ksys_read(file: OpenFile): MaySleep<string | number> {
  return yield* vfs_read(file);
}

function* __x64_sys_read(file: OpenFile): MaySleep<string | number> {
  return yield* ksys_read(file);
}

/** What every system call's stack ends with. */
export function* do_syscall_64<T>(call: () => MaySleep<T>): MaySleep<T> {
  return yield* call();
}

export function* entry_SYSCALL_64_after_hwframe<T>(call: () => MaySleep<T>): MaySleep<T> {
  return yield* do_syscall_64(call);
}

/**
 * A call that ends with restart_syscall() is made again, unseen by the program: with nothing held
 * in between, so that whoever removes the file meanwhile can finish (facts/driver 9.3).
 */
function* restartingCall<T>(k: Kernel, call: () => MaySleep<T | number>): MaySleep<T | number> {
  for (;;) {
    const result = yield* entry_SYSCALL_64_after_hwframe(call);
    if (result !== -ERESTARTNOINTR) return result;
    yield* k.sim.relax();
  }
}

/** write(2) of a whole text; the count or a negative error. */
export const sys_write = (file: OpenFile, text: string): MaySleep<number> =>
  restartingCall(file.k, () => __x64_sys_write(file, text));

/** read(2) until the end of the file; the text or a negative error. */
export const sys_read = (file: OpenFile): MaySleep<string | number> =>
  restartingCall(file.k, () => __x64_sys_read(file));
