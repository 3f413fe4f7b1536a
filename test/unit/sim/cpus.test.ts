// CPUs: interrupts are frames on top of what runs there, softirqs run below them, and a context
// with preemption or interrupts off keeps its CPU.

import { describe, expect, it } from 'vitest';
import { randomPolicy } from '#explore/random.ts';
import { untilBlocked } from '#explore/until-blocked.ts';
import { Sim } from '#sim/sim.ts';
import { preempt } from '#sim/task.ts';
import type { Atomic, Task } from '#sim/task.ts';
import { K } from '#trace/kinds.ts';
import { Trace } from '#trace/trace.ts';

const makeSim = (cpus: number, seed?: number): Sim => {
  const policy = seed === undefined ? untilBlocked() : randomPolicy(seed);
  return new Sim({ trace: new Trace(), policy, cpus, pointsMax: 1_000_000 });
};

function* points(sim: Sim, count: number): Atomic<void> {
  for (let n = 0; n < count; n++) if (sim.point(K['cell.read'], 0)) yield preempt;
}

/** A frame that says when it begins and ends. */
const frame = (sim: Sim, log: string[], name: string, length = 2) =>
  function* (): Atomic<void> {
    log.push(`${name}+`);
    yield* points(sim, length);
    log.push(`${name}-`);
  };

describe('an interrupt', () => {
  it('begins at the next point, never inside the call that asks for it', () => {
    const sim = makeSim(1);
    const log: string[] = [];
    sim.spawn(
      'task',
      (function* (): Atomic<void> {
        sim.cpus.request(0, 'hardirq', 'card', frame(sim, log, 'irq'));
        log.push('asked');
        yield* points(sim, 1);
        log.push('task');
      })(),
    );
    sim.run(1e9);
    expect(log).toEqual(['asked', 'irq+', 'irq-', 'task']);
  });

  it('stops what it has interrupted until it is over, on every schedule', () => {
    for (let seed = 1; seed <= 50; seed++) {
      const sim = makeSim(1, seed);
      const log: string[] = [];
      sim.spawn(
        'task',
        (function* (): Atomic<void> {
          sim.cpus.request(0, 'hardirq', 'card', frame(sim, log, 'irq', 5));
          for (let n = 0; n < 20; n++) {
            yield* points(sim, 1);
            log.push('task');
          }
        })(),
      );
      sim.run(1e9);
      expect(log.join(' ')).not.toMatch(/irq\+ task/);
    }
  });

  it('comes to an idle CPU at once', () => {
    const sim = makeSim(2);
    const log: string[] = [];
    sim.at(700, () => {
      sim.cpus.request(1, 'hardirq', 'card', frame(sim, log, 'irq'));
    });
    sim.run(1e9);
    expect(log).toEqual(['irq+', 'irq-']);
    expect([...sim.trace.events()].find((event) => event.kind === K['irq.enter'])!.timeNs).toBe(
      700,
    );
  });

  it('does not interrupt another one, and both interrupt a softirq', () => {
    const sim = makeSim(1);
    const log: string[] = [];
    sim.spawn(
      'task',
      (function* (): Atomic<void> {
        sim.cpus.request(0, 'softirq', 'net', function* (): Atomic<void> {
          log.push('soft+');
          sim.cpus.request(0, 'hardirq', 'a', function* (): Atomic<void> {
            log.push('a+');
            sim.cpus.request(0, 'hardirq', 'b', frame(sim, log, 'b'));
            yield* points(sim, 2);
            log.push('a-');
          });
          yield* points(sim, 3);
          log.push('soft-');
        });
        yield* points(sim, 1);
        log.push('task');
      })(),
    );
    sim.run(1e9);
    expect(log).toEqual(['soft+', 'a+', 'a-', 'b+', 'b-', 'soft-', 'task']);
  });

  it('waits while interrupts are off on its CPU, not while they are off on another', () => {
    const sim = makeSim(2);
    const log: string[] = [];
    sim.spawn(
      'task',
      (function* (): Atomic<void> {
        sim.cpus.adjust('irqsOffDepth', 1);
        sim.cpus.request(0, 'hardirq', 'here', frame(sim, log, 'here'));
        sim.cpus.request(1, 'hardirq', 'there', frame(sim, log, 'there'));
        yield* points(sim, 10);
        log.push('on');
        sim.cpus.adjust('irqsOffDepth', -1);
        yield* points(sim, 1);
      })(),
    );
    sim.run(1e9);
    expect(log).toEqual(['there+', 'there-', 'on', 'here+', 'here-']);
  });

  it('may come while a lock is held with preemption off', () => {
    const sim = makeSim(1);
    const log: string[] = [];
    sim.spawn(
      'task',
      (function* (): Atomic<void> {
        sim.cpus.adjust('preemptDepth', 1);
        sim.cpus.request(0, 'hardirq', 'card', frame(sim, log, 'irq'));
        yield* points(sim, 1);
        log.push('still pinned');
        sim.cpus.adjust('preemptDepth', -1);
      })(),
    );
    sim.run(1e9);
    expect(log).toEqual(['irq+', 'irq-', 'still pinned']);
  });
});

