// The wait graph on its own: who counts as stuck, for each way in which a resource can be held and
// waited for.

import { beforeEach, describe, expect, it } from 'vitest';
import { Actor, Resource, WaitGraph } from '#detect/graph.ts';
import type { ReleaseRule, ResourceKind } from '#detect/graph.ts';

let graph: WaitGraph;
let now: number;

beforeEach(() => {
  now = 0;
  graph = new WaitGraph(() => now);
});

const task = (name: string): Actor => new Actor(name, 'task');
const work = (name: string): Actor => new Actor(name, 'work');
const resource = (
  name: string,
  kind: ResourceKind = 'mutex',
  rule: ReleaseRule = 'all',
): Resource => new Resource(name, kind, rule);

const [a, b, c] = ['a', 'b', 'c'] as const;
const stuckNames = (): string[] => [...graph.stuck()].map((actor) => actor.name).sort();
const cycles = (): string[][] =>
  graph.deadlocks.map(({ steps }) =>
    steps.map((step) => `${step.waiter.name}>${step.resource.name}`),
  );

describe('holds', () => {
  it('count for each actor, and end with the last release', () => {
    const [one, m] = [task(a), resource('m', 'reference')];
    graph.hold(m, one, 'first');
    graph.hold(m, one, 'second');
    expect(m.holds).toHaveLength(1);
    expect(m.holds[0]).toMatchObject({ count: 2, why: 'first' });
    expect(graph.release(m, one)).toBe(true);
    expect(m.holds).toHaveLength(1);
    expect(graph.release(m, one)).toBe(true);
    expect(m.holds).toHaveLength(0);
    expect(graph.release(m, one)).toBe(false);
  });

  it('remember when and why they began, also where an old one is used again', () => {
    const [one, two, m] = [task(a), task(b), resource('m')];
    now = 5;
    graph.hold(m, one, 'x');
    graph.release(m, one);
    now = 9;
    graph.hold(m, two, 'y');
    expect(m.holds[0]).toMatchObject({ actor: two, count: 1, sinceNs: 9, why: 'y' });
  });
});

describe('a cycle', () => {
  it('is found when its last wait closes it, and told once', () => {
    const told: number[] = [];
    graph.onDeadlock = (deadlock) => told.push(deadlock.timeNs);
    const [one, two, m, n] = [task(a), task(b), resource('m'), resource('n')];
    graph.hold(m, one, '');
    graph.hold(n, two, '');
    graph.wait(one, n);
    expect(graph.deadlocks).toEqual([]);
    now = 7;
    graph.wait(two, m);
    expect(told).toEqual([7]);
    expect(cycles()).toEqual([['b>m', 'a>n']]);
    graph.endWait(two, m);
    graph.wait(two, m);
    expect(told).toEqual([7]);
  });

  it('is found when a hold closes it', () => {
    const [one, two, m, n] = [task(a), task(b), resource('m'), resource('n')];
    graph.hold(m, one, '');
    graph.wait(one, n);
    graph.wait(two, m);
    expect(graph.deadlocks).toEqual([]);
    graph.hold(n, two, 'stolen');
    expect(cycles()).toEqual([['a>n', 'b>m']]);
  });

  it('may be of one: who waits for what it holds itself', () => {
    const [one, m] = [task(a), resource('m')];
    graph.hold(m, one, '');
    graph.wait(one, m);
    expect(cycles()).toEqual([['a>m']]);
  });

  it('leaves out those who only wait behind it', () => {
    const [one, two, three] = [task(a), task(b), task(c)];
    const [m, n] = [resource('m'), resource('n')];
    graph.hold(m, one, '');
    graph.hold(n, two, '');
    graph.wait(one, n);
    graph.wait(two, m);
    graph.wait(three, m);
    expect(cycles()).toEqual([['b>m', 'a>n']]);
    expect(stuckNames()).toEqual([a, b, c]);
  });

  it('is none while one of the chain can still run', () => {
    const [one, two, three] = [task(a), task(b), task(c)];
    const [m, n] = [resource('m'), resource('n')];
    graph.hold(m, two, '');
    graph.hold(n, three, '');
    graph.wait(one, m);
    graph.wait(two, n);
    expect(stuckNames()).toEqual([]);
    expect(graph.deadlocks).toEqual([]);
  });

  it('ends with the wait', () => {
    const [one, m] = [task(a), resource('m')];
    graph.hold(m, one, '');
    graph.wait(one, m);
    graph.endWait(one, m);
    expect(stuckNames()).toEqual([]);
    expect(graph.actors.size).toBe(0);
    expect(graph.resources.size).toBe(0);
  });

  it('tells where each waiter stands', () => {
    const [one, m] = [task(a), resource('m')];
    one.place = () => 'mlx4_do_bond@driver/mlx4_core/main/bond.ts:1';
    graph.hold(m, one, '');
    graph.wait(one, m);
    expect(graph.deadlocks[0]!.steps[0]!.place).toMatch(/^mlx4_do_bond@/);
  });
});

