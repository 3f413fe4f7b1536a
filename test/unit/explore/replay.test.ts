// Replay: the recorded switches of a run give that run again, byte for byte; they also survive
// changes of the program that have nothing to do with them; and where they cannot be followed it is
// said.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ReplayPolicy } from '#explore/replay.ts';
import { spin_lock_init, spin_lock_irq, spin_unlock_irq } from '#kernel/locking/spinlock.ts';
import type { Kernel } from '#kernel/kernel.ts';
import { cpu_relax } from '#kernel/sched.ts';
import { msleep } from '#kernel/time/delay.ts';
import { mod_timer, timer_setup } from '#kernel/time/timer.ts';
import type { Choice } from '#sim/policy.ts';
import { Shared } from '#sim/shared.ts';
import type { MaySleep } from '#sim/task.ts';
import { K } from '#trace/kinds.ts';
import { count } from '#test/support/counts.ts';
import { digestOf } from '#test/support/digest.ts';
import { programs, startProgram } from '#test/support/lock-programs.ts';
import { bareKernel } from '#test/support/machine.ts';
import { thread } from '#test/support/threads.ts';

type Start = (k: Kernel) => void;

interface Replayed {
  readonly k: Kernel;
  readonly policy: ReplayPolicy;
}

/** Runs a program under choices that were recorded. */
function replay(start: Start, choices: readonly Choice[]): Replayed {
  const k = bareKernel({ pointsMax: 200_000 });
  const policy = new ReplayPolicy(choices, (object) => k.trace.text(object));
  k.sim.setPolicy(policy);
  start(k);
  k.sim.run(1e12);
  policy.finish();
  return { k, policy };
}

function record(start: Start, seed: number): Kernel {
  const k = bareKernel({ seed, pointsMax: 200_000 });
  start(k);
  k.sim.run(1e12);
  return k;
}

function expectSame(start: Start, seed: number): void {
  const recorded = record(start, seed);
  const { k, policy } = replay(start, recorded.sim.choices);
  expect(policy.divergence).toBeNull();
  expect(policy.bridged).toBe(0);
  expect(policy.followed).toBe(recorded.sim.choices.length);
  expect(k.sim.choices).toEqual(recorded.sim.choices);
  expect(digestOf(k.trace)).toBe(digestOf(recorded.trace));
}

/** Tasks, a timer and interrupts that share one lock, and busy loops. */
function interrupts(k: Kernel): void {
  const lock = spin_lock_init(k, 'lock');
  let fired = 0;
  const timer = timer_setup(k, 'timer', function* () {
    yield* spin_lock_irq(lock);
    fired++;
    yield* spin_unlock_irq(lock);
  });
  for (let n = 0; n < 3; n++) {
    thread(k, `t${n}`, function* (): MaySleep<void> {
      for (let round = 0; round < 6; round++) {
        yield* spin_lock_irq(lock);
        yield* k.sim.spend(100);
        yield* spin_unlock_irq(lock);
        const before = fired;
        yield* mod_timer(timer, k.jiffies + 1);
        k.sim.cpus.request(n, 'hardirq', `irq${n}`, function* () {
          yield* spin_lock_irq(lock);
          yield* spin_unlock_irq(lock);
        });
        if (round % 2 === 0) yield* msleep(k, 1);
        else while (fired === before) yield* cpu_relax(k);
      }
    });
  }
}

describe('a replay of the same program', () => {
  it('is the same run, byte for byte: locks, works, sleeps', () => {
    fc.assert(
      fc.property(programs, fc.nat(10_000), (program, seed) => {
        expectSame((k) => {
          startProgram(k, program);
        }, seed);
      }),
      { numRuns: count(300, 10_000) },
    );
  });

  it('is the same run, byte for byte: interrupts, timers, busy loops', () => {
    for (let seed = 1; seed <= count(200, 5000); seed++) expectSame(interrupts, seed);
  });

  it('needs no choices where there were none', () => {
    const start: Start = (k) => thread(k, 'only', () => msleep(k, 10));
    expect(record(start, 1).sim.choices).toEqual([]);
    expectSame(start, 1);
  });
});

/** Two tasks that lose updates of one cell under some schedules, and what others do meanwhile. */
const racing =
  (others: Start = () => undefined) =>
  (k: Kernel): Shared<number> => {
    const counter = new Shared(k.sim, 'counter', 0);
    for (const name of ['left', 'right']) {
      thread(k, name, function* (): MaySleep<void> {
        for (let n = 0; n < 6; n++) yield* counter.modify((value) => value + 1);
        yield* msleep(k, 4);
        for (let n = 0; n < 6; n++) yield* counter.modify((value) => value + 1);
      });
    }
    others(k);
    return counter;
  };

