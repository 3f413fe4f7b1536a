// Reports of faults and warnings, line by line in the kernel's shape, and what they leave behind.

import { describe, expect, it } from 'vitest';
import type { Kernel, KernelProfile } from '#kernel/kernel.ts';
import { mutex_init, mutex_lock } from '#kernel/locking/mutex.ts';
import { local_irq_save, spin_lock_bh, spin_lock_init } from '#kernel/locking/spinlock.ts';
import { delete_module, init_module } from '#kernel/module.ts';
import { vfs_read } from '#kernel/fs/vfs.ts';
import { get_taint, print_tainted, print_tainted_verbose } from '#kernel/taint.ts';
import { warn_on, warn_on_once } from '#kernel/warn.ts';
import { INIT_WORK, schedule_work } from '#kernel/workqueue.ts';
import { Oops } from '#sim/shared.ts';
import type { Atomic, MaySleep } from '#sim/task.ts';
import { bareKernel, second } from '#test/support/machine.ts';
import { livingTasks, logLines, thread } from '#test/support/threads.ts';

function* mlx4_ib_event(headline: string): Atomic<void> {
  throw new Oops(headline);
}

/** A thread that dies of a fault; `prepare` runs before it. */
function die(
  headline: string,
  prepare: (k: Kernel) => MaySleep<void> = function* () {
    // Nothing to prepare.
  },
  profile: KernelProfile = '6.1',
): Kernel {
  const k = bareKernel({ profile });
  thread(k, 'kworker/u4:2', function* (): MaySleep<void> {
    yield* prepare(k);
    yield* mlx4_ib_event(headline);
  });
  k.sim.run(second);
  return k;
}

const trace = [
  'Call Trace:',
  ' <TASK>',
  ' mlx4_ib_event',
  ' kthread',
  ' ret_from_fork',
  ' </TASK>',
];