describe('a resource with many holders', () => {
  it('is out of reach while one of them is stuck, where all must let go', () => {
    const [one, two, r, m] = [task(a), task(b), resource('r', 'reference'), resource('m')];
    graph.hold(m, one, '');
    graph.hold(r, two, '');
    graph.hold(r, task(c), '');
    graph.wait(two, m);
    graph.wait(one, r);
    expect(cycles()).toEqual([['a>r', 'b>m']]);
  });

  it('is out of reach only when all of them are stuck, where any may let go', () => {
    const [one, two, three] = [task(a), task(b), task(c)];
    const [s, m] = [resource('s', 'semaphore', 'any'), resource('m')];
    graph.hold(m, one, '');
    graph.hold(s, two, '');
    graph.hold(s, three, '');
    graph.wait(two, m);
    graph.wait(one, s);
    expect(graph.deadlocks).toEqual([]);
    graph.wait(three, m);
    expect(graph.deadlocks).toHaveLength(1);
    expect(stuckNames()).toEqual([a, b, c]);
  });

  it('is out of reach when the last of them who was not stuck goes without letting go', () => {
    const [one, two, three] = [task(a), task(b), task(c)];
    const [s, m] = [resource('s', 'semaphore', 'any'), resource('m')];
    graph.hold(m, one, '');
    graph.hold(s, two, '');
    graph.hold(s, three, '');
    graph.wait(two, m);
    graph.wait(one, s);
    graph.release(s, three);
    expect(graph.deadlocks).toHaveLength(1);
  });

  it('is free for whoever asks when nobody holds it', () => {
    const one = task(a);
    graph.wait(one, resource('s', 'semaphore', 'any'));
    graph.wait(one, resource('m'));
    expect(stuckNames()).toEqual([]);
  });

  it('may be held by the waiter, too: a reference somebody else puts, a lock nobody does', () => {
    const one = task(a);
    const reference = resource('r', 'reference');
    graph.hold(reference, one, '');
    graph.hold(reference, task(b), '');
    graph.wait(one, reference);
    expect(graph.deadlocks).toEqual([]);
    graph.endWait(one, reference);

    const rwsem = resource('s', 'rwsem');
    graph.hold(rwsem, one, 'read');
    graph.hold(rwsem, task(b), 'read');
    graph.wait(one, rwsem);
    expect(cycles()).toEqual([['a>s']]);
  });

  it('that is a reference only the waiter still has never comes', () => {
    const [one, two, reference] = [task(a), task(b), resource('r', 'reference')];
    graph.hold(reference, one, '');
    graph.hold(reference, two, '');
    graph.wait(one, reference);
    expect(graph.deadlocks).toEqual([]);
    graph.release(reference, two);
    expect(cycles()).toEqual([['a>r']]);
  });
});

