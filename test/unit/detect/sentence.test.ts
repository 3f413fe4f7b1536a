// The deadlock in one sentence: every kind of resource, and holders that are tasks or works.

import { expect, it } from 'vitest';
import { Actor, Resource, WaitGraph } from '#detect/graph.ts';
import type { ResourceKind } from '#detect/graph.ts';
import { abandonedSentence, deadlockSentence, describeResource } from '#detect/sentence.ts';

it.each<[ResourceKind, string]>([
  ['mutex', 'the mutex x'],
  ['rwsem', 'the rwsem x'],
  ['spinlock', 'the spinlock x'],
  ['semaphore', 'the semaphore x'],
  ['completion', 'the completion x'],
  ['notifier', 'the notifier x'],
  ['reference', 'the last reference on x'],
  ['workqueue', 'its turn on the workqueue x'],
  ['flush', 'the flush of x'],
  ['activeReference', 'the end of a write to x'],
  ['cpu', 'x'],
])('a %s is called "%s"', (kind, text) => {
  expect(describeResource(new Resource('x', kind))).toBe(text);
});

it('the story reads as it is told', () => {
  const graph = new WaitGraph(() => 0);
  const writer = new Actor('writer', 'task');
  const worker = new Actor('worker of mlx4_en@card0', 'task');
  const item = new Actor('mlx4_en_bond_work#1', 'work');
  const [lock, netdev] = [
    new Resource('intf_mutex', 'mutex'),
    new Resource('netdev p1', 'reference'),
  ];
  writer.place = () => 'netdev_run_todo@kernel/net/todo.ts:105';
  worker.place = () => 'mlx4_do_bond@driver/mlx4_core/main/bond.ts:30';
  graph.hold(lock, writer, '');
  graph.hold(netdev, item, 'CHANGEUPPER');
  graph.execute(item, worker);
  graph.wait(worker, lock);
  graph.wait(writer, netdev);
  expect(deadlockSentence(graph.deadlocks[0]!)).toBe(
    'writer waits for the last reference on netdev p1 in netdev_run_todo, which is held by ' +
      'the work mlx4_en_bond_work#1 (CHANGEUPPER), run by worker of mlx4_en@card0; ' +
      'worker of mlx4_en@card0 waits for the mutex intf_mutex in mlx4_do_bond, ' +
      'which is held by writer.',
  );
});

it('a work that has not begun is still in the queue; a completion must come from somebody', () => {
  const graph = new WaitGraph(() => 0);
  const [one, worker] = [new Actor('one', 'task'), new Actor('worker', 'task')];
  const [first, second] = [new Actor('first', 'work'), new Actor('second', 'work')];
  const queue = new Resource('q', 'workqueue');
  const flush = new Resource('q', 'flush');
  const completion = new Resource('c', 'completion', 'any');
  graph.hold(completion, one, 'promised');
  graph.hold(queue, first, 'executing');
  graph.execute(first, worker);
  graph.wait(second, queue);
  graph.hold(flush, second, 'not finished');
  graph.wait(worker, completion);
  graph.wait(one, flush);
  expect(deadlockSentence(graph.deadlocks[0]!)).toBe(
    'one waits for the flush of q, which is held by the work second still in the queue; ' +
      'second waits for its turn on the workqueue q, ' +
      'which is held by the work first, run by worker; ' +
      'worker waits for the completion c, which must come from one.',
  );
});

it('what a dead task holds is said to have died with it', () => {
  const graph = new WaitGraph(() => 0);
  const [one, two] = [new Actor('one', 'task'), new Actor('two', 'task')];
  const lock = new Resource('m', 'mutex');
  graph.hold(lock, one, '');
  graph.wait(two, lock);
  graph.leave(one);
  expect(abandonedSentence(graph.abandoned[0]!)).toBe(
    'two waits for the mutex m, which is held by one, which has died with it.',
  );
});
