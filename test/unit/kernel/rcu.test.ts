// RCU: a grace period waits for the readers that were there when it began, for no later ones, and
// shows as a wait for them.

import { describe, expect, it } from 'vitest';
import { spin_lock, spin_lock_init, spin_unlock } from '#kernel/locking/spinlock.ts';
import {
  call_rcu,
  rcu_barrier,
  rcu_read_lock,
  rcu_read_unlock,
  synchronize_rcu,
} from '#kernel/rcu.ts';
import { cpu_relax } from '#kernel/sched.ts';
import { Oops } from '#sim/shared.ts';
import type { Atomic, MaySleep } from '#sim/task.ts';
import { count } from '#test/support/counts.ts';
import { bareKernel, second } from '#test/support/machine.ts';
import { livingTasks, thread } from '#test/support/threads.ts';

const ms = 1e6;

/** Reads until a time. */
function* readUntil(k: ReturnType<typeof bareKernel>, end: number): Atomic<void> {
  yield* rcu_read_lock(k);
  while (k.sim.now() < end) yield* k.sim.spend(1000);
  yield* rcu_read_unlock(k);
}

describe('synchronize_rcu', () => {
  it('takes 2 ms when nobody reads', () => {
    const k = bareKernel();
    thread(k, 'writer', () => synchronize_rcu(k));
    k.sim.run(second);
    expect(k.sim.now()).toBeGreaterThanOrEqual(2 * ms);
    expect(k.sim.now()).toBeLessThan(2.01 * ms);
  });

  it('waits for the readers that were there', () => {
    const k = bareKernel({ seed: 1 });
    let over = 0;
    thread(k, 'reader', () => readUntil(k, 10 * ms));
    thread(k, 'writer', function* (): MaySleep<void> {
      while (k.rcu.readers.size === 0) yield* cpu_relax(k);
      yield* synchronize_rcu(k);
      over = k.sim.now();
    });
    k.sim.run(second);
    expect(over).toBeGreaterThanOrEqual(10 * ms);
    expect(over).toBeLessThan(10.1 * ms);
  });

  it('does not wait for readers that came later, also when the same task reads again', () => {
    const k = bareKernel({ seed: 1 });
    let over = 0;
    thread(k, 'reader', function* (): MaySleep<void> {
      for (let n = 1; n <= 200; n++) yield* readUntil(k, n * 0.5 * ms);
    });
    thread(k, 'writer', function* (): MaySleep<void> {
      yield* synchronize_rcu(k);
      over = k.sim.now();
    });
    k.sim.run(second);
    expect(over).toBeGreaterThanOrEqual(2 * ms);
    expect(over).toBeLessThan(5 * ms);
  });

  it('waits for the outermost unlock of a reader', () => {
    const k = bareKernel({ seed: 1 });
    let inside = true;
    let wasInside = true;
    thread(k, 'reader', function* (): MaySleep<void> {
      yield* rcu_read_lock(k);
      yield* readUntil(k, 5 * ms);
      yield* readUntil(k, 8 * ms);
      inside = false;
      yield* rcu_read_unlock(k);
    });
    thread(k, 'writer', function* (): MaySleep<void> {
      while (k.rcu.readers.size === 0) yield* cpu_relax(k);
      yield* synchronize_rcu(k);
      wasInside = inside;
    });
    k.sim.run(second);
    expect(wasInside).toBe(false);
  });

  it('never ends while an old reader is inside, on every schedule', () => {
    for (let seed = 1; seed <= count(50, 2000); seed++) {
      const k = bareKernel({ seed });
      let version = 0;
      let freed = -1;
      for (let n = 0; n < 2; n++) {
        thread(k, `reader${n}`, function* (): MaySleep<void> {
          for (let round = 0; round < 10; round++) {
            yield* rcu_read_lock(k);
            const seen = version;
            for (let step = 0; step < 30; step++) {
              yield* k.sim.spend(20_000);
              expect(freed).toBeLessThan(seen);
            }
            yield* rcu_read_unlock(k);
          }
        });
      }
      thread(k, 'writer', function* (): MaySleep<void> {
        for (let round = 0; round < 3; round++) {
          const old = version;
          version++;
          yield* synchronize_rcu(k);
          freed = old;
        }
      });
      expect(k.sim.run(10 * second)).toBe('quiescent');
    }
  });

  it('does not wait for a reader that died', () => {
    const k = bareKernel({ seed: 3 });
    thread(k, 'reader', function* (): MaySleep<void> {
      yield* rcu_read_lock(k);
      for (let n = 0; n < 500; n++) yield* k.sim.spend(10_000);
      throw new Oops('kernel BUG at test.c:1!');
    });
    thread(k, 'writer', function* (): MaySleep<void> {
      while (k.rcu.readers.size === 0) yield* cpu_relax(k);
      yield* synchronize_rcu(k);
    });
    expect(k.sim.run(second)).toBe('quiescent');
    expect(livingTasks(k)).toEqual([]);
  });

  it('waits for a reader that spins, and the graph knows it', () => {
    const k = bareKernel({ seed: 1, cpus: 4 });
    const lock = spin_lock_init(k, 's');
    thread(k, 'owner', function* (): MaySleep<void> {
      yield* spin_lock(lock);
      while (lock.spinners.length === 0) yield* cpu_relax(k);
      // Sleeping with a spinlock held is a bug of its own; here it closes the cycle.
      yield* synchronize_rcu(k);
      yield* spin_unlock(lock);
    });
    thread(k, 'reader', function* (): MaySleep<void> {
      while (lock.owner === null) yield* cpu_relax(k);
      yield* rcu_read_lock(k);
      yield* spin_lock(lock);
    });
    k.sim.run(second);
    expect(k.graph.deadlocks[0]!.steps.map((step) => step.resource.name).sort()).toEqual([
      'RCU readers',
      's',
    ]);
  });
});

describe('call_rcu', () => {
  it('runs its callback in softirq context after a grace period', () => {
    const k = bareKernel({ seed: 1 });
    let ran = 0;
    let kind = '';
    thread(k, 'reader', () => readUntil(k, 6 * ms));
    thread(k, 'freer', function* (): MaySleep<void> {
      while (k.rcu.readers.size === 0) yield* cpu_relax(k);
      yield* call_rcu(k, function* () {
        kind = k.sim.current.kind;
        ran = k.sim.now();
        yield* k.sim.spend(1);
      });
    });
    k.sim.run(second);
    expect(kind).toBe('softirq');
    expect(ran).toBeGreaterThanOrEqual(6 * ms);
  });

  it('is waited for by rcu_barrier, which else takes 1 ms', () => {
    const k = bareKernel();
    const log: string[] = [];
    thread(k, 'a', function* (): MaySleep<void> {
      yield* rcu_barrier(k);
      log.push(`idle barrier over at ${Math.round(k.sim.now() / ms)} ms`);
      yield* call_rcu(k, function* () {
        log.push('freed');
        yield* k.sim.spend(1);
      });
      yield* rcu_barrier(k);
      log.push('barrier over');
    });
    k.sim.run(second);
    expect(log).toEqual(['idle barrier over at 1 ms', 'freed', 'barrier over']);
  });
});
