// sysfs and its kernfs: files keep those out who come after the removal has begun, and the removal
// waits for those inside.

import { describe, expect, it } from 'vitest';
import { deadlockSentence } from '#detect/sentence.ts';
import type { KernfsNode } from '#kernel/fs/kernfs.ts';
import { kernfs_remove } from '#kernel/fs/kernfs.ts';
import {
  sysfs_create_dir,
  sysfs_create_file,
  sysfs_create_link,
  sysfs_remove_dir,
  sysfs_remove_file,
  sysfs_remove_file_self,
  sysfs_remove_link,
  sysfs_rename_dir,
  sysfs_rename_link,
  textAttribute,
} from '#kernel/fs/sysfs.ts';
import { vfs_read, vfs_readdir, vfs_write } from '#kernel/fs/vfs.ts';
import type { Kernel } from '#kernel/kernel.ts';
import { mutex_init, mutex_lock, mutex_unlock } from '#kernel/locking/mutex.ts';
import { procStackFrames } from '#kernel/stack.ts';
import { msleep } from '#kernel/time/delay.ts';
import type { MaySleep } from '#sim/task.ts';
import { count } from '#test/support/counts.ts';
import { bareKernel, second } from '#test/support/machine.ts';
import { livingTasks, logLines, thread } from '#test/support/threads.ts';

const directory = (k: Kernel, name = 'card'): KernfsNode =>
  sysfs_create_dir(k.vfs.directory('/sys/devices'), name) as KernfsNode;

/** A file whose store takes a while. */
const slowFile = (k: Kernel, dir: KernfsNode, milliseconds = 100, log: string[] = []): void => {
  sysfs_create_file(dir, {
    name: 'mlx4_port1',
    mode: 0o644,
    *show() {
      return 'eth\n';
    },
    *store(buf) {
      log.push('store begins');
      yield* msleep(k, milliseconds);
      log.push('store ends');
      return buf.length;
    },
  });
};

describe('removing a file', () => {
  it('waits for a write in progress', () => {
    const k = bareKernel();
    const dir = directory(k);
    const log: string[] = [];
    slowFile(k, dir, 100, log);
    thread(k, 'writer', function* () {
      log.push(`write ${yield* vfs_write(k, '/sys/devices/card/mlx4_port1', 'ib')}`);
    });
    thread(k, 'remover', function* () {
      yield* msleep(k, 4);
      yield* sysfs_remove_file(dir, 'mlx4_port1');
      log.push('removed');
    });
    k.sim.run(second);
    expect(log.indexOf('removed')).toBeGreaterThan(log.indexOf('store ends'));
    expect(log).toContain('write 2');
  });

  it('keeps those out who come after it has begun', () => {
    const k = bareKernel();
    const dir = directory(k);
    slowFile(k, dir);
    const answers: (string | number)[] = [];
    const path = '/sys/devices/card/mlx4_port1';
    thread(k, 'writer', () => vfs_write(k, path, 'ib') as never);
    thread(k, 'remover', function* () {
      yield* msleep(k, 4);
      yield* kernfs_remove(dir);
    });
    thread(k, 'late', function* () {
      yield* msleep(k, 20);
      answers.push(yield* vfs_read(k, path), yield* vfs_write(k, path, 'x'));
    });
    k.sim.run(second);
    expect(answers).toEqual([-19, -19]);
  });

  it('shows in the wait graph, and in the stack as __kernfs_remove', () => {
    const k = bareKernel();
    const dir = directory(k);
    slowFile(k, dir, 1000);
    thread(k, 'writer', () => vfs_write(k, '/sys/devices/card/mlx4_port1', 'ib') as never);
    const remover = thread(k, 'remover', function* () {
      yield* msleep(k, 4);
      yield* kernfs_remove(dir);
    });
    k.sim.run(0.1 * second);
    expect(procStackFrames(remover.stack).slice(0, 2)).toEqual([
      '__kernfs_remove',
      'kernfs_remove',
    ]);
    const [resource] = [...k.graph.resources];
    expect(resource!.name).toBe('kn->active(mlx4_port1)');
    expect(resource!.holds.map((hold) => hold.actor.name)).toEqual(['writer']);
  });

  it('from inside its own store is a deadlock of one', () => {
    const k = bareKernel();
    const dir = directory(k);
    sysfs_create_file(dir, {
      name: 'remove',
      mode: 0o200,
      *store(buf) {
        yield* sysfs_remove_file(dir, 'remove');
        return buf.length;
      },
    });
    thread(k, 'writer', () => vfs_write(k, '/sys/devices/card/remove', '1') as never);
    k.sim.run(second);
    expect(livingTasks(k)).toEqual(['writer']);
    expect(deadlockSentence(k.graph.deadlocks[0]!)).toContain(
      'writer waits for the end of a write to kn->active(remove)',
    );
  });

  it('with a lock that the store takes is a deadlock', () => {
    const k = bareKernel();
    const dir = directory(k);
    const lock = mutex_init(k, 'port_mutex');
    sysfs_create_file(dir, {
      name: 'type',
      mode: 0o200,
      *store(buf) {
        yield* msleep(k, 20);
        yield* mutex_lock(lock);
        yield* mutex_unlock(lock);
        return buf.length;
      },
    });
    thread(k, 'writer', () => vfs_write(k, '/sys/devices/card/type', '1') as never);
    thread(k, 'remover', function* () {
      yield* mutex_lock(lock);
      yield* msleep(k, 4);
      yield* sysfs_remove_file(dir, 'type');
    });
    k.sim.run(second);
    expect(k.graph.deadlocks).toHaveLength(1);
  });

  it('is over for everybody who asked for it only when all have left, on every schedule', () => {
    for (let seed = 1; seed <= count(100, 2000); seed++) {
      const k = bareKernel({ seed });
      const dir = directory(k);
      let inside = 0;
      sysfs_create_file(dir, {
        name: 'file',
        mode: 0o200,
        *store(buf) {
          inside++;
          yield* k.sim.spend(2000);
          if (buf === '2') yield* msleep(k, 1);
          inside--;
          return buf.length;
        },
      });
      for (const text of ['1', '2']) {
        thread(k, `writer${text}`, () => vfs_write(k, '/sys/devices/card/file', text) as never);
      }
      for (const [name, remove] of [
        ['file', () => sysfs_remove_file(dir, 'file')],
        ['directory', () => sysfs_remove_dir(dir)],
      ] as const) {
        thread(k, `remover of ${name}`, function* () {
          yield* k.sim.spend(1000);
          yield* remove();
          expect(inside).toBe(0);
        });
      }
      expect(k.sim.run(second)).toBe('quiescent');
      expect(livingTasks(k)).toEqual([]);
      expect(dir.children.size).toBe(0);
    }
  });

  it('of a name that is not there is nothing', () => {
    const k = bareKernel();
    const dir = directory(k);
    thread(k, 'a', () => sysfs_remove_file(dir, 'nothing'));
    expect(k.sim.run(second)).toBe('quiescent');
    let answer = true;
    thread(k, 'b', function* () {
      answer = yield* sysfs_remove_file_self(dir, 'nothing');
    });
    k.sim.run(second);
    expect(answer).toBe(false);
  });
});

