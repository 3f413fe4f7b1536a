// Stacks: asked of a parked context when somebody looks, they say where it stands, and asking
// changes nothing.

import { describe, expect, it } from 'vitest';
import { Oops } from '#sim/shared.ts';
import { callSites, captureStack } from '#sim/stack.ts';
import type { Atomic, MaySleep } from '#sim/task.ts';
import { digestOf } from '#test/support/digest.ts';
import { bareKernel } from '#test/support/machine.ts';
import { functionNames, thread } from '#test/support/threads.ts';

const setUp = () => {
  const k = bareKernel();
  function* inner_function(): MaySleep<void> {
    yield* k.sim.block('D', 'a test');
  }
  function* outer_function(): MaySleep<void> {
    yield* inner_function();
  }
  return { k, task: thread(k, 'sleeper', outer_function) };
};

describe('the stack of a task', () => {
  it('is empty before it has blocked', () => {
    expect(setUp().task.stack).toEqual([]);
  });

  it('names the functions that it is in, innermost first, and nothing of the engine', () => {
    const { k, task } = setUp();
    k.sim.run(1e9);
    expect(functionNames(task.stack)).toEqual([
      'inner_function',
      'outer_function',
      'kthread',
      'ret_from_fork',
    ]);
    expect(task.stack[2]).toMatch(/^kthread@kernel\/sched\.ts:\d+$/);
  });

  it('can be asked for any number of times, and the task goes on as if it had not', () => {
    const asked = setUp();
    asked.k.sim.run(1e9);
    for (let n = 0; n < 3; n++) expect(asked.task.stack).toHaveLength(4);
    asked.k.sim.wake(asked.task);
    expect(asked.task.stack).toHaveLength(4);
    asked.k.sim.run(2e9);
    expect(asked.task.runState).toBe('dead');
    expect(asked.task.stack).toEqual([]);

    const left = setUp();
    left.k.sim.run(1e9);
    left.k.sim.wake(left.task);
    left.k.sim.run(2e9);
    expect(digestOf(asked.k.trace)).toBe(digestOf(left.k.trace));
  });

  it('is its own, whoever asks from inside another context', () => {
    const { k, task } = setUp();
    let seen: readonly string[] = [];
    function* asking_function(): MaySleep<void> {
      seen = task.stack;
      yield* k.sim.spend(1);
    }
    thread(k, 'asker', asking_function);
    k.sim.run(1e9);
    expect(functionNames(seen)).toEqual([
      'inner_function',
      'outer_function',
      'kthread',
      'ret_from_fork',
    ]);
  });

  it('is there for a context that spins', () => {
    const k = bareKernel();
    function* spinning_function(): Atomic<void> {
      yield* k.sim.spin('a lock');
    }
    const task = thread(k, 'spinner', spinning_function);
    k.sim.run(1e9);
    expect(functionNames(task.stack)[0]).toBe('spinning_function');
  });
});

describe('a captured stack', () => {
  it('ends where the context begins', () => {
    const k = bareKernel();
    let seen: readonly string[] = [];
    function* looking_function(): MaySleep<void> {
      seen = captureStack();
      yield* k.sim.spend(1);
    }
    thread(k, 'looker', looking_function);
    k.sim.run(1e9);
    expect(functionNames(seen)).toEqual(['looking_function', 'kthread', 'ret_from_fork']);
  });

  it('is complete for a fault deep in the code', () => {
    const k = bareKernel();
    let sites: readonly string[] = [];
    k.sim.onCrash = (_task, error) => {
      sites = callSites(error as Oops);
    };
    function* deep_function(depth: number): MaySleep<void> {
      if (depth === 0) throw new Oops('deep');
      yield* deep_function(depth - 1);
    }
    thread(k, 'diver', () => deep_function(40));
    k.sim.run(1e9);
    expect(functionNames(sites)).toHaveLength(43);
    expect(functionNames(sites).at(-1)).toBe('ret_from_fork');
  });

  it('reads the lines of an error and skips what is no call site', () => {
    const error = new Error('x');
    error.stack = [
      'Error: x',
      '    at mlx4_bond (file:///work/main/main/driver/mlx4_core/main/bond.ts:12:3)',
      '    at mlx4_bond.next (<anonymous>)',
      '    at Object.work [as fn] (/work/main/main/driver/mlx4_en/en_netdev.ts:7:1)',
      '    at node:internal/modules/run_main:101:5',
    ].join('\n');
    expect(callSites(error)).toEqual([
      'mlx4_bond@driver/mlx4_core/main/bond.ts:12',
      'work@driver/mlx4_en/en_netdev.ts:7',
    ]);
  });
});

describe('where a context was left at a point', () => {
  /** Two that take turns under a policy that switches at each point. */
  const left = (keepsPlaces: boolean) => {
    const k = bareKernel();
    k.sim.setPolicy({
      name: 'away',
      keepsPlaces,
      choose: (runnable, current) => runnable.find((task) => task !== current)!,
    });
    function* counting_function(): Atomic<void> {
      for (let n = 0; n < 5; n++) yield* k.sim.spend(1);
    }
    const tasks = ['one', 'two'].map((name) => thread(k, name, counting_function));
    k.sim.run(1e9, 5);
    return { k, tasks };
  };

  it('is known where somebody asks for it, and gone when it has gone on', () => {
    const { k, tasks } = left(true);
    const stood = tasks.map(({ standsAt }) => functionNames(standsAt)[0]);
    expect(stood).toContain('counting_function');
    expect(tasks.map(({ stack }) => stack)).toEqual([[], []]);
    k.sim.run(1e9);
    expect(tasks.map(({ runState, standsAt }) => [runState, standsAt])).toEqual([
      ['dead', []],
      ['dead', []],
    ]);
  });

  it('costs nothing where nobody asks, and changes nothing', () => {
    const [asked, unasked] = [left(true), left(false)];
    expect(unasked.tasks.map(({ standsAt }) => standsAt)).toEqual([[], []]);
    for (const { k } of [asked, unasked]) k.sim.run(1e9);
    expect(digestOf(asked.k.trace)).toBe(digestOf(unasked.k.trace));
  });
});
