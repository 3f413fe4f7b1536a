// /proc: files and sysctls that others make, the standard ones, what is told of tasks, and sysrq.

import { describe, expect, it } from 'vitest';
import {
  createProcFile,
  proc_create,
  register_sysctl,
  remove_proc_entry,
} from '#kernel/fs/procfs.ts';
import { vfs_read, vfs_readdir, vfs_stat, vfs_write } from '#kernel/fs/vfs.ts';
import type { Kernel } from '#kernel/kernel.ts';
import { mutex_init, mutex_lock } from '#kernel/locking/mutex.ts';
import { user_task } from '#kernel/sched.ts';
import { send_sig, SIGTERM } from '#kernel/signal.ts';
import { msleep } from '#kernel/time/delay.ts';
import { alloc_ordered_workqueue, INIT_WORK, queue_work } from '#kernel/workqueue.ts';
import type { MaySleep } from '#sim/task.ts';
import { bareKernel, second } from '#test/support/machine.ts';
import { logLines, thread } from '#test/support/threads.ts';

function read(k: Kernel, ...paths: string[]): (string | number)[] {
  const answers: (string | number)[] = [];
  thread(k, 'reader', function* () {
    for (const path of paths) answers.push(yield* vfs_read(k, path));
  });
  k.sim.run(k.sim.now() + 0.1 * second);
  return answers;
}

function write(k: Kernel, path: string, text: string): number {
  let answer = 1;
  thread(k, 'writer', function* () {
    answer = yield* vfs_write(k, path, text);
  });
  k.sim.run(k.sim.now() + 0.1 * second);
  return answer;
}

describe('files of others', () => {
  it('come with their directories, and go', () => {
    const k = bareKernel();
    proc_create(k, 'net/bonding/bond0', {
      *show() {
        return 'Ethernet Channel Bonding Driver\n';
      },
    });
    expect(read(k, '/proc/net/bonding/bond0')).toEqual(['Ethernet Channel Bonding Driver\n']);
    expect(write(k, '/proc/net/bonding/bond0', 'x')).toBe(-13);
    remove_proc_entry(k, 'net/bonding/bond0');
    expect(read(k, '/proc/net/bonding/bond0')).toEqual([-2]);
  });

  it('have the mode that their functions give them', () => {
    const k = bareKernel();
    createProcFile(k.vfs.proc, 'both', {
      *show() {
        return '';
      },
      *write(text) {
        return text.length;
      },
    });
    createProcFile(k.vfs.proc, 'secret', {
      *show() {
        return '';
      },
      mode: 0o400,
    });
    expect(vfs_stat(k, '/proc/both')).toEqual({ kind: 'file', mode: 0o644 });
    expect(vfs_stat(k, '/proc/secret')).toEqual({ kind: 'file', mode: 0o400 });
  });

  it('may be sysctls: a text that is read and set', () => {
    const k = bareKernel();
    let value = 10;
    register_sysctl(k, 'net/core/netdev_unregister_timeout_secs', {
      get: () => value,
      set(text) {
        value = Number(text);
        return Number.isNaN(value) ? -22 : 0;
      },
    });
    register_sysctl(k, 'net/core/fixed', { get: () => 'x' });
    const path = '/proc/sys/net/core/netdev_unregister_timeout_secs';
    expect(write(k, path, '5\n')).toBe(2);
    expect(read(k, path)).toEqual(['5\n']);
    expect(write(k, path, 'x')).toBe(-22);
    expect(write(k, '/proc/sys/net/core/fixed', '1')).toBe(-13);
  });
});

describe('standard files', () => {
  it('tell of the machine', () => {
    const k = bareKernel();
    k.sim.at(1e12, () => undefined);
    k.sim.run(1.239 * second);
    expect(read(k, '/proc/uptime', '/proc/version', '/proc/sys/kernel/osrelease')).toEqual([
      '1.23 0.00\n',
      expect.stringMatching(/^Linux version 6\.1\.0 /),
      '6.1.0\n',
    ]);
    expect(read(k, '/proc/modules')).toEqual(['']);
    expect(read(k, '/proc/interrupts')[0]).toMatch(/CPU0 +CPU1 +CPU2 +CPU3/);
  });
});