describe('a waiter', () => {
  it('with two waits goes on only when both end: a poll that sleeps inside', () => {
    const [one, two] = [task(a), task(b)];
    const [r, m, rtnl] = [resource('r', 'reference'), resource('m'), resource('rtnl')];
    graph.hold(m, one, '');
    graph.hold(r, two, '');
    graph.wait(one, r);
    graph.wait(one, rtnl);
    graph.wait(two, m);
    expect(cycles()).toEqual([['b>m', 'a>r']]);
    graph.endWait(one, rtnl);
    expect(stuckNames()).toEqual([a, b]);
  });

  it('whose wait ends by itself is never stuck', () => {
    const [one, m] = [task(a), resource('m')];
    graph.hold(m, one, '');
    graph.wait(one, m, true);
    expect(stuckNames()).toEqual([]);
    expect(graph.deadlocks).toEqual([]);
    graph.endWait(one, m);
    graph.wait(one, m);
    expect(graph.deadlocks).toHaveLength(1);
  });

  it('for something that the world outside can give is never stuck', () => {
    const one = task(a);
    const outside = new Resource('card', 'completion', 'any', true);
    graph.hold(outside, one, '');
    graph.wait(one, outside);
    expect(stuckNames()).toEqual([]);
  });
});

describe('a work item', () => {
  it('is stuck when the worker that executes it is', () => {
    const [writer, worker, item] = [task('writer'), task('worker'), work('item')];
    const [m, p1] = [resource('m'), resource('p1', 'reference')];
    graph.hold(m, writer, '');
    graph.hold(p1, item, 'CHANGEUPPER');
    graph.execute(item, worker);
    graph.wait(worker, m);
    graph.wait(writer, p1);
    expect(cycles()).toEqual([['writer>p1', 'worker>m']]);
    graph.execute(item, null);
    expect(stuckNames()).toEqual([]);
  });

  it('is stuck in its queue when the one that is executed is', () => {
    const [flusher, worker] = [task('flusher'), task('worker')];
    const [first, second] = [work('first'), work('second')];
    const [m, queue, flush] = [resource('m'), resource('q', 'workqueue'), resource('f', 'flush')];
    graph.hold(m, flusher, '');
    graph.hold(queue, first, 'executing');
    graph.execute(first, worker);
    graph.wait(second, queue);
    graph.hold(flush, second, '');
    graph.wait(worker, m);
    graph.wait(flusher, flush);
    expect(cycles()).toEqual([['flusher>f', 'second>q', 'worker>m']]);
  });

  it('that waits for itself is found through its worker', () => {
    const [worker, item, flush] = [task('worker'), work('item'), resource('f', 'flush')];
    graph.hold(flush, item, '');
    graph.execute(item, worker);
    graph.wait(worker, flush);
    expect(cycles()).toEqual([['worker>f']]);
  });
});

describe('the dead', () => {
  it('leave their locks behind: who waits for one is abandoned, not deadlocked', () => {
    const told: string[] = [];
    graph.onAbandoned = ({ step }) => told.push(`${step.waiter.name}>${step.resource.name}`);
    const [one, two, three, m] = [task(a), task(b), task(c), resource('m')];
    graph.hold(m, one, '');
    graph.wait(two, m);
    graph.leave(one);
    graph.wait(three, m);
    expect(told).toEqual(['b>m', 'c>m']);
    expect(graph.deadlocks).toEqual([]);
    expect(stuckNames()).toEqual([b, c]);
  });

  it('leave references behind for others to put', () => {
    const [one, two, r] = [task(a), task(b), resource('r', 'reference')];
    graph.hold(r, one, '');
    graph.wait(two, r);
    graph.leave(one);
    expect(graph.abandoned).toEqual([]);
    expect(stuckNames()).toEqual([]);
  });

  it('wait for nothing any more', () => {
    const [one, two, m] = [task(a), task(b), resource('m')];
    graph.hold(m, two, '');
    graph.wait(one, m);
    graph.leave(one);
    expect(graph.actors.size).toBe(0);
  });

  it('whose lock is waited for with a time limit abandon nobody', () => {
    const [one, two, m] = [task(a), task(b), resource('m')];
    graph.hold(m, one, '');
    graph.wait(two, m, true);
    graph.leave(one);
    expect(graph.abandoned).toEqual([]);
  });
});