describe('a removed directory', () => {
  it('takes all below it along', () => {
    const k = bareKernel();
    const dir = directory(k);
    const inner = sysfs_create_dir(dir, 'net') as KernfsNode;
    sysfs_create_file(
      inner,
      textAttribute('speed', () => '40000\n'),
    );
    thread(k, 'a', () => sysfs_remove_dir(dir));
    k.sim.run(second);
    expect(k.vfs.resolve('/sys/devices/card')).toBeUndefined();
    expect([inner.deactivated, dir.children.size, inner.children.size]).toEqual([true, 0, 0]);
  });
});

describe('names', () => {
  it('that are taken are refused with the warning of sysfs', () => {
    const k = bareKernel();
    const dir = directory(k);
    expect(
      sysfs_create_file(
        dir,
        textAttribute('a', () => ''),
      ),
    ).toBe(0);
    expect(
      sysfs_create_file(
        dir,
        textAttribute('a', () => ''),
      ),
    ).toBe(-17);
    expect(sysfs_create_link(dir, 'a', dir)).toBe(-17);
    expect(sysfs_create_dir(dir, 'a')).toBe(-17);
    expect(new Set(logLines(k))).toEqual(
      new Set(["sysfs: cannot create duplicate filename '/devices/card/a'"]),
    );
  });

  it('can be changed while they are free', () => {
    const k = bareKernel();
    const parent = k.vfs.directory('/sys/devices');
    const [one] = [directory(k, 'eth0'), directory(k, 'eth1')];
    sysfs_create_link(parent, 'link0', one);
    expect(sysfs_rename_dir(one, 'eth1')).toBe(-17);
    expect(sysfs_rename_dir(one, 'ens1')).toBe(0);
    expect(sysfs_rename_link(parent, 'link0', 'link1')).toBe(0);
    expect(sysfs_rename_link(parent, 'nothing', 'x')).toBe(0);
    expect(k.vfs.resolve('/sys/devices/link1')).toBe(one);
    const names = (vfs_readdir(k, '/sys/devices') as { name: string }[]).map(({ name }) => name);
    expect(names).toEqual(['ens1', 'eth1', 'link1', 'pci0000:00']);
  });

  it('of links are removed without waiting, and only of links', () => {
    const k = bareKernel();
    const dir = directory(k);
    sysfs_create_link(dir, 'driver', dir);
    sysfs_create_file(
      dir,
      textAttribute('file', () => ''),
    );
    sysfs_remove_link(dir, 'driver');
    sysfs_remove_link(dir, 'file');
    sysfs_remove_link(dir, 'nothing');
    expect([...dir.children.keys()]).toEqual(['file']);
  });
});

it('a write that came from of->mutex on has the stack of the kernel', () => {
  const k = bareKernel();
  slowFile(k, directory(k));
  function* writing(): MaySleep<void> {
    yield* vfs_write(k, '/sys/devices/card/mlx4_port1', 'ib');
  }
  const writer = thread(k, 'writer', writing);
  k.sim.run(0.02 * second);
  const frames = procStackFrames(writer.stack);
  expect(frames.slice(frames.indexOf('sysfs_kf_write'), frames.indexOf('kthread'))).toEqual([
    'sysfs_kf_write',
    'kernfs_fop_write_iter',
    'vfs_write',
    'ksys_write',
    '__x64_sys_write',
    'do_syscall_64',
    'entry_SYSCALL_64_after_hwframe',
    'writing',
  ]);
});
