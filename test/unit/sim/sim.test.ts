// The engine: one context at a time, a virtual clock, points that cost time, and runs that may stop
// anywhere without changing what comes.

import { describe, expect, it } from 'vitest';
import { untilBlocked } from '#explore/until-blocked.ts';
import { randomPolicy } from '#explore/random.ts';
import { Sim } from '#sim/sim.ts';
import { preempt } from '#sim/task.ts';
import type { Atomic, MaySleep, Task } from '#sim/task.ts';
import { K } from '#trace/kinds.ts';
import { Trace } from '#trace/trace.ts';
import { digestOf } from '#test/support/digest.ts';

const makeSim = (options: { cpus?: number; pointsMax?: number; seed?: number } = {}): Sim => {
  const { seed } = options;
  const policy = seed === undefined ? untilBlocked() : randomPolicy(seed);
  const { cpus = 2, pointsMax = 1_000_000 } = options;
  return new Sim({ trace: new Trace(), policy, cpus, pointsMax });
};

function* points(sim: Sim, count: number, object = 0): Atomic<void> {
  for (let n = 0; n < count; n++) if (sim.point(K['cell.read'], object)) yield preempt;
}

/** Sleeps until `wakeAt`, as a timer would wake it. */
function* sleepUntil(sim: Sim, wakeAt: number): MaySleep<void> {
  const task = sim.current;
  sim.at(wakeAt, () => {
    sim.wake(task);
  });
  yield* sim.block('D', 'a time');
}

describe('the virtual clock', () => {
  it('moves by 100 ns for a point, and by more for work', () => {
    const sim = makeSim();
    const times: number[] = [];
    sim.spawn(
      'a',
      (function* (): Atomic<void> {
        times.push(sim.now());
        yield* points(sim, 3);
        times.push(sim.now());
        yield* sim.spend(5000);
        times.push(sim.now());
      })(),
    );
    expect(sim.run(1e9)).toBe('quiescent');
    expect(times).toEqual([0, 300, 5400]);
    expect(sim.pointCount).toBe(4);
  });

  it('jumps to the next event when nobody can run', () => {
    const sim = makeSim();
    const times: number[] = [];
    sim.spawn(
      'a',
      (function* (): MaySleep<void> {
        yield* sleepUntil(sim, 5e6);
        times.push(sim.now());
        yield* sleepUntil(sim, 7e6);
        times.push(sim.now());
      })(),
    );
    sim.run(1e9);
    expect(times).toEqual([5e6, 7e6]);
  });

  it('lets events happen between points, at the first one after their time', () => {
    const sim = makeSim();
    const log: string[] = [];
    sim.after(250, () => log.push(`event at ${sim.now()}`));
    sim.spawn(
      'a',
      (function* (): Atomic<void> {
        for (let n = 0; n < 4; n++) {
          yield* points(sim, 1);
          log.push(`point ${n}`);
        }
      })(),
    );
    sim.run(1e9);
    expect(log).toEqual(['point 0', 'point 1', 'event at 300', 'point 2', 'point 3']);
  });

  it('takes a time that is past, and a negative delay, as now', () => {
    const sim = makeSim();
    const log: number[] = [];
    sim.after(1000, () => {
      sim.at(3, () => log.push(sim.now()));
      sim.after(-5, () => log.push(sim.now()));
    });
    sim.run(1e9);
    expect(log).toEqual([1000, 1000]);
  });

  it('gives events to the machine in the trace, not to the task that runs', () => {
    const sim = makeSim();
    sim.after(150, () => {
      sim.trace.emit(K['card.reset'], 0, 0);
    });
    sim.spawn('a', points(sim, 5));
    sim.run(1e9);
    const events = [...sim.trace.events()];
    expect(events.find((event) => event.kind === K['card.reset'])!.task).toBe(0);
    expect(events.at(-1)!.task).toBe(1);
  });
});

