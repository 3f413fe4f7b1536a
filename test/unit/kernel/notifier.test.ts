// Notifier chains: order, the stop bit, changes of the chain under a walk, error numbers.

import { describe, expect, it } from 'vitest';
import {
  atomic_notifier_call_chain,
  atomic_notifier_chain_register,
  atomic_notifier_chain_unregister,
  AtomicNotifierHead,
  notifier_from_errno,
  notifier_to_errno,
  NOTIFY_BAD,
  NOTIFY_DONE,
  NOTIFY_OK,
  NOTIFY_STOP,
  raw_notifier_call_chain,
  raw_notifier_chain_register,
  raw_notifier_chain_unregister,
  RawNotifierHead,
} from '#kernel/notifier.ts';
import type { AtomicNotifierBlock, NotifierBlock } from '#kernel/notifier.ts';
import { msleep } from '#kernel/time/delay.ts';
import type { MaySleep } from '#sim/task.ts';
import { count } from '#test/support/counts.ts';
import { bareKernel, second } from '#test/support/machine.ts';
import { thread } from '#test/support/threads.ts';

type Answer = (event: number) => number;

const block = (
  name: string,
  log: string[],
  priority = 0,
  answer: Answer = () => NOTIFY_DONE,
): NotifierBlock<string> => ({
  name,
  priority,
  *notifier_call(event, data) {
    log.push(`${name} ${event} ${data}`);
    return answer(event);
  },
});

describe('a raw chain', () => {
  it('calls by priority, then by the order of registration', () => {
    const k = bareKernel();
    const head = new RawNotifierHead<string>(k, 'netdev');
    const log: string[] = [];
    for (const [name, priority] of [
      ['bonding', 0],
      ['mlx4_en', 0],
      ['late', -5],
      ['first', 10],
      ['mlx4_ib', 0],
    ] as const) {
      expect(raw_notifier_chain_register(head, block(name, log, priority))).toBe(0);
    }
    thread(k, 'a', function* (): MaySleep<void> {
      expect(yield* raw_notifier_call_chain(head, 6, 'eth0', 'UNREGISTER')).toBe(NOTIFY_DONE);
    });
    k.sim.run(second);
    expect(log.map((line) => line.split(' ')[0])).toEqual([
      'first',
      'bonding',
      'mlx4_en',
      'mlx4_ib',
      'late',
    ]);
  });

  it('ends where a block sets the stop bit, and gives its answer', () => {
    const k = bareKernel();
    const head = new RawNotifierHead<string>(k, 'netdev');
    const log: string[] = [];
    raw_notifier_chain_register(
      head,
      block('a', log, 0, () => NOTIFY_OK),
    );
    raw_notifier_chain_register(
      head,
      block('b', log, 0, (event) => (event === 1 ? NOTIFY_BAD : NOTIFY_STOP)),
    );
    raw_notifier_chain_register(head, block('c', log));
    const answers: number[] = [];
    thread(k, 'a', function* (): MaySleep<void> {
      answers.push(yield* raw_notifier_call_chain(head, 1, 'x', 'UP'));
      answers.push(yield* raw_notifier_call_chain(head, 2, 'x', 'DOWN'));
    });
    k.sim.run(second);
    expect(answers).toEqual([0x8002, 0x8001]);
    expect(log).toEqual(['a 1 x', 'b 1 x', 'a 2 x', 'b 2 x']);
  });

  it('takes a block once, and gives it up once', () => {
    const head = new RawNotifierHead<string>(bareKernel(), 'netdev');
    const only = block('a', []);
    expect(raw_notifier_chain_register(head, only)).toBe(0);
    expect(raw_notifier_chain_register(head, only)).toBe(-17);
    expect(raw_notifier_chain_unregister(head, only)).toBe(0);
    expect(raw_notifier_chain_unregister(head, only)).toBe(-2);
  });

  it('nests: a callback may raise events of its own', () => {
    const k = bareKernel();
    const head = new RawNotifierHead<string>(k, 'netdev');
    const log: string[] = [];
    raw_notifier_chain_register(head, {
      name: 'bonding',
      priority: 0,
      *notifier_call(event) {
        log.push(`bonding ${event}`);
        if (event === 6) yield* raw_notifier_call_chain(head, 21, 'eth0', 'CHANGEUPPER');
        return NOTIFY_DONE;
      },
    });
    raw_notifier_chain_register(head, block('mlx4_en', log));
    thread(k, 'a', function* (): MaySleep<void> {
      yield* raw_notifier_call_chain(head, 6, 'eth0', 'UNREGISTER');
    });
    k.sim.run(second);
    expect(log).toEqual(['bonding 6', 'bonding 21', 'mlx4_en 21 eth0', 'mlx4_en 6 eth0']);
  });

  it('calls a block that is removed after the walk has read its address, and goes on', () => {
    const k = bareKernel();
    const head = new RawNotifierHead<string>(k, 'netdev');
    const log: string[] = [];
    const [b, c, d] = ['b', 'c', 'd'].map((name) => block(name, log));
    raw_notifier_chain_register(head, {
      name: 'a',
      priority: 0,
      *notifier_call() {
        raw_notifier_chain_unregister(head, b!);
        raw_notifier_chain_unregister(head, c!);
        return NOTIFY_DONE;
      },
    });
    for (const each of [b, c, d]) raw_notifier_chain_register(head, each!);
    thread(k, 'walker', function* (): MaySleep<void> {
      yield* raw_notifier_call_chain(head, 1, 'x', 'UP');
    });
    k.sim.run(second);
    // `b` was read before `a` ran; its own pointer still leads to `c`, as memory does.
    expect(log).toEqual(['b 1 x', 'c 1 x', 'd 1 x']);
  });

  it('calls a block that is registered during the walk when its turn has not passed', () => {
    const k = bareKernel();
    const head = new RawNotifierHead<string>(k, 'netdev');
    const log: string[] = [];
    raw_notifier_chain_register(head, {
      name: 'a',
      priority: 0,
      *notifier_call() {
        yield* msleep(k, 1);
        raw_notifier_chain_register(head, block('new', log, -1));
        return NOTIFY_DONE;
      },
    });
    raw_notifier_chain_register(head, block('b', log));
    thread(k, 'walker', function* (): MaySleep<void> {
      yield* raw_notifier_call_chain(head, 1, 'x', 'UP');
    });
    k.sim.run(second);
    expect(log).toEqual(['b 1 x', 'new 1 x']);
  });
});