describe('an oops', () => {
  it('that is a fetch from freed module text has the shape of R1 (facts/driver 7.5)', () => {
    const k = die('unable to handle page fault for address: ffffffffc0a4d123');
    expect(logLines(k)).toEqual([
      'BUG: unable to handle page fault for address: ffffffffc0a4d123',
      '#PF: supervisor instruction fetch in kernel mode',
      '#PF: error_code(0x0010) - not-present page',
      'Oops: 0010 [#1] PREEMPT SMP',
      'CPU: 0 PID: 3 Comm: kworker/u4:2 Not tainted 6.1.0 #1',
      ...trace,
      'Modules linked in:',
      'CR2: ffffffffc0a4d123',
      '---[ end trace 0000000000000000 ]---',
      'note: kworker/u4:2[3] exited with irqs disabled',
    ]);
  });

  it('that is a NULL pointer is a read, and a page fault too', () => {
    const lines = logLines(die('kernel NULL pointer dereference, address: 0000000000000010'));
    expect(lines.slice(0, 4)).toEqual([
      'BUG: kernel NULL pointer dereference, address: 0000000000000010',
      '#PF: supervisor read access in kernel mode',
      '#PF: error_code(0x0000) - not-present page',
      'Oops: 0000 [#1] PREEMPT SMP',
    ]);
    expect(lines).toContain('CR2: 0000000000000010');
    expect(lines.at(-1)).toContain('exited with irqs disabled');
  });

  it('that is a BUG() names its place and is an invalid opcode', () => {
    const lines = logLines(die('kernel BUG at net/core/dev.c:11001!'));
    expect(lines.slice(0, 3)).toEqual([
      '------------[ cut here ]------------',
      'kernel BUG at net/core/dev.c:11001!',
      'invalid opcode: 0000 [#1] PREEMPT SMP',
    ]);
    expect(lines.at(-1)).toBe('---[ end trace 0000000000000000 ]---');
  });

  it('that is a corrupted list is a BUG() after its own line', () => {
    const headline = 'list_del corruption, bond0->next is LIST_POISON1 (dead000000000100)';
    expect(logLines(die(headline)).slice(0, 4)).toEqual([
      headline,
      '------------[ cut here ]------------',
      'kernel BUG at lib/list_debug.c:56!',
      'invalid opcode: 0000 [#1] PREEMPT SMP',
    ]);
  });

  it('that follows poison is a general protection fault', () => {
    const headline =
      'general protection fault, probably for non-canonical address 0xdead000000000100';
    expect(logLines(die(headline))[0]).toBe(`${headline}: 0000 [#1] PREEMPT SMP`);
  });

  it('that KASAN finds taints the kernel with B, too', () => {
    const k = die('KASAN: slab-use-after-free in mlx4_priv');
    expect(logLines(k)[0]).toBe('BUG: KASAN: slab-use-after-free in mlx4_priv');
    expect(print_tainted(k).replaceAll(' ', '')).toBe('Tainted:GBD');
  });

  it('notes what its task left on: interrupts off, and the preempt count', () => {
    const off = die('kernel BUG at a.c:1!', local_irq_save);
    expect(logLines(off).at(-1)).toBe('note: kworker/u4:2[3] exited with irqs disabled');
    const locked = die('kernel BUG at a.c:1!', (k) => spin_lock_bh(spin_lock_init(k, 's')));
    expect(logLines(locked).at(-1)).toBe('note: kworker/u4:2[3] exited with preempt_count 513');
  });

  it('counts, and marks the kernel', () => {
    const k = bareKernel();
    for (const name of ['a', 'b']) thread(k, name, () => mlx4_ib_event('kernel BUG at a.c:1!'));
    k.sim.run(second);
    const lines = logLines(k);
    expect(lines.filter((line) => line.includes('[#'))).toEqual([
      'invalid opcode: 0000 [#1] PREEMPT SMP',
      'invalid opcode: 0000 [#2] PREEMPT SMP',
    ]);
    expect(lines.filter((line) => line.startsWith('CPU:')).map((line) => line.slice(20))).toEqual([
      expect.stringContaining('Not tainted 6.1.0 #1'),
      expect.stringContaining('Tainted: G      D            6.1.0 #1'),
    ]);
    expect(k.findings.map(({ kind, task }) => [kind, task])).toEqual([
      ['oops', 'a'],
      ['oops', 'b'],
    ]);
  });

  it('of a worker names its work', () => {
    const k = bareKernel();
    const work = INIT_WORK(k, 'mlx4_en_bond_work', () => mlx4_ib_event('kernel BUG at a.c:1!'), {
      module: 'mlx4_en',
    });
    thread(k, 'user', function* () {
      yield* schedule_work(work);
    });
    k.sim.run(second);
    expect(logLines(k)).toContain('Workqueue: events mlx4_en_bond_work [mlx4_en]');
    expect(logLines(k).some((line) => line.includes('Comm: kworker/0:0 Not'))).toBe(true);
  });

  it('lists the modules, the youngest first, their state, and the one unloaded last', () => {
    const k = bareKernel();
    k.taint = 'OE';
    for (const name of ['mlx4_core', 'mlx4_en', 'mlx4_ib']) {
      k.modules.define(
        {
          name,
          description: name,
          depends: [],
          aliases: [],
          params: [],
          create: () => ({
            *init() {
              if (name === 'mlx4_ib') yield* mlx4_ib_event('kernel BUG at a.c:1!');
              return 0;
            },
            *exit() {
              yield* k.sim.spend(1);
            },
          }),
        },
        null,
      );
    }
    thread(k, 'user', function* (): MaySleep<void> {
      yield* init_module(k, 'mlx4_core');
      yield* init_module(k, 'mlx4_en');
      yield* delete_module(k, 'mlx4_en');
      yield* init_module(k, 'mlx4_ib');
    });
    k.sim.run(second);
    expect(logLines(k)).toContain(
      'Modules linked in: mlx4_ib(OE+) mlx4_core(OE) [last unloaded: mlx4_en]',
    );
  });

  it('in an interrupt is a panic', () => {
    const k = bareKernel();
    k.sim.cpus.request(1, 'hardirq', 'mlx4', () => mlx4_ib_event('kernel BUG at a.c:1!'));
    k.sim.run(second);
    const lines = logLines(k);
    expect(lines).toContain('CPU: 1 PID: 0 Comm: swapper/1 Not tainted 6.1.0 #1');
    expect(k.log.records.at(-1)).toMatchObject({
      level: 0,
      text: 'Kernel panic - not syncing: Fatal exception in interrupt',
    });
  });

  it('leaves the locks of its task taken', () => {
    const k = bareKernel();
    const lock = mutex_init(k, 'm');
    thread(k, 'dying', function* (): MaySleep<void> {
      yield* mutex_lock(lock);
      yield* mlx4_ib_event('kernel BUG at a.c:1!');
    });
    thread(k, 'waiting', () => mutex_lock(lock));
    k.sim.run(second);
    expect(livingTasks(k)).toEqual(['waiting']);
    expect(k.graph.abandoned).toHaveLength(1);
  });

  it('has the levels of the kernel', () => {
    const k = die('unable to handle page fault for address: ffffffffc0a4d123');
    const levels = k.log.records.map(({ level }) => level);
    expect(levels.slice(0, 4)).toEqual([1, 1, 1, 4]);
    expect(levels.at(-1)).toBe(6);
  });

  it('in 6.12 has its prefix, the user, and the taint in words', () => {
    const k = die('unable to handle page fault for address: ffffffffc0a4d123', undefined, '6.12');
    expect(logLines(k)).toContain('Oops: Oops: 0010 [#1] PREEMPT SMP');
    expect(logLines(k)).toContain('CPU: 0 UID: 0 PID: 3 Comm: kworker/u4:2 Not tainted 6.1.0 #1');
    expect(print_tainted_verbose(k)).toBe('Tainted: [D]=DIE');
  });

  it('of the lab itself is no oops: it ends the run', () => {
    const k = bareKernel();
    thread(k, 'a', function* (): Atomic<void> {
      throw new TypeError('a defect of the lab');
    });
    expect(() => k.sim.run(second)).toThrow(TypeError);
  });
});