describe('contexts', () => {
  it('that could always run do so in the order of their making, until they block', () => {
    const sim = makeSim();
    const log: string[] = [];
    for (const name of ['a', 'b', 'c']) {
      sim.spawn(
        name,
        (function* (): Atomic<void> {
          log.push(`${name}1`);
          yield* points(sim, 3);
          log.push(`${name}2`);
        })(),
      );
    }
    sim.run(1e9);
    expect(log).toEqual(['a1', 'a2', 'b1', 'b2', 'c1', 'c2']);
  });

  it('have numbers and names of their own, and leave when they end', () => {
    const sim = makeSim();
    const made = ['a', 'a', 'b', 'a'].map((name) => sim.spawn(name, points(sim, 1)));
    expect(made.map((task) => task.name)).toEqual(['a', 'a #2', 'b', 'a #3']);
    expect(made.map((task) => task.number)).toEqual([1, 2, 3, 4]);
    sim.run(1e9);
    expect(sim.tasks.size).toBe(0);
    expect(made.every((task) => task.runState === 'dead')).toBe(true);
    expect(sim.spawn('a', points(sim, 1)).name).toBe('a');
  });

  it('are named by the event that makes them', () => {
    const sim = makeSim();
    sim.spawn(
      'parent',
      (function* (): Atomic<void> {
        sim.spawn('child', points(sim, 1));
        yield* points(sim, 1);
      })(),
    );
    sim.run(1e9);
    const births = [...sim.trace.events()].filter((event) => event.kind === K['task.create']);
    expect(
      births.map(({ object, value, place }) => [object, value, sim.trace.text(place)]),
    ).toEqual([
      [1, 0, 'parent'],
      [2, 1, 'child'],
    ]);
  });

  it('are woken once: a second wake, and one of a task that runs, is false', () => {
    const sim = makeSim();
    const answers: boolean[] = [];
    const sleeper = sim.spawn('sleeper', sim.block('D', 'somebody'));
    sim.spawn(
      'waker',
      (function* (): Atomic<void> {
        answers.push(sim.wake(sim.current), sim.wake(sleeper), sim.wake(sleeper));
        yield* points(sim, 1);
      })(),
    );
    expect(sim.run(1e9)).toBe('quiescent');
    expect(answers).toEqual([false, true, false]);
    expect(sleeper.runState).toBe('dead');
  });

  it('tell why they wait, and since when', () => {
    const sim = makeSim();
    const sleeper = sim.spawn(
      'sleeper',
      (function* (): MaySleep<void> {
        yield* sim.spend(400);
        yield* sim.block('K', 'a key', 42);
      })(),
    );
    sim.run(1e9);
    expect(sleeper.waitingFor).toBe('a key');
    expect(sleeper.blockedOn).toBe(42);
    expect(sleeper.sleepState).toBe('K');
    expect(sleeper.blockedAtNs).toBe(500);
  });

  it('that die of an exception are handed to onCrash, and the others go on', () => {
    const sim = makeSim();
    const crashes: string[] = [];
    sim.onCrash = (task, error) => crashes.push(`${task.name}: ${(error as Error).message}`);
    sim.spawn(
      'bad',
      (function* (): Atomic<void> {
        yield* points(sim, 1);
        throw new Error('oh');
      })(),
    );
    const good = sim.spawn('good', points(sim, 5));
    expect(sim.run(1e9)).toBe('quiescent');
    expect(crashes).toEqual(['bad: oh']);
    expect(good.runState).toBe('dead');
  });

  it('whose exception nobody takes end the run with it', () => {
    const sim = makeSim();
    sim.spawn(
      'bad',
      (function* (): Atomic<void> {
        yield* points(sim, 1);
        throw new Error('a defect of the lab');
      })(),
    );
    expect(() => sim.run(1e9)).toThrow('a defect of the lab');
  });

  it('report their end to onExit, whatever it was', () => {
    const sim = makeSim();
    const ended: string[] = [];
    sim.onCrash = () => undefined;
    sim.onExit = (task) => ended.push(task.name);
    sim.spawn('quiet', points(sim, 1));
    sim.spawn(
      'loud',
      (function* (): Atomic<void> {
        yield* points(sim, 2);
        throw new Error('oh');
      })(),
    );
    sim.run(1e9);
    expect(ended).toEqual(['quiet', 'loud']);
  });
});