describe('an atomic chain', () => {
  const atomicBlock = (
    name: string,
    call: AtomicNotifierBlock<string>['notifier_call'],
  ): AtomicNotifierBlock<string> => ({ name, priority: 0, notifier_call: call });

  it('calls under RCU, in order, until one stops it', () => {
    const k = bareKernel();
    const head = new AtomicNotifierHead<string>(k, 'event_nh');
    const log: string[] = [];
    let answer = 0;
    thread(k, 'a', function* (): MaySleep<void> {
      for (const name of ['a', 'b', 'c']) {
        const each = atomicBlock(name, function* () {
          log.push(`${name} ${k.rcu.readers.size}`);
          return name === 'b' ? NOTIFY_STOP : NOTIFY_OK;
        });
        expect(yield* atomic_notifier_chain_register(head, each)).toBe(0);
        expect(yield* atomic_notifier_chain_register(head, each)).toBe(-17);
      }
      answer = yield* atomic_notifier_call_chain(head, 1, 'x');
    });
    k.sim.run(second);
    expect(log).toEqual(['a 1', 'b 1']);
    expect(answer).toBe(NOTIFY_STOP);
    expect(k.rcu.readers.size).toBe(0);
  });

  it('calls no block after its unregistration has come back, on every schedule', () => {
    for (let seed = 1; seed <= count(100, 3000); seed++) {
      const k = bareKernel({ seed });
      const head = new AtomicNotifierHead<string>(k, 'event_nh');
      let gone = false;
      let answer = 1;
      const watched = atomicBlock('watched', function* () {
        for (let n = 0; n < 5; n++) {
          yield* k.sim.spend(1000);
          expect(gone).toBe(false);
        }
        return NOTIFY_OK;
      });
      thread(k, 'owner', function* (): MaySleep<void> {
        yield* atomic_notifier_chain_register(head, watched);
        yield* k.sim.spend(10_000);
        answer = yield* atomic_notifier_chain_unregister(head, watched);
        gone = true;
      });
      thread(k, 'caller', function* (): MaySleep<void> {
        for (let n = 0; n < 8; n++) yield* atomic_notifier_call_chain(head, 1, 'x');
      });
      expect(k.sim.run(second)).toBe('quiescent');
      expect(answer).toBe(0);
    }
  });

  it('says so when a block is not there', () => {
    const k = bareKernel();
    const head = new AtomicNotifierHead<string>(k, 'event_nh');
    let answer = 1;
    thread(k, 'a', function* (): MaySleep<void> {
      answer = yield* atomic_notifier_chain_unregister(
        head,
        atomicBlock('x', function* () {
          return NOTIFY_OK;
        }),
      );
    });
    k.sim.run(second);
    expect(answer).toBe(-2);
  });
});

it('error numbers travel in answers', () => {
  expect(notifier_from_errno(0)).toBe(NOTIFY_OK);
  for (const error of [-1, -16, -22, -95]) {
    expect(notifier_to_errno(notifier_from_errno(error))).toBe(error);
  }
  for (const answer of [NOTIFY_DONE, NOTIFY_OK, NOTIFY_STOP])
    expect(notifier_to_errno(answer)).toBe(0);
  expect(notifier_to_errno(NOTIFY_BAD)).toBe(-1);
});