/** A third task with so many points of its own; it touches nothing that the others touch. */
const third =
  (points: number): Start =>
  (k) => {
    const cell = new Shared(k.sim, 'something else', 0);
    thread(k, 'third', function* (): MaySleep<void> {
      for (let n = 0; n < points; n++) yield* cell.read();
      yield* msleep(k, 4);
      for (let n = 0; n < points; n++) yield* cell.read();
    });
  };

/** What the counter comes to, and the order of the two tasks' accesses. */
function outcome(k: Kernel, counter: Shared<number>): string {
  const number = k.trace.intern('counter');
  const accesses = [...k.trace.events()].filter((event) => event.object === number);
  return `${counter.peek}: ${accesses.map((event) => `${event.task}${event.kind}`).join(' ')}`;
}

describe('a replay of a changed program', () => {
  it.each([3, 10, 40])('keeps the race when another task has %i points more', (more) => {
    let raced = 0;
    for (let seed = 1; seed <= count(100, 2000); seed++) {
      let counter!: Shared<number>;
      const recorded = record((k) => (counter = racing(third(5))(k)), seed);
      const before = outcome(recorded, counter);
      if (counter.peek < 24) raced++;
      const { k, policy } = replay(
        (k) => (counter = racing(third(5 + more))(k)),
        recorded.sim.choices,
      );
      expect(policy.divergence).toBeNull();
      expect(outcome(k, counter)).toBe(before);
    }
    expect(raced).toBeGreaterThan(20);
  });

  it('keeps the race when there is one more task', () => {
    for (let seed = 1; seed <= count(100, 2000); seed++) {
      let counter!: Shared<number>;
      const recorded = record((k) => (counter = racing()(k)), seed);
      const before = outcome(recorded, counter);
      const { k, policy } = replay((k) => (counter = racing(third(7))(k)), recorded.sim.choices);
      expect(policy.divergence).toBeNull();
      expect(outcome(k, counter)).toBe(before);
    }
  });

  it('says in words which switch it could not make, and who could run there', () => {
    const start: Start = (k) => {
      for (const name of ['one', 'two', 'three']) {
        thread(k, name, () => k.sim.spend(1000));
      }
    };
    const choices: Choice[] = [{ from: '', kind: 0, object: '', occurrence: 1, to: 'four' }];
    const { policy } = replay(start, choices);
    expect(policy.divergence).toEqual({
      choiceIndex: 0,
      said:
        'switch 1 of 1, at the start: the recording switches to four, ' +
        'but runnable here: one, two, three',
    });
    expect(policy.followed).toBe(0);
  });

  it('says so when the run ends before it came to a switch', () => {
    const { choices } = record((k) => racing()(k), 3).sim;
    const late = { ...choices[1]!, occurrence: 1000 };
    const { policy } = replay((k) => racing()(k), [choices[0]!, late, ...choices.slice(1)]);
    expect(policy.divergence!.choiceIndex).toBe(1);
    expect(policy.divergence!.said).toMatch(
      /^switch 2 of \d+, at [\w.]+ number 1000( of [\w ]+)? by [\w]+: the run ended before it came/,
    );
  });

  it('goes on after that as until-blocked would, to the end', () => {
    const recorded = record((k) => racing()(k), 3);
    const broken = recorded.sim.choices.map((choice, n) =>
      n < 1 ? choice : { ...choice, to: 'nobody' },
    );
    let counter!: Shared<number>;
    const { k, policy } = replay((k) => (counter = racing()(k)), broken);
    expect(policy.divergence!.choiceIndex).toBe(1);
    expect(counter.peek).toBeGreaterThan(0);
    expect([...k.sim.tasks.values()].filter((task) => task.kind === 'task')).toEqual([]);
  });

  it('waits with a switch until its target can run, and counts that', () => {
    const order: string[] = [];
    const start: Start = (k) => {
      const cell = new Shared(k.sim, 'cell', 0);
      thread(k, 'early', function* (): MaySleep<void> {
        for (let n = 0; n < 200; n++) {
          yield* cell.read();
          yield* k.sim.spend(100_000);
        }
        order.push('early ends');
      });
      thread(k, 'late', function* (): MaySleep<void> {
        yield* msleep(k, 1);
        yield* cell.write(1);
        order.push('late ends');
      });
    };
    const choices: Choice[] = [
      { from: '', kind: 0, object: '', occurrence: 1, to: 'late' },
      { from: 'early', kind: K['cell.read'], object: 'cell', occurrence: 10, to: 'late' },
    ];
    const { policy } = replay(start, choices);
    expect(policy.divergence).toBeNull();
    expect(policy.bridged).toBe(1);
    expect(order).toEqual(['late ends', 'early ends']);
  });
});
