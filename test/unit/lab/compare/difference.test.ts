// The sentence for the first step at which two runs part: one for every way in which they can.

import { describe, expect, test } from 'vitest';
import { firstDifference, partingWords } from '#lab/compare/difference.ts';
import { Matcher } from '#lab/compare/match.ts';
import { MadeTrace } from '#test/support/made-trace.ts';
import { recordScenario } from '#test/support/run-record.ts';

type Tell = (made: MadeTrace) => MadeTrace;

/** The sentence for two runs that begin alike: sh is born and takes rtnl_mutex. */
function said(a: Tell, b: Tell): string | undefined {
  const start = (): MadeTrace =>
    new MadeTrace().at(2e9).as('sh').did('mutex.acquired', 'rtnl_mutex');
  const found = firstDifference(a(start()).trace, b(start()).trace);
  if (found !== null) expect(found.seq).toBeGreaterThanOrEqual(2);
  return found?.said;
}

const same: Tell = (made) => made.did('printk', 'hello');

describe('what differs is said', () => {
  const cases: readonly (readonly [string, Tell, Tell, string])[] = [
    [
      'time',
      (made) => made.at(2_000_000_400).did('rcu.barrier'),
      (made) => made.at(2_000_000_500).did('rcu.barrier'),
      'event 2 at 2.000 s: sh waits for RCU callbacks (rcu.barrier), recorded at 2.0000004 s; ' +
        'here at 2.0000005 s',
    ],
    [
      'CPU',
      (made) => made.on(1).did('rcu.barrier'),
      (made) => made.on(2).did('rcu.barrier'),
      'event 2 at 2.000 s: sh waits for RCU callbacks (rcu.barrier), recorded on CPU 1; ' +
        'here on CPU 2',
    ],
    [
      'task',
      (made) => made.as('ping').as('cat').as('ping').did('rcu.barrier'),
      (made) => made.as('ping').as('cat').did('rcu.barrier'),
      'event 4 at 2.000 s: recorded ping waits for RCU callbacks (rcu.barrier); ' +
        'here cat waits for RCU callbacks (rcu.barrier)',
    ],
    [
      'kind',
      (made) => made.did('mutex.lock', 'intf_mutex'),
      (made) => made.did('mutex.unlock', 'intf_mutex'),
      'event 2 at 2.000 s: recorded sh wants intf_mutex (mutex.lock); ' +
        'here sh gives intf_mutex back (mutex.unlock)',
    ],
    [
      'object',
      (made) => made.did('mutex.lock', 'intf_mutex'),
      (made) => made.did('mutex.lock', 'state_lock'),
      'event 2 at 2.000 s: recorded sh wants intf_mutex (mutex.lock); ' +
        'here sh wants state_lock (mutex.lock)',
    ],
    [
      'value',
      (made) => made.did('fw.done', 'NOP', 0),
      (made) => made.did('fw.done', 'NOP', 9),
      'event 2 at 2.000 s: recorded sh sees NOP end with status 0x0 (fw.done); ' +
        'here sh sees NOP end with status 0x9 (fw.done)',
    ],
    [
      'value that the words do not tell',
      (made) => made.did('irq.enter', 'irq 30', 1),
      (made) => made.did('irq.enter', 'irq 30', 2),
      'event 2 at 2.000 s: sh enters the interrupt irq 30 (irq.enter), ' +
        'recorded with the value 1; here with 2',
    ],
    [
      'byte of a mailbox',
      (made) => made.did('fw.command', 'INIT_HCA', Uint8Array.of(0, 1, 2)),
      (made) => made.did('fw.command', 'INIT_HCA', Uint8Array.of(0, 1, 0xfe)),
      'event 2 at 2.000 s: sh gives the command INIT_HCA (fw.command), ' +
        'byte 2 of its data is not the same: recorded 0x02; here 0xfe',
    ],
    [
      'length of a packet',
      (made) => made.did('packet.send', 'host0', Uint8Array.of(0, 1)),
      (made) => made.did('packet.send', 'host0', Uint8Array.of(0)),
      'event 2 at 2.000 s: sh sends a packet from host0 (packet.send), ' +
        'byte 1 of its data is not the same: recorded 0x01; here nothing',
    ],
    [
      'end of the other one',
      (made) => made.did('printk', 'hello'),
      (made) => made,
      'event 2 at 2.000 s: recorded sh prints "hello" (printk); here the run is over',
    ],
    [
      'end of the first one',
      (made) => made,
      (made) => made.did('printk', 'hello'),
      'event 2 at 2.000 s: recorded the run is over; here sh prints "hello" (printk)',
    ],
    [
      'end of a text that is cut in words',
      (made) => made.did('printk', `${'x'.repeat(200)}a`),
      (made) => made.did('printk', `${'x'.repeat(200)}b`),
      `event 2 at 2.000 s: sh prints "${'x'.repeat(120)} …" (printk), at character 200 ` +
        `recorded "${'x'.repeat(30)}a"; here "${'x'.repeat(30)}b"`,
    ],
    [
      'value in its white space',
      (made) => made.did('syscall', 'write mode', 'active'),
      (made) => made.did('syscall', 'write mode', 'active\n'),
      'event 2 at 2.000 s: sh calls the kernel: write mode active (syscall), ' +
        'at character 6 recorded "active"; here "active\\n"',
    ],
  ];
  test.each(cases)('%s', (_what, a, b, sentence) => {
    expect(said(a, b)).toBe(sentence);
  });
});

test('equal runs have no sentence', () => {
  expect(said(same, same)).toBeUndefined();
});

test('numbers that stand for the same are no difference', () => {
  const tell: Tell = (made) => made.as('sh').did('work.queue', 'bond work', 'mlx4_en');
  const [a, b] = [tell(new MadeTrace()), tell(new MadeTrace().shifted())];
  expect(firstDifference(a.trace, b.trace)).toBeNull();
});

test('the sides have the names that the caller gives them', () => {
  const [a, b] = [new MadeTrace().did('printk', 'x'), new MadeTrace().did('printk', 'y')];
  const match = new Matcher(a.trace, b.trace);
  expect(partingWords(match, 0, { a: 'A', b: 'B' })).toBe(
    'event 0 at 0.000 s: A the machine prints "x" (printk); B the machine prints "y" (printk)',
  );
});

test('real runs: the sentence names task, operation and object', () => {
  const run = (variant: string) =>
    recordScenario('bond-deadlock', { variant, untilNs: 17e9 }).trace;
  // Two profiles of the kernel: their logs part before anything happens.
  expect(firstDifference(run('naive'), run('v6.6'))?.said).toMatch(
    /^event \d+ at 0\.000 s: recorded init prints "pci .+" \(printk\); here init prints "pci /,
  );
  // Two drivers on one profile: the one that unregisters its notifier first.
  const said = firstDifference(run('naive'), run('early-unregister'))?.said;
  expect(said?.replace(/^event \d+ at /, '')).toBe(
    '6.057 s: recorded sh wants event_nh(card0).lock (spin.lock); ' +
      'here sh wants pernet_ops_rwsem for writing (rwsem.write)',
  );
});