describe('a run', () => {
  it('ends at its time, and goes on from there', () => {
    const sim = makeSim();
    const task = sim.spawn('a', points(sim, 100));
    expect(sim.run(5000)).toBe('until');
    expect(sim.now()).toBe(5000);
    expect(task.runState).toBe('runnable');
    expect(sim.run(1e9)).toBe('quiescent');
    expect(sim.now()).toBe(10_000);
  });

  it('moves the clock to its time when nothing happens before', () => {
    const sim = makeSim();
    sim.after(1e6, () => undefined);
    expect(sim.run(1000)).toBe('until');
    expect(sim.now()).toBe(1000);
  });

  it('says quiescent when nothing can ever happen, though tasks are blocked', () => {
    const sim = makeSim();
    sim.spawn('a', sim.block('D', 'nothing'));
    expect(sim.run(1e9)).toBe('quiescent');
  });

  it('ends with stepLimit when it has had its points', () => {
    const sim = makeSim({ pointsMax: 50 });
    sim.spawn('a', points(sim, 1000));
    expect(sim.run(1e9)).toBe('stepLimit');
    expect(sim.pointCount).toBe(50);
    expect(sim.run(1e9)).toBe('stepLimit');
  });

  it('counts the points of a busy loop, too', () => {
    const sim = makeSim({ pointsMax: 50 });
    sim.spawn(
      'a',
      (function* (): Atomic<void> {
        for (;;) yield* sim.relax();
      })(),
    );
    expect(sim.run(1e9)).toBe('stepLimit');
  });

  it('stops before the next step when asked to, by a task or by an event', () => {
    const sim = makeSim();
    const log: string[] = [];
    sim.spawn(
      'a',
      (function* (): MaySleep<void> {
        log.push('before');
        sim.stop();
        yield* points(sim, 1);
        log.push('after');
        yield* sleepUntil(sim, 5000);
        log.push('awake');
      })(),
    );
    sim.at(5000, () => {
      sim.stop();
    });
    expect(sim.run(1e9)).toBe('stopped');
    expect(log).toEqual(['before']);
    expect(sim.run(1e9)).toBe('stopped');
    expect(log).toEqual(['before', 'after']);
    expect(sim.run(1e9)).toBe('quiescent');
    expect(log).toEqual(['before', 'after', 'awake']);
  });

  /** Tasks that take turns in every way there is. */
  function busySim(seed?: number): Sim {
    const sim = makeSim(seed === undefined ? {} : { seed });
    const body = function* (name: number): MaySleep<void> {
      for (let n = 0; n < 30; n++) {
        yield* points(sim, 3, name);
        if (n % 5 === name) yield* sleepUntil(sim, sim.now() + 777);
        if (n % 7 === name) yield* sim.relax();
        if (n % 4 === name) sim.cpus.request(name, 'softirq', `irq${name}`, () => points(sim, 2));
      }
    };
    for (let name = 0; name < 4; name++) sim.spawn(`t${name}`, body(name));
    return sim;
  }

  it.each([undefined, 1, 2, 3])('in pieces is the run in one piece (seed %s)', (seed) => {
    const whole = busySim(seed);
    whole.run(1e9);
    for (const piece of [1, 2, 7, 100]) {
      const sim = busySim(seed);
      let stop = sim.run(1e9, piece);
      while (stop === 'paused') stop = sim.run(1e9, piece);
      expect(stop).toBe('quiescent');
      expect(digestOf(sim.trace)).toBe(digestOf(whole.trace));
    }
    for (const pieceNs of [100, 350, 10_000]) {
      const sim = busySim(seed);
      for (let until = pieceNs; sim.run(until) === 'until'; until += pieceNs);
      expect(digestOf(sim.trace)).toBe(digestOf(whole.trace));
    }
  });

  it('gives the same bytes for the same seed, and others for another', () => {
    const digests = [1, 1, 2, 3].map((seed) => {
      const sim = busySim(seed);
      sim.run(1e9);
      return digestOf(sim.trace);
    });
    expect(digests[0]).toBe(digests[1]);
    expect(new Set(digests).size).toBe(3);
  });
});