describe('a warning', () => {
  function* devlink_free(k: Kernel): MaySleep<void> {
    warn_on(k, 'net/devlink/leftover.c:9801', 'devlink_free');
    yield* k.sim.spend(1);
  }

  it('has its place, modules and call trace, taints with W, and lets the task go on', () => {
    const k = bareKernel();
    let wentOn = false;
    thread(k, 'rmmod', function* (): MaySleep<void> {
      yield* devlink_free(k);
      wentOn = true;
    });
    k.sim.run(second);
    expect(logLines(k)).toEqual([
      '------------[ cut here ]------------',
      'WARNING: CPU: 0 PID: 3 at net/devlink/leftover.c:9801 devlink_free',
      'Modules linked in:',
      'CPU: 0 PID: 3 Comm: rmmod Not tainted 6.1.0 #1',
      'Call Trace:',
      ' <TASK>',
      ' devlink_free',
      ' kthread',
      ' ret_from_fork',
      ' </TASK>',
      '---[ end trace 0000000000000000 ]---',
    ]);
    expect(wentOn).toBe(true);
    expect(print_tainted(k)).toBe('Tainted: G        W         ');
    expect(k.findings.map(({ kind }) => kind)).toEqual(['warning']);
  });

  it('of WARN() has its text, and WARN_ON_ONCE() speaks once for each place', () => {
    const k = bareKernel();
    thread(k, 'a', function* (): MaySleep<void> {
      warn_on(k, 'a.c:1', 'f', 'something is odd');
      for (let n = 0; n < 3; n++) {
        warn_on_once(k, 'b.c:2', 'g');
        warn_on_once(k, 'c.c:3', 'h', 'odd, too');
      }
      yield* k.sim.spend(1);
    });
    k.sim.run(second);
    const lines = logLines(k);
    expect(lines[1]).toBe('something is odd');
    expect(lines.filter((line) => line.startsWith('WARNING:'))).toHaveLength(3);
    expect(lines).toContain('odd, too');
  });
});

describe('the tainted string', () => {
  it('has a column for each letter, as the real kernel prints it', () => {
    const k = bareKernel();
    expect(print_tainted(k)).toBe('Not tainted');
    k.taint = 'OE';
    // facts/traces/dmesg-real-mid-d1.txt
    expect(`${print_tainted(k)} 6.1.0-50-686`).toBe('Tainted: G           OE      6.1.0-50-686');
    k.taints.add('W');
    k.taints.add('D');
    expect(print_tainted(k)).toBe('Tainted: G      D W  OE     ');
  });

  it('is a mask in /proc', () => {
    const k = bareKernel();
    k.taint = 'OE';
    k.taints.add('W');
    expect(get_taint(k)).toBe(2 ** 9 + 2 ** 12 + 2 ** 13);
    let text: string | number = '';
    thread(k, 'a', function* (): MaySleep<void> {
      text = yield* vfs_read(k, '/proc/sys/kernel/tainted');
    });
    k.sim.run(second);
    expect(text).toBe('12800\n');
  });

  it('in words is empty for a clean kernel', () => {
    expect(print_tainted_verbose(bareKernel())).toBe('');
  });
});