describe('a softirq', () => {
  it('waits until bottom halves are on again', () => {
    const sim = makeSim(1);
    const log: string[] = [];
    sim.spawn(
      'task',
      (function* (): Atomic<void> {
        sim.cpus.adjust('softirqDepth', 1);
        sim.cpus.request(0, 'softirq', 'net', frame(sim, log, 'soft'));
        sim.cpus.request(0, 'hardirq', 'card', frame(sim, log, 'irq'));
        yield* points(sim, 1);
        log.push('on');
        sim.cpus.adjust('softirqDepth', -1);
        yield* points(sim, 1);
      })(),
    );
    sim.run(1e9);
    expect(log).toEqual(['irq+', 'irq-', 'on', 'soft+', 'soft-']);
  });

  it('runs once at a time on a CPU, in the order of asking', () => {
    const sim = makeSim(1);
    const log: string[] = [];
    for (const name of ['a', 'b', 'c']) {
      sim.cpus.request(0, 'softirq', 'net', frame(sim, log, name));
    }
    sim.run(1e9);
    expect(log).toEqual(['a+', 'a-', 'b+', 'b-', 'c+', 'c-']);
  });

  it('has one context for each CPU, named by it, used again and again', () => {
    const sim = makeSim(2);
    const seen = new Set<Task>();
    const note = function* (): Atomic<void> {
      seen.add(sim.current);
      yield* points(sim, 1);
    };
    for (const cpu of [0, 1, 0, 1]) sim.cpus.request(cpu, 'softirq', 'net', note);
    sim.run(1e9);
    expect([...seen].map((task) => task.name)).toEqual(['net on CPU 0', 'net on CPU 1']);
  });

  it('that dies leaves nothing behind for its next time', () => {
    const sim = makeSim(1);
    sim.onCrash = () => undefined;
    const depths: number[] = [];
    sim.cpus.request(0, 'softirq', 'net', function* (): Atomic<void> {
      sim.cpus.adjust('preemptDepth', 1);
      yield* points(sim, 1);
      throw new Error('oh');
    });
    sim.cpus.request(0, 'softirq', 'net', function* (): Atomic<void> {
      depths.push(sim.current.preemptDepth);
      yield* points(sim, 1);
    });
    const task = sim.spawn('task', points(sim, 3));
    expect(sim.run(1e9)).toBe('quiescent');
    expect(depths).toEqual([0]);
    expect(task.runState).toBe('dead');
  });
});