describe('a busy loop', () => {
  it('ends when an event changes what it looks at, and skips the time between', () => {
    const sim = makeSim();
    let ready = false;
    sim.after(1e9, () => {
      ready = true;
    });
    sim.spawn(
      'a',
      (function* (): Atomic<void> {
        while (!ready) yield* sim.relax();
      })(),
    );
    expect(sim.run(2e9)).toBe('quiescent');
    expect(sim.now()).toBe(1e9);
    expect(sim.pointCount).toBe(1);
  });

  it.each([undefined, 1, 2, 3])(
    'sees what another task does, which never blocks (seed %s)',
    (seed) => {
      const sim = makeSim(seed === undefined ? {} : { seed });
      let ready = false;
      let seenAt = 0;
      sim.spawn(
        'looker',
        (function* (): Atomic<void> {
          while (!ready) yield* sim.relax();
          seenAt = sim.now();
          sim.stop();
        })(),
      );
      sim.spawn(
        'setter',
        (function* (): Atomic<void> {
          yield* points(sim, 500);
          ready = true;
          for (;;) yield* points(sim, 1);
        })(),
      );
      // Under until-blocked the setter would keep its CPU for ever: the policy decides, not the
      // loop.
      if (seed === undefined) expect(sim.run(1e6)).toBe('until');
      else {
        expect(sim.run(1e6)).toBe('stopped');
        expect(seenAt).toBeLessThan(200_000);
      }
    },
  );

  it('lets others run meanwhile', () => {
    const sim = makeSim();
    const log: string[] = [];
    let done = false;
    sim.spawn(
      'looker',
      (function* (): Atomic<void> {
        while (!done) yield* sim.relax();
        log.push('seen');
      })(),
    );
    sim.spawn(
      'worker',
      (function* (): Atomic<void> {
        yield* points(sim, 10);
        log.push('done');
        done = true;
      })(),
    );
    expect(sim.run(1e9)).toBe('quiescent');
    expect(log).toEqual(['done', 'seen']);
  });
});

describe('a policy', () => {
  it('is asked only where there is a choice, and is told of forced picks', () => {
    const sim = makeSim();
    const asked: string[] = [];
    const forced: string[] = [];
    sim.setPolicy({
      name: 'witness',
      choose: (runnable, current, at) => {
        asked.push(`${at.from} ${at.kind} ${runnable.map((task) => task.name).join()}`);
        return current ?? runnable[0]!;
      },
      forced: (only: Task, at) => {
        forced.push(`${at.from} to ${only.name}`);
      },
    });
    sim.spawn(
      'a',
      (function* (): MaySleep<void> {
        yield* points(sim, 1);
        yield* sleepUntil(sim, 10_000);
        yield* points(sim, 5);
      })(),
    );
    sim.spawn('b', points(sim, 2));
    sim.run(1e9);
    expect(asked).toEqual([` 0 a,b`, `a ${K['cell.read']} a,b`]);
    expect(forced).toEqual(['a to b', 'b to a']);
    expect(sim.choices.map(({ from, to }) => `${from}>${to}`)).toEqual(['>a']);
  });

  it('may change in the middle of a run', () => {
    const sim = makeSim();
    expect(sim.policy.name).toBe('until-blocked');
    sim.setPolicy(randomPolicy(1));
    expect(sim.policy.name).toBe('random');
  });

  it('that counts the points of a place starts where it says', () => {
    const sim = makeSim();
    const counts: number[] = [];
    let since = 0;
    sim.setPolicy({
      name: 'counter',
      choose: (runnable, current, at) => {
        if (at.from === 'a') counts.push(at.occurrence(since));
        if (counts.length === 3) since = at.position;
        return current ?? runnable[0]!;
      },
    });
    sim.spawn('a', points(sim, 6));
    sim.spawn('b', points(sim, 1));
    sim.run(1e9);
    expect(counts).toEqual([1, 2, 3, 1, 2, 3]);
  });
});
