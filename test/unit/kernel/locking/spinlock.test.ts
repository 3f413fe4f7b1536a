// Spinlocks: exclusive and fair, with a CPU that is kept, interrupts that stay away, and the
// deadlock of an interrupt with what it has interrupted.

import { describe, expect, it } from 'vitest';
import { deadlockSentence } from '#detect/sentence.ts';
import {
  local_bh_disable,
  local_bh_enable,
  local_irq_restore,
  local_irq_save,
  preempt_disable,
  preempt_enable,
  spin_lock,
  spin_lock_bh,
  spin_lock_init,
  spin_lock_irq,
  spin_unlock,
  spin_unlock_bh,
  spin_unlock_irq,
} from '#kernel/locking/spinlock.ts';
import type { Atomic, MaySleep } from '#sim/task.ts';
import { count } from '#test/support/counts.ts';
import { bareKernel, second } from '#test/support/machine.ts';
import { livingTasks, logLines, thread } from '#test/support/threads.ts';

const pairs = [
  ['plain', spin_lock, spin_unlock],
  ['bh', spin_lock_bh, spin_unlock_bh],
  ['irq', spin_lock_irq, spin_unlock_irq],
] as const;

describe.each(pairs)('a spinlock (%s)', (_name, take, give) => {
  it('has one owner at a time and no lost wake-up, on every schedule', () => {
    for (let seed = 1; seed <= count(60, 2000); seed++) {
      const k = bareKernel({ seed, cpus: 3 });
      const lock = spin_lock_init(k, 's');
      let inside = 0;
      for (let n = 0; n < 4; n++) {
        thread(k, `t${n}`, function* (): Atomic<void> {
          for (let round = 0; round < 10; round++) {
            yield* take(lock);
            expect(++inside).toBe(1);
            yield* k.sim.spend(500);
            inside--;
            yield* give(lock);
          }
        });
      }
      expect(k.sim.run(second)).toBe('quiescent');
      expect(livingTasks(k)).toEqual([]);
      expect(lock.owner).toBeNull();
      expect(k.graph.deadlocks).toEqual([]);
    }
  });

  it('leaves the context as it found it', () => {
    const k = bareKernel();
    const lock = spin_lock_init(k, 's');
    const depths: number[][] = [];
    thread(k, 'a', function* (): Atomic<void> {
      const now = (): number[] => {
        const { preemptDepth, softirqDepth, irqsOffDepth } = k.sim.current;
        return [preemptDepth, softirqDepth, irqsOffDepth];
      };
      yield* take(lock);
      depths.push(now());
      yield* give(lock);
      depths.push(now());
    });
    k.sim.run(second);
    const [bh, irq] = [take === spin_lock_bh ? 1 : 0, take === spin_lock_irq ? 1 : 0];
    expect(depths).toEqual([
      [1, bh, irq],
      [0, 0, 0],
    ]);
  });
});

describe('a contended spinlock', () => {
  it('goes to whoever has spun longest, not to whoever runs', () => {
    const k = bareKernel({ seed: 1 });
    const lock = spin_lock_init(k, 's');
    const order: string[] = [];
    let asked = 0;
    thread(k, 'owner', function* (): Atomic<void> {
      yield* spin_lock(lock);
      while (asked < 3) yield* k.sim.relax();
      yield* spin_unlock(lock);
      yield* spin_lock(lock);
      order.push('owner');
      yield* spin_unlock(lock);
    });
    for (let n = 0; n < 3; n++) {
      thread(k, `t${n}`, function* (): Atomic<void> {
        while (lock.owner === null || asked !== n) yield* k.sim.relax();
        asked++;
        yield* spin_lock(lock);
        order.push(`t${n}`);
        yield* spin_unlock(lock);
      });
    }
    k.sim.run(second);
    expect(order).toEqual(['t0', 't1', 't2', 'owner']);
  });

  it('lets an interrupt through while it spins with interrupts on', () => {
    const k = bareKernel({ cpus: 2 });
    const lock = spin_lock_init(k, 's');
    const log: string[] = [];
    thread(k, 'owner', function* (): Atomic<void> {
      yield* spin_lock(lock);
      for (let n = 0; n < 100; n++) yield* k.sim.spend(1000);
      log.push('owner unlocks');
      yield* spin_unlock(lock);
    });
    const spinner = thread(k, 'spinner', function* (): Atomic<void> {
      while (lock.owner === null) yield* k.sim.relax();
      yield* spin_lock(lock);
      log.push('spinner has it');
      yield* spin_unlock(lock);
    });
    k.sim.setPolicy({
      name: 'spinner early',
      choose: (runnable, current) =>
        runnable.find((task) => task.kind === 'hardirq') ??
        runnable.find((task) => task === spinner) ??
        current ??
        runnable[0]!,
    });
    k.sim.at(50_000, () => {
      k.sim.cpus.request(spinner.cpu, 'hardirq', 'card', function* () {
        log.push(`interrupt over ${spinner.runState}`);
        yield* k.sim.spend(100);
      });
    });
    k.sim.run(second);
    expect(log).toEqual(['interrupt over spinning', 'owner unlocks', 'spinner has it']);
  });
});