describe('a context that keeps its CPU', () => {
  it('is not preempted on a machine with one', () => {
    for (let seed = 1; seed <= 50; seed++) {
      const sim = makeSim(1, seed);
      const log: string[] = [];
      const body = function* (name: string): Atomic<void> {
        sim.cpus.adjust('preemptDepth', 1);
        for (let n = 0; n < 10; n++) {
          yield* points(sim, 1);
          log.push(name);
        }
        sim.cpus.adjust('preemptDepth', -1);
        yield* points(sim, 1);
      };
      for (const name of ['a', 'b', 'c']) sim.spawn(name, body(name));
      sim.run(1e9);
      expect(log.join('')).toMatch(/^(aaaaaaaaaa|bbbbbbbbbb|cccccccccc){3}$/);
    }
  });

  it('never shares it: no more such contexts interleave than there are CPUs', () => {
    for (let seed = 1; seed <= 100; seed++) {
      const sim = makeSim(2, seed);
      const pinned = new Map<Task, number>();
      let most = 0;
      const body = function* (): Atomic<void> {
        for (let round = 0; round < 5; round++) {
          yield* points(sim, 2);
          sim.cpus.adjust('preemptDepth', 1);
          pinned.set(sim.current, sim.current.cpu);
          most = Math.max(most, pinned.size);
          expect(new Set(pinned.values()).size).toBe(pinned.size);
          yield* points(sim, 5);
          pinned.delete(sim.current);
          sim.cpus.adjust('preemptDepth', -1);
        }
      };
      for (let n = 0; n < 4; n++) sim.spawn(`t${n}`, body());
      expect(sim.run(1e9)).toBe('quiescent');
      expect(most).toBeLessThanOrEqual(2);
    }
  });

  it('cannot give back more than it has taken', () => {
    const sim = makeSim(1);
    const answers: boolean[] = [];
    sim.spawn(
      'task',
      (function* (): Atomic<void> {
        answers.push(sim.cpus.adjust('preemptDepth', -1));
        answers.push(sim.cpus.adjust('preemptDepth', 1), sim.cpus.adjust('preemptDepth', -1));
        yield* points(sim, 1);
      })(),
    );
    sim.run(1e9);
    expect(answers).toEqual([false, true, true]);
  });

  it('frees it when it dies', () => {
    const sim = makeSim(1);
    sim.onCrash = () => undefined;
    sim.spawn(
      'bad',
      (function* (): Atomic<void> {
        sim.cpus.adjust('preemptDepth', 1);
        sim.cpus.adjust('irqsOffDepth', 1);
        yield* points(sim, 1);
        throw new Error('oh');
      })(),
    );
    const log: string[] = [];
    sim.cpus.request(0, 'hardirq', 'card', frame(sim, log, 'irq'));
    const other = sim.spawn('other', points(sim, 3));
    expect(sim.run(1e9)).toBe('quiescent');
    expect(other.runState).toBe('dead');
    expect(log).toEqual(['irq+', 'irq-']);
  });
});

describe('a spinning context', () => {
  it('is parked, keeps its CPU, and can be interrupted', () => {
    const sim = makeSim(2);
    const log: string[] = [];
    const spinner = sim.spawn(
      'spinner',
      (function* (): Atomic<void> {
        sim.cpus.adjust('preemptDepth', 1);
        yield* points(sim, 1);
        yield* sim.spin('a lock');
        log.push('got it');
        sim.cpus.adjust('preemptDepth', -1);
      })(),
    );
    sim.spawn(
      'owner',
      (function* (): Atomic<void> {
        yield* points(sim, 2);
        log.push(`owner on CPU ${sim.current.cpu}`);
        sim.cpus.request(0, 'hardirq', 'card', function* (): Atomic<void> {
          log.push('irq');
          yield* points(sim, 1);
          sim.unspin(spinner);
          log.push('released');
        });
        yield* points(sim, 3);
      })(),
    );
    expect(sim.run(1e9)).toBe('quiescent');
    expect(log).toEqual(['owner on CPU 1', 'irq', 'released', 'got it']);
  });

  it('that nobody releases stays where it is', () => {
    const sim = makeSim(1);
    const spinner = sim.spawn('spinner', sim.spin('a lock'));
    expect(sim.run(1e9)).toBe('quiescent');
    expect(spinner.runState).toBe('spinning');
    sim.unspin(spinner);
    sim.run(1e9);
    expect(spinner.runState).toBe('dead');
  });
});
