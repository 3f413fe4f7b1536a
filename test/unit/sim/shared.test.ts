// Shared cells and lists: races happen in them as they do in memory without locks, and what was
// removed or freed is poison.

import { describe, expect, it } from 'vitest';
import { randomPolicy } from '#explore/random.ts';
import { untilBlocked } from '#explore/until-blocked.ts';
import { ListHead, Oops, Shared, SharedList } from '#sim/shared.ts';
import { Sim } from '#sim/sim.ts';
import type { Atomic } from '#sim/task.ts';
import { K } from '#trace/kinds.ts';
import { Trace } from '#trace/trace.ts';

const makeSim = (seed?: number): Sim =>
  new Sim({
    trace: new Trace(),
    policy: seed === undefined ? untilBlocked() : randomPolicy(seed),
    cpus: 2,
    pointsMax: 100_000,
  });

/** Runs one context to its end and gives what it died of, if it did. */
function run(sim: Sim, body: () => Atomic<void>): unknown {
  let died: unknown = null;
  sim.onCrash = (_task, error) => {
    died = error;
  };
  sim.spawn('task', body());
  sim.run(1e9);
  return died;
}

describe('a cell', () => {
  it('keeps what was written, and each access is an event', () => {
    const sim = makeSim();
    const cell = new Shared(sim, 'flags', 1);
    let read = 0;
    run(sim, function* () {
      yield* cell.write(5);
      yield* cell.modify((value) => value * 2);
      read = yield* cell.read();
    });
    expect(read).toBe(10);
    expect(cell.peek).toBe(10);
    const name = sim.trace.intern('flags');
    const kinds = [...sim.trace.events()].filter((event) => event.object === name);
    const [r, w] = [K['cell.read'], K['cell.write']];
    expect(kinds.map((event) => event.kind).filter((kind) => kind === r || kind === w)).toEqual([
      w,
      r,
      w,
      r,
    ]);
  });

  it('is set without an event before anybody can see it', () => {
    const sim = makeSim();
    const cell = new Shared(sim, 'flags', 0);
    cell.initialise(3);
    expect(cell.peek).toBe(3);
    expect(sim.trace.count).toBe(0);
  });

  it('loses updates under some schedules, and never without a switch', () => {
    const sumOf = (seed?: number): number => {
      const sim = makeSim(seed);
      const cell = new Shared(sim, 'counter', 0);
      for (let n = 0; n < 3; n++) {
        const body = function* (): Atomic<void> {
          for (let round = 0; round < 5; round++) yield* cell.modify((value) => value + 1);
        };
        sim.spawn(`t${n}`, body());
      }
      sim.run(1e9);
      return cell.peek;
    };
    expect(sumOf()).toBe(15);
    const sums = Array.from({ length: 50 }, (_, seed) => sumOf(seed + 1));
    expect(Math.min(...sums)).toBeLessThan(15);
    expect(Math.max(...sums)).toBe(15);
  });
});

describe('a list', () => {
  const nodes = (...names: string[]): ListHead<string>[] =>
    names.map((name) => new ListHead(name, name));

  it('is walked in the order of adding, without what was removed', () => {
    const sim = makeSim();
    const list = new SharedList<string>(sim, 'list');
    const [a, b, c] = nodes('a', 'b', 'c');
    const walked: string[] = [];
    const died = run(sim, function* () {
      for (const node of [a, b, c]) yield* list.addTail(node!);
      yield* list.del(b!);
      for (let node = yield* list.first(); node !== null; node = yield* list.following(node)) {
        walked.push(node.owner!);
      }
    });
    expect(died).toBeNull();
    expect(walked).toEqual(['a', 'c']);
    expect(list.peek).toEqual(['a', 'c']);
  });

  it('takes a removed node again', () => {
    const sim = makeSim();
    const list = new SharedList<string>(sim, 'list');
    const [a, b] = nodes('a', 'b');
    run(sim, function* () {
      yield* list.addTail(a!);
      yield* list.addTail(b!);
      yield* list.del(a!);
      yield* list.addTail(a!);
    });
    expect(list.peek).toEqual(['b', 'a']);
  });

  it('dies of a second removal, in the words of CONFIG_DEBUG_LIST', () => {
    const sim = makeSim();
    const list = new SharedList<string>(sim, 'list');
    const [a] = nodes('bond0');
    const died = run(sim, function* () {
      yield* list.addTail(a!);
      yield* list.del(a!);
      yield* list.del(a!);
    });
    expect(died).toBeInstanceOf(Oops);
    expect((died as Oops).headline).toBe(
      'list_del corruption, bond0->next is LIST_POISON1 (dead000000000100)',
    );
  });

  it('kills the walker whose node was removed under it', () => {
    const sim = makeSim();
    const list = new SharedList<string>(sim, 'list');
    const [a, b] = nodes('a', 'b');
    const died = run(sim, function* () {
      yield* list.addTail(a!);
      yield* list.addTail(b!);
      const first = yield* list.first();
      yield* list.del(a!);
      yield* list.following(first!);
    });
    expect((died as Oops).headline).toMatch(/^general protection fault, .* 0xdead000000000100$/);
  });

  it('kills whoever touches freed memory, on every way', () => {
    const ways = [
      (list: SharedList<string>, node: ListHead<string>) => list.following(node),
      (list: SharedList<string>, node: ListHead<string>) => list.del(node),
      (list: SharedList<string>, node: ListHead<string>) => list.addTail(node),
    ];
    for (const way of ways) {
      const sim = makeSim();
      const list = new SharedList<string>(sim, 'list');
      const [a] = nodes('a');
      const died = run(sim, function* () {
        yield* list.addTail(a!);
        a!.freed = true;
        yield* way(list, a!);
      });
      expect((died as Oops).headline).toBe('KASAN: use-after-free in a');
    }
  });
});