describe('an interrupt that takes a lock of what it has interrupted', () => {
  const collide = (take: typeof spin_lock, give: typeof spin_unlock) => {
    const k = bareKernel({ cpus: 1 });
    const lock = spin_lock_init(k, 'ctx_lock');
    thread(k, 'driver', function* (): Atomic<void> {
      yield* take(lock);
      yield* k.sim.spend(5000);
      yield* give(lock);
    });
    k.sim.at(1000, () => {
      k.sim.cpus.request(0, 'hardirq', 'mlx4', function* () {
        yield* spin_lock(lock);
        yield* spin_unlock(lock);
      });
    });
    k.sim.run(second);
    return k;
  };

  it('is a deadlock when interrupts were on, named by lock and CPU', () => {
    const k = collide(spin_lock, spin_unlock);
    expect(k.graph.deadlocks).toHaveLength(1);
    const sentence = deadlockSentence(k.graph.deadlocks[0]!);
    expect(sentence).toContain('mlx4 on CPU 0 waits for the spinlock ctx_lock');
    expect(sentence).toContain('driver waits for CPU 0');
  });

  it('waits its turn when they were off', () => {
    const k = collide(spin_lock_irq, spin_unlock_irq);
    expect(k.graph.deadlocks).toEqual([]);
    expect(livingTasks(k)).toEqual([]);
  });

  it('is a deadlock through a softirq in between', () => {
    const k = bareKernel({ cpus: 1 });
    const lock = spin_lock_init(k, 's');
    thread(k, 'task', function* (): Atomic<void> {
      yield* spin_lock(lock);
      yield* k.sim.spend(50_000);
      yield* spin_unlock(lock);
    });
    k.sim.at(1000, () => {
      k.sim.cpus.request(0, 'softirq', 'net', function* () {
        k.sim.cpus.request(0, 'hardirq', 'card', function* () {
          yield* spin_lock(lock);
        });
        yield* k.sim.spend(5000);
      });
    });
    k.sim.run(second);
    const waiters = k.graph.deadlocks[0]!.steps.map((step) => step.waiter.name);
    expect(waiters.toSorted()).toEqual(['card on CPU 0', 'task']);
    expect([...k.graph.stuck()].map((actor) => actor.name).sort()).toEqual([
      'card on CPU 0',
      'net on CPU 0',
      'task',
    ]);
  });
});

describe('misuse', () => {
  it('an unlock of a free lock, or of another’s, is said as CONFIG_DEBUG_SPINLOCK does', () => {
    const k = bareKernel();
    const lock = spin_lock_init(k, 's');
    thread(k, 'double', function* (): Atomic<void> {
      yield* spin_lock(lock);
      yield* spin_unlock(lock);
      yield* spin_unlock(lock);
    });
    k.sim.run(second);
    expect(logLines(k)[0]).toMatch(/^BUG: spinlock already unlocked on CPU#0, double\/\d+$/);

    thread(k, 'owner', () => spin_lock(lock));
    thread(k, 'other', () => spin_unlock(lock));
    k.sim.run(2 * second);
    expect(logLines(k).some((line) => line.startsWith('BUG: spinlock wrong owner'))).toBe(true);
    expect(lock.owner).toBeNull();
  });

  it('a lock taken twice is a deadlock of one', () => {
    const k = bareKernel();
    const lock = spin_lock_init(k, 's');
    thread(k, 'fool', function* (): Atomic<void> {
      yield* spin_lock(lock);
      yield* spin_lock(lock);
    });
    k.sim.run(second);
    expect(k.graph.deadlocks[0]!.steps.map((step) => step.holder.name)).toEqual(['fool']);
  });
});

describe('switching things off', () => {
  it('nests', () => {
    const k = bareKernel();
    const seen: boolean[] = [];
    thread(k, 'a', function* (): MaySleep<void> {
      const task = k.sim.current;
      for (const [off, on] of [
        [preempt_disable, preempt_enable],
        [local_irq_save, local_irq_restore],
      ] as const) {
        yield* off(k);
        yield* off(k);
        yield* on(k);
        seen.push(task.atomic);
        yield* on(k);
        seen.push(task.atomic);
      }
      yield* local_bh_disable(k);
      seen.push(task.softirqDepth === 1);
      yield* local_bh_enable(k);
    });
    k.sim.run(second);
    expect(seen).toEqual([true, false, true, false, true]);
  });
});

it('a lock follows the name of what it protects', () => {
  const k = bareKernel();
  const lock = spin_lock_init(k, 'addr_list_lock(eth0)');
  lock.rename('addr_list_lock(ens1)');
  expect([lock.name, lock.resource.name, k.trace.text(lock.object)]).toEqual([
    'addr_list_lock(ens1)',
    'addr_list_lock(ens1)',
    'addr_list_lock(ens1)',
  ]);
});
