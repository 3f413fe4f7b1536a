// Read-write semaphores: readers together, writers alone, and turns that keep both alive.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Kernel } from '#kernel/kernel.ts';
import {
  downgrade_write,
  down_read,
  down_read_trylock,
  down_write,
  down_write_killable,
  init_rwsem,
  up_read,
  up_write,
} from '#kernel/locking/rwsem.ts';
import { user_task } from '#kernel/sched.ts';
import { send_sig, SIGKILL } from '#kernel/signal.ts';
import { msleep, schedule_timeout_uninterruptible } from '#kernel/time/delay.ts';
import type { MaySleep } from '#sim/task.ts';
import { count } from '#test/support/counts.ts';
import { bareKernel, second } from '#test/support/machine.ts';
import { livingTasks, thread } from '#test/support/threads.ts';

/**
 * Starts users one jiffy after the other; each holds for `milliseconds` and writes what it does.
 */
function crowd(k: Kernel, kinds: string, milliseconds: number): string[] {
  const sem = init_rwsem(k, 's');
  const log: string[] = [];
  Array.from(kinds).forEach((kind, n) => {
    const [take, give] = kind === 'w' ? [down_write, up_write] : [down_read, up_read];
    thread(k, `${kind}${n}`, function* (): MaySleep<void> {
      yield* schedule_timeout_uninterruptible(k, n + 1);
      yield* take(sem);
      log.push(`${kind}${n}+`);
      yield* msleep(k, milliseconds);
      log.push(`${kind}${n}-`);
      yield* give(sem);
    });
  });
  expect(k.sim.run(100 * second)).toBe('quiescent');
  return log;
}

describe('a read-write semaphore', () => {
  it('lets readers in together', () => {
    expect(crowd(bareKernel(), 'rrr', 100)).toEqual(['r0+', 'r1+', 'r2+', 'r0-', 'r1-', 'r2-']);
  });

  it('lets a writer in alone, and stops readers that come after one that waits', () => {
    expect(crowd(bareKernel(), 'rwr', 100)).toEqual(['r0+', 'r0-', 'w1+', 'w1-', 'r2+', 'r2-']);
  });

  it('lets all waiting readers in when it is their turn, whoever stands between them', () => {
    const log = crowd(bareKernel(), 'wrwrw', 100);
    expect(log.slice(0, 2)).toEqual(['w0+', 'w0-']);
    expect(log.slice(2, 6).sort()).toEqual(['r1+', 'r1-', 'r3+', 'r3-']);
    expect(log.slice(6)).toEqual(['w2+', 'w2-', 'w4+', 'w4-']);
  });

  it('lets writers in by their coming', () => {
    const log = crowd(bareKernel(), 'wwww', 10);
    expect(log).toEqual(['w0+', 'w0-', 'w1+', 'w1-', 'w2+', 'w2-', 'w3+', 'w3-']);
  });

  it('is exclusive and starves nobody, on every schedule', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[rw]{2,6}$/), fc.nat(1000), (kinds, seed) => {
        const k = bareKernel({ seed });
        const sem = init_rwsem(k, 's');
        let readers = 0;
        let writers = 0;
        Array.from(kinds).forEach((kind, n) => {
          thread(k, `${kind}${n}`, function* (): MaySleep<void> {
            for (let round = 0; round < 5; round++) {
              if (kind === 'w') {
                yield* down_write(sem);
                expect([readers, ++writers]).toEqual([0, 1]);
                yield* k.sim.spend(500);
                writers--;
                yield* up_write(sem);
              } else {
                yield* down_read(sem);
                readers++;
                expect(writers).toBe(0);
                yield* k.sim.spend(500);
                readers--;
                yield* up_read(sem);
              }
            }
          });
        });
        expect(k.sim.run(second)).toBe('quiescent');
        expect(livingTasks(k)).toEqual([]);
        expect([sem.readers, sem.writer, sem.waiters.length]).toEqual([0, null, 0]);
      }),
      { numRuns: count(100, 3000) },
    );
  });
});

