// The tree: paths, links, directories in order, and the errors that a program gets.

import { describe, expect, it } from 'vitest';
import type { KernfsNode } from '#kernel/fs/kernfs.ts';
import { sysfs_create_dir, sysfs_create_file, sysfs_create_link } from '#kernel/fs/sysfs.ts';
import { vfs_read, vfs_readdir, vfs_readlink, vfs_stat, vfs_write } from '#kernel/fs/vfs.ts';
import type { Kernel } from '#kernel/kernel.ts';
import { restart_syscall } from '#kernel/sched.ts';
import { bareKernel, second } from '#test/support/machine.ts';
import { thread } from '#test/support/threads.ts';

/** /sys/devices/pci/card with a few files, and links to it. */
function tree(): Kernel {
  const k = bareKernel();
  const card = k.vfs.directory('/sys/devices/pci/card');
  for (const [name, mode] of [
    ['vendor', 0o444],
    ['reset', 0o200],
    ['speed', 0o644],
  ] as const) {
    sysfs_create_file(card, {
      name,
      mode,
      ...((mode & 0o444) === 0
        ? {}
        : {
            *show() {
              return `${name}\n`;
            },
          }),
      ...((mode & 0o222) === 0
        ? {}
        : {
            *store(buf: string) {
              return buf.length;
            },
          }),
    });
  }
  sysfs_create_link(k.vfs.directory('/sys/bus/pci/devices'), 'card', card);
  sysfs_create_link(card, 'subsystem', k.vfs.directory('/sys/bus/pci'));
  return k;
}

/** What a program gets for reads ("path") and writes ("path=text"). */
function ask(k: Kernel, ...asked: string[]): (string | number)[] {
  const answers: (string | number)[] = [];
  thread(k, 'asker', function* () {
    for (const each of asked) {
      const [path = '', text] = each.split('=');
      answers.push(text === undefined ? yield* vfs_read(k, path) : yield* vfs_write(k, path, text));
    }
  });
  k.sim.run(k.sim.now() + second);
  return answers;
}

describe('paths', () => {
  it('follow links on the way and at their end', () => {
    const k = tree();
    expect(
      ask(k, '/sys/bus/pci/devices/card/vendor', '/sys/devices/pci/card/../card/./speed'),
    ).toEqual(['vendor\n', 'speed\n']);
    expect(k.vfs.resolve('/sys/bus/pci/devices/card')!.kind).toBe('directory');
    expect(k.vfs.resolve('/sys/bus/pci/devices/card', false)!.kind).toBe('link');
    expect(k.vfs.resolve('/sys/../..')).toBe(k.vfs.root);
  });

  it('of nodes are their own', () => {
    const k = tree();
    expect(k.vfs.resolve('/sys/bus/pci/devices/card/vendor')!.path).toBe(
      '/sys/devices/pci/card/vendor',
    );
    expect(k.vfs.root.path).toBe('/');
  });

  it('end where a link dangles, or goes round in circles', () => {
    const k = tree();
    const dir = k.vfs.directory('/sys/devices');
    sysfs_create_link(dir, 'dangling', k.vfs.resolve('/sys/devices/pci/card/vendor')!);
    k.vfs.resolve('/sys/devices/pci/card/vendor')!.deactivated = true;
    const loop = sysfs_create_dir(dir, 'placeholder') as KernfsNode;
    sysfs_create_link(dir, 'loop', loop);
    Object.assign(dir.children.get('loop')!, { target: dir.children.get('loop') });
    expect(ask(k, '/sys/devices/dangling', '/sys/devices/loop')).toEqual([-2, -2]);
  });
});

describe('reading and writing', () => {
  it('fail as a program sees it', () => {
    const k = tree();
    const card = '/sys/devices/pci/card';
    expect(
      ask(k, `${card}/nothing`, card, `${card}/reset`, `${card}/vendor=1`, `${card}/reset=1`),
    ).toEqual([-2, -21, -13, -13, 1]);
    // Nobody can create a file in sysfs; elsewhere the name is just not there.
    expect(ask(k, `${card}/new=1`, '/proc/new=1', '/new')).toEqual([-13, -2, -2]);
  });

  it('are made again when the file says so, unseen by the program', () => {
    const k = bareKernel();
    let tries = 0;
    sysfs_create_file(k.vfs.directory('/sys/devices'), {
      name: 'busy',
      mode: 0o200,
      *store(buf) {
        return ++tries < 4 ? restart_syscall() : buf.length;
      },
    });
    expect(ask(k, '/sys/devices/busy=12')).toEqual([2]);
    expect(tries).toBe(4);
  });
});

describe('directories', () => {
  it('are listed by name, numbers by value', () => {
    const k = bareKernel();
    const dir = k.vfs.directory('/sys/devices/x');
    for (const name of ['eth10', 'eth2', 'Eth1', 'eth1', '0000:06:00.0', 'b', '10', '9', 'eth2a']) {
      sysfs_create_dir(dir, name);
    }
    const listed = vfs_readdir(k, '/sys/devices/x') as { name: string }[];
    expect(listed.map(({ name }) => name)).toEqual([
      '0000:06:00.0',
      '9',
      '10',
      'b',
      'Eth1',
      'eth1',
      'eth2',
      'eth2a',
      'eth10',
    ]);
  });

  it('tell kinds and where links go', () => {
    const k = tree();
    expect(vfs_readdir(k, '/sys/bus/pci/devices')).toEqual([
      { name: 'card', kind: 'link', target: '../../../devices/pci/card' },
    ]);
    expect(vfs_readlink(k, '/sys/devices/pci/card/subsystem')).toBe('../../../bus/pci');
  });

  it('and what they are not', () => {
    const k = tree();
    expect(vfs_readdir(k, '/nothing')).toBe(-2);
    expect(vfs_readdir(k, '/sys/devices/pci/card/vendor')).toBe(-20);
    expect(vfs_readlink(k, '/sys/devices/pci/card/vendor')).toBe(-22);
    expect(vfs_readlink(k, '/nothing')).toBe(-2);
    expect(vfs_stat(k, '/nothing')).toBe(-2);
    expect(vfs_stat(k, '/sys/devices/pci/card/reset')).toEqual({ kind: 'file', mode: 0o200 });
  });
});
