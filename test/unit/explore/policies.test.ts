// The policies that need nothing but themselves: until-blocked and random.

import { describe, expect, it } from 'vitest';
import { randomPolicy } from '#explore/random.ts';
import { untilBlocked } from '#explore/until-blocked.ts';
import type { PointInfo } from '#sim/policy.ts';
import { preempt, Task } from '#sim/task.ts';
import type { Atomic } from '#sim/task.ts';
import { Sim } from '#sim/sim.ts';
import { K } from '#trace/kinds.ts';
import { Trace } from '#trace/trace.ts';
import { bareKernel } from '#test/support/machine.ts';
import { digestOf } from '#test/support/digest.ts';
import { startProgram } from '#test/support/lock-programs.ts';
import type { Program } from '#test/support/lock-programs.ts';

function* nothing(): Atomic<void> {
  yield preempt;
}

const somewhere: PointInfo = { kind: 0, object: 0, from: '', position: 0, occurrence: () => 1 };
const contexts = (...kinds: Task['kind'][]): Task[] =>
  kinds.map((kind, at) => new Task(at + 1, `${kind}${at}`, kind, nothing()));

describe('until-blocked', () => {
  it('keeps the context that runs', () => {
    const [one, two] = contexts('task', 'task');
    expect(untilBlocked().choose([one!, two!], two!, somewhere)).toBe(two);
  });

  it('takes the one that has been runnable longest when the running one has left', () => {
    const [one, two] = contexts('task', 'task');
    expect(untilBlocked().choose([one!, two!], null, somewhere)).toBe(one);
  });

  it('lets interrupt frames go first', () => {
    const [one, two, irq] = contexts('task', 'task', 'hardirq');
    expect(untilBlocked().choose([one!, two!, irq!], one!, somewhere)).toBe(irq);
    expect(untilBlocked().choose([one!, irq!, two!], null, somewhere)).toBe(irq);
  });
});

describe('random', () => {
  it('gives the same schedule for the same seed, another for another', () => {
    const program: Program = {
      tasks: [0, 1, 2].map((n) => [
        { op: 'mutex', n, body: [{ op: 'spend' }] },
        { op: 'mutex', n: 0, body: [{ op: 'sleep' }] },
        { op: 'queue', n },
      ]),
      works: [[{ op: 'spend' }], [], []],
      semaphoreCounts: [1, 1, 1],
      maxActive: 1,
    };
    const digestFor = (seed: number): string => {
      const k = bareKernel({ seed });
      startProgram(k, program);
      k.sim.run(1e9);
      return digestOf(k.trace);
    };
    const digests = Array.from({ length: 20 }, (_, seed) => digestFor(seed));
    expect(digests).toEqual(Array.from({ length: 20 }, (_, seed) => digestFor(seed)));
    expect(new Set(digests).size).toBeGreaterThan(10);
  });

  it('switches at about one point in sixteen, and picks everybody alike when it must pick', () => {
    const policy = randomPolicy(1);
    const tasks = contexts('task', 'task', 'task');
    let stayed = 0;
    const picks = new Map<string, number>();
    for (let n = 0; n < 3000; n++) {
      if (policy.choose(tasks, tasks[0]!, somewhere) === tasks[0]) stayed++;
      const picked = policy.choose(tasks, null, somewhere)!.name;
      picks.set(picked, (picks.get(picked) ?? 0) + 1);
    }
    // One in sixteen asks again, and a third of those stay.
    expect(stayed / 3000).toBeCloseTo(1 - (2 / 3) * (1 / 16), 1);
    for (const times of picks.values()) expect(Math.abs(times - 1000)).toBeLessThan(120);
  });

  it('lets nobody starve: every context that can run does so', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const sim = new Sim({
        trace: new Trace(),
        policy: randomPolicy(seed),
        cpus: 2,
        pointsMax: 1e6,
      });
      const done = new Set<number>();
      const busy = function* (n: number): Atomic<void> {
        for (;;) {
          if (sim.point(K['cell.read'], 0)) yield preempt;
          done.add(n);
        }
      };
      for (let n = 0; n < 8; n++) sim.spawn(`t${n}`, busy(n));
      sim.run(1e9, 5000);
      expect(done.size).toBe(8);
    }
  });
});