describe('a writer', () => {
  it('that becomes a reader lets other readers in, and no writer in between', () => {
    const k = bareKernel();
    const sem = init_rwsem(k, 's');
    const log: string[] = [];
    thread(k, 'changing', function* (): MaySleep<void> {
      yield* down_write(sem);
      yield* msleep(k, 20);
      yield* downgrade_write(sem);
      log.push('reads');
      yield* msleep(k, 20);
      log.push('leaves');
      yield* up_read(sem);
    });
    for (const [name, take, give] of [
      ['reader', down_read, up_read],
      ['writer', down_write, up_write],
    ] as const) {
      thread(k, name, function* (): MaySleep<void> {
        yield* schedule_timeout_uninterruptible(k, 1);
        yield* take(sem);
        log.push(name);
        yield* give(sem);
      });
    }
    k.sim.run(second);
    expect(log).toEqual(['reads', 'reader', 'leaves', 'writer']);
  });

  it('that is killed while it waits makes room for the readers behind it', () => {
    const k = bareKernel();
    const sem = init_rwsem(k, 's');
    const log: string[] = [];
    thread(k, 'first', function* (): MaySleep<void> {
      yield* down_read(sem);
      yield* msleep(k, 500);
      log.push('first leaves');
      yield* up_read(sem);
    });
    const writer = user_task(k, 'writer', 'writer', 1, function* (): MaySleep<void> {
      yield* schedule_timeout_uninterruptible(k, 1);
      log.push(`writer ${yield* down_write_killable(sem)}`);
    });
    thread(k, 'second', function* (): MaySleep<void> {
      yield* schedule_timeout_uninterruptible(k, 2);
      yield* down_read(sem);
      log.push('second enters');
      yield* up_read(sem);
    });
    k.sim.run(second / 10);
    expect(log).toEqual([]);
    send_sig(k, SIGKILL, writer);
    k.sim.run(second);
    expect(log).toEqual(['writer -4', 'second enters', 'first leaves']);
  });
});

describe('a reader', () => {
  it('that only tries gets in beside readers, not past a waiting writer', () => {
    const k = bareKernel();
    const sem = init_rwsem(k, 's');
    const tries: boolean[] = [];
    thread(k, 'reader', function* (): MaySleep<void> {
      yield* down_read(sem);
      yield* msleep(k, 100);
      yield* up_read(sem);
    });
    thread(k, 'trying', function* (): MaySleep<void> {
      const entered = yield* down_read_trylock(sem);
      tries.push(entered);
      if (entered) yield* up_read(sem);
      yield* msleep(k, 20);
      tries.push(yield* down_read_trylock(sem));
    });
    thread(k, 'writer', function* (): MaySleep<void> {
      yield* msleep(k, 4);
      yield* down_write(sem);
      yield* up_write(sem);
    });
    k.sim.run(second);
    expect(tries).toEqual([true, false]);
  });

  it('that takes it again while a writer waits is stuck with the writer', () => {
    const k = bareKernel();
    const sem = init_rwsem(k, 's');
    thread(k, 'reader', function* (): MaySleep<void> {
      yield* down_read(sem);
      yield* msleep(k, 20);
      yield* down_read(sem);
    });
    thread(k, 'other', function* (): MaySleep<void> {
      yield* down_read(sem);
      yield* msleep(k, 100);
      yield* up_read(sem);
    });
    thread(k, 'writer', function* (): MaySleep<void> {
      yield* msleep(k, 4);
      yield* down_write(sem);
    });
    k.sim.run(second);
    expect(livingTasks(k)).toEqual(['reader', 'writer']);
    expect(k.graph.deadlocks).not.toEqual([]);
    // While the other reader was still inside.
    expect(k.graph.deadlocks[0]!.timeNs).toBeLessThan(60e6);
  });
});
