// Sleeping where it is forbidden: what complains, where, in which words, and how often.

import { describe, expect, it } from 'vitest';
import type { Kernel } from '#kernel/kernel.ts';
import { down, sema_init } from '#kernel/locking/semaphore.ts';
import { down_read, down_write, init_rwsem } from '#kernel/locking/rwsem.ts';
import { init_completion, wait_for_completion_timeout } from '#kernel/locking/completion.ts';
import { mutex_init, mutex_lock, mutex_unlock } from '#kernel/locking/mutex.ts';
import {
  local_bh_disable,
  local_irq_save,
  preempt_disable,
  spin_lock,
  spin_lock_init,
  spin_lock_irq,
  spin_unlock,
} from '#kernel/locking/spinlock.ts';
import { rcu_read_lock, rcu_read_unlock } from '#kernel/rcu.ts';
import { cond_resched, might_sleep } from '#kernel/sched.ts';
import { msleep } from '#kernel/time/delay.ts';
import { INIT_WORK, flush_work } from '#kernel/workqueue.ts';
import type { Atomic, MaySleep } from '#sim/task.ts';
import { bareKernel, second } from '#test/support/machine.ts';
import { logLines, thread } from '#test/support/threads.ts';

const heads = (k: Kernel): string[] => logLines(k).filter((line) => line.startsWith('BUG:'));

function run(body: (k: Kernel) => MaySleep<void>): Kernel {
  const k = bareKernel();
  thread(k, 'driver', () => body(k));
  k.sim.run(10 * second);
  return k;
}

describe('might_sleep', () => {
  it.each<[string, (k: Kernel) => MaySleep<void>]>([
    ['with a spinlock', (k) => spin_lock(spin_lock_init(k, 's'))],
    ['with preemption off', preempt_disable],
    ['with bottom halves off', local_bh_disable],
    ['with interrupts off', local_irq_save],
    ['in an RCU section', rcu_read_lock],
  ])('complains %s', (_name, prepare) => {
    const k = run(function* (k) {
      might_sleep(k);
      yield* prepare(k);
      might_sleep(k, 'kernel/locking/mutex.c:283');
    });
    expect(heads(k)).toEqual([
      'BUG: sleeping function called from invalid context at kernel/locking/mutex.c:283',
    ]);
    expect(k.findings.map(({ kind }) => kind)).toEqual(['atomicSleep']);
    expect(k.taints.has('W')).toBe(true);
  });

  it('says in which state the context was', () => {
    const lines = (prepare: (k: Kernel) => MaySleep<void>): string[] =>
      logLines(
        run(function* (k) {
          yield* prepare(k);
          might_sleep(k, 'x.c:1');
        }),
      ).slice(1, 4);
    expect(lines((k) => spin_lock_irq(spin_lock_init(k, 's')))).toEqual([
      expect.stringMatching(
        /^in_atomic\(\): 1, irqs_disabled\(\): 1, non_block: 0, pid: \d+, name: driver$/,
      ),
      'preempt_count: 1, expected: 0',
      'RCU nest depth: 0, expected: 0',
    ]);
    expect(lines(local_irq_save)[0]).toMatch(/^in_atomic\(\): 0, irqs_disabled\(\): 1,/);
    expect(lines(local_bh_disable)[1]).toBe('preempt_count: 200, expected: 0');
    expect(
      lines(function* (k) {
        yield* rcu_read_lock(k);
        yield* rcu_read_lock(k);
      }).slice(1),
    ).toEqual(['preempt_count: 0, expected: 0', 'RCU nest depth: 2, expected: 0']);
  });

  it('shows the way there, without the check itself', () => {
    function* mlx4_event(k: Kernel): MaySleep<void> {
      might_sleep(k);
      yield* k.sim.spend(1);
    }
    const k = run(function* (k) {
      yield* preempt_disable(k);
      yield* mlx4_event(k);
    });
    const lines = logLines(k);
    expect(lines.slice(lines.indexOf(' <TASK>'))).toEqual([
      ' <TASK>',
      ' mlx4_event',
      ' kthread',
      ' ret_from_fork',
      ' </TASK>',
    ]);
    expect(lines[0]).toMatch(/ at .*might-sleep\.test\.ts:\d+$/);
  });

  it('is quiet where sleeping is allowed', () => {
    const k = run(function* (k) {
      const lock = spin_lock_init(k, 's');
      yield* spin_lock(lock);
      yield* spin_unlock(lock);
      yield* rcu_read_lock(k);
      yield* rcu_read_unlock(k);
      might_sleep(k);
    });
    expect(logLines(k)).toEqual([]);
  });

  it('prints once a second, wherever it is called; each place is a finding once a second', () => {
    const k = bareKernel();
    thread(k, 'driver', function* (): Atomic<void> {
      yield* preempt_disable(k);
      for (let n = 0; n < 25; n++) {
        might_sleep(k, 'a.c:1');
        might_sleep(k, 'b.c:2');
        yield* k.sim.spend(100e6);
      }
    });
    k.sim.run(10 * second);
    expect(heads(k)).toHaveLength(3);
    expect(new Set(heads(k))).toEqual(
      new Set(['BUG: sleeping function called from invalid context at a.c:1']),
    );
    const places = k.findings.map(({ text }) => text.split(' at ')[1]);
    expect(places.toSorted()).toEqual(['a.c:1', 'a.c:1', 'a.c:1', 'b.c:2', 'b.c:2', 'b.c:2']);
  });

  it.each<[string, string, (k: Kernel) => MaySleep<unknown>]>([
    ['mutex_lock', 'kernel/locking/mutex.c:283', (k) => mutex_lock(mutex_init(k, 'm'))],
    ['down', 'kernel/locking/semaphore.c:59', (k) => down(sema_init(k, 's', 1))],
    ['down_read', 'kernel/locking/rwsem.c:1519', (k) => down_read(init_rwsem(k, 's'))],
    ['down_write', 'kernel/locking/rwsem.c:1572', (k) => down_write(init_rwsem(k, 's'))],
    [
      'wait_for_completion',
      'kernel/sched/completion.c:101',
      (k) => wait_for_completion_timeout(init_completion(k, 'c'), 1),
    ],
    [
      'flush_work',
      'kernel/workqueue.c:3013',
      (k) => flush_work(INIT_WORK(k, 'w', () => k.sim.spend(1))),
    ],
    ['cond_resched', 'kernel/sched', cond_resched],
  ])('is in %s, also when it need not sleep', (_name, place, sleep) => {
    const k = run(function* (k) {
      yield* preempt_disable(k);
      yield* sleep(k);
    });
    expect(heads(k)[0]).toContain(`invalid context at ${place}`);
  });
});