describe('/proc/PID', () => {
  it('shows state, stack and place of tasks', () => {
    const k = bareKernel();
    const lock = mutex_init(k, 'm');
    thread(k, 'owner', function* (): MaySleep<void> {
      yield* mutex_lock(lock);
      yield* k.sim.block('S', 'for ever');
    });
    function* mlx4_do_bond(): MaySleep<void> {
      yield* mutex_lock(lock);
    }
    const task = user_task(k, 'writer', 'bash', 1, mlx4_do_bond);
    k.sim.run(0.01 * second);
    const dir = `/proc/${task.pid}`;
    expect(read(k, `${dir}/stack`, `${dir}/wchan`, `${dir}/comm`, `${dir}/cmdline`)).toEqual([
      '[<0>] mlx4_do_bond\n',
      'mlx4_do_bond',
      'bash\n',
      'bash\0',
    ]);
    send_sig(k, SIGTERM, task);
    expect(
      String(read(k, `${dir}/status`)[0])
        .split('\n')
        .slice(0, 7),
    ).toEqual([
      'Name:\tbash',
      'State:\tD (disk sleep)',
      `Tgid:\t${task.pid}`,
      `Pid:\t${task.pid}`,
      'PPid:\t1',
      'ShdPnd:\t0000000000004000',
      'voluntary_ctxt_switches:\t1',
    ]);
  });

  it('lists the tasks that live, and forgets those that do not', () => {
    const k = bareKernel();
    const short = thread(k, 'short', () => k.sim.spend(1));
    const long = thread(k, 'long', () => msleep(k, 1000));
    k.sim.run(0.01 * second);
    const pids = (vfs_readdir(k, '/proc') as { name: string }[])
      .map(({ name }) => name)
      .filter((name) => /^\d+$/.test(name));
    expect(pids).toEqual([String(long.pid)]);
    expect(read(k, `/proc/${short.pid}/comm`)).toEqual([-2]);
  });

  it('says of a running task that it runs, and has no stack of it', () => {
    const k = bareKernel();
    const answers: (string | number)[] = [];
    thread(k, 'self', function* () {
      const dir = `/proc/${k.sim.current.pid}`;
      answers.push(yield* vfs_read(k, `${dir}/stack`), yield* vfs_read(k, `${dir}/wchan`));
      answers.push(String(yield* vfs_read(k, `${dir}/status`)).split('\n')[1]!);
    });
    k.sim.run(second);
    expect(answers).toEqual(['', '0', 'State:\tR (running)']);
  });
});

describe('sysrq', () => {
  function busy(): Kernel {
    const k = bareKernel();
    const queue = alloc_ordered_workqueue(k, 'mlx4_en', 'mlx4_en@card0');
    const works = ['mlx4_en_bond_work#1', 'mlx4_en_bond_work#2', 'mlx4_en_do_get_stats'].map(
      (name) => INIT_WORK(k, name, () => k.sim.block('D', 'for ever')),
    );
    thread(k, 'queuer', function* () {
      for (const work of works) yield* queue_work(queue, work);
    });
    thread(k, 'idle', () => k.sim.block('I', 'work'));
    thread(k, 'sleeper', () => k.sim.block('S', 'input'));
    k.sim.run(0.01 * second);
    return k;
  }

  it('w shows who is blocked', () => {
    const k = busy();
    write(k, '/proc/sysrq-trigger', 'w');
    const tasks = logLines(k).filter((line) => line.startsWith('task:'));
    expect(logLines(k)[0]).toBe('sysrq: Show Blocked State');
    expect(tasks).toEqual([expect.stringMatching(/^task:kworker\/u8:0 +state:D/)]);
    expect(logLines(k)).toContain('Workqueue: mlx4_en mlx4_en_bond_work');
  });

  it('t shows all tasks, and the works of busy queues', () => {
    const k = busy();
    write(k, '/proc/sysrq-trigger', 't');
    const lines = logLines(k);
    const states = lines.flatMap((line) => /^task:\S+ +state:(\w)/.exec(line)?.[1] ?? []);
    expect(states).toEqual(['I', 'S', 'D']);
    const queues = lines.slice(lines.indexOf('Showing busy workqueues and worker pools:') + 1);
    expect(queues).toEqual([
      'workqueue mlx4_en: flags=0xe000a',
      '  pwq 8: cpus=0-3 flags=0x4 nice=0 active=1/1',
      expect.stringMatching(/^ {4}in-flight: \d+:mlx4_en_bond_work$/),
      '    inactive: mlx4_en_bond_work, mlx4_en_do_get_stats',
    ]);
  });

  it('shows its help for other keys', () => {
    const k = bareKernel();
    write(k, '/proc/sysrq-trigger', 'x');
    expect(logLines(k)).toEqual(['sysrq: HELP : show-task-states(t) show-blocked-tasks(w)']);
  });
});