describe('scheduling while atomic', () => {
  it('is said, with the count of the kernel, and the task sleeps all the same', () => {
    let slept = false;
    const k = run(function* (k) {
      const lock = spin_lock_init(k, 's');
      yield* spin_lock(lock);
      yield* msleep(k, 10);
      slept = true;
      yield* spin_unlock(lock);
    });
    expect(heads(k)).toEqual([
      expect.stringMatching(/^BUG: scheduling while atomic: driver\/\d+\/0x00000002$/),
    ]);
    expect(logLines(k)[1]).toBe('Modules linked in:');
    expect(slept).toBe(true);
    expect(k.findings).toHaveLength(1);
  });

  it('lets others use the CPU meanwhile, on a machine with one', () => {
    const k = bareKernel({ cpus: 1 });
    const log: string[] = [];
    thread(k, 'sleeper', function* (): MaySleep<void> {
      yield* preempt_disable(k);
      yield* msleep(k, 10);
      log.push('sleeper');
    });
    thread(k, 'other', function* (): MaySleep<void> {
      yield* k.sim.spend(1000);
      log.push('other');
    });
    expect(k.sim.run(second)).toBe('quiescent');
    expect(log).toEqual(['other', 'sleeper']);
  });

  it('is not said of interrupts that are off: the scheduler switches them on', () => {
    const k = run(function* (k) {
      yield* local_irq_save(k);
      yield* msleep(k, 10);
      expect(k.sim.current.irqsOffDepth).toBe(0);
    });
    expect(heads(k)).toEqual([]);
  });

  it('in an interrupt is the end of it', () => {
    const k = bareKernel();
    k.sim.cpus.request(0, 'hardirq', 'card', function* (): Atomic<void> {
      // A driver cannot write this: the types forbid it. A forgotten cast could.
      yield* msleep(k, 10) as unknown as Atomic<void>;
    });
    k.sim.run(second);
    expect(heads(k)[0]).toMatch(/^BUG: scheduling while atomic: /);
    expect(logLines(k).at(-1)).toBe('Kernel panic - not syncing: Fatal exception in interrupt');
  });

  it('follows after might_sleep() in a lock that is taken', () => {
    const k = bareKernel();
    const lock = mutex_init(k, 'm');
    thread(k, 'owner', function* (): MaySleep<void> {
      yield* mutex_lock(lock);
      yield* msleep(k, 100);
      yield* mutex_unlock(lock);
    });
    thread(k, 'driver', function* (): MaySleep<void> {
      yield* preempt_disable(k);
      yield* mutex_lock(lock);
    });
    k.sim.run(second);
    expect(heads(k).map((line) => line.split(':')[1])).toEqual([
      ' sleeping function called from invalid context at kernel/locking/mutex.c',
      ' scheduling while atomic',
    ]);
  });
});
