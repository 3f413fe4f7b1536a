// Two runs compared: made-up ones for what each part says, real ones for whether it helps.

import { beforeAll, describe, expect, test } from 'vitest';
import { bothOf } from '#lab/compare/both.ts';
import { compareRuns } from '#lab/compare/compare.ts';
import type { Comparison } from '#lab/compare/compare.ts';
import { comparisonSections } from '#lab/compare/text.ts';
import type { RunRecord } from '#lab/record/run-record.ts';
import { MadeTrace } from '#test/support/made-trace.ts';
import { recordScenario } from '#test/support/run-record.ts';

type Tell = (made: MadeTrace) => MadeTrace;

const compare = (a: Tell, b: Tell): Comparison =>
  compareRuns(a(new MadeTrace()).record(), b(new MadeTrace()).record());

const titles = (comparison: Comparison): string[] =>
  comparisonSections(comparison).map(({ title, said }) => `${title}: ${said}`);

/** All lines below a heading. */
const linesOf = (comparison: Comparison, title: string): string[] =>
  comparisonSections(comparison)
    .filter((section) => section.title === title)
    .flatMap(({ lines }) => lines.map(({ text }) => text));

/** The same comparison, seen from the other run: A for B in data and in sentences. */
function mirrored(comparison: Comparison): unknown {
  const turn = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(turn);
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value).map(([key, part]) => {
      const name = key === 'a' ? 'b' : key === 'b' ? 'a' : key;
      return [name, turn(part)] as const;
    });
    return Object.fromEntries(entries);
  };
  return turn(comparison);
}

/** Without sentences: they name A first. */
function bare(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(bare);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(
    ([key]) => !['said', 'outcome', 'made', 'sides', 'label'].includes(key),
  );
  return Object.fromEntries(kept.map(([key, part]) => [key, bare(part)]));
}

describe('made-up runs', () => {
  const lock: Tell = (made) =>
    made
      .as('sh')
      .did('mutex.lock', 'intf_mutex')
      .did('mutex.acquired', 'intf_mutex')
      .did('mutex.unlock', 'intf_mutex');

  test('equal ones have nothing to tell', () => {
    const comparison = compare(lock, (made) => lock(made.shifted()));
    expect(comparison.equal).toBe(true);
    expect(titles(comparison)).toEqual([
      'outcome: the same: both settled',
      'first parting step: none: all 4 events are the same',
      'findings: none in either run',
      'kernel log: the same 0 lines',
      'tasks: all 2 did the same',
      'objects: all 1 were treated alike',
      'firmware commands: the same 0 commands',
      'packets: the same at every port: 0 events',
      'events by kind: the same numbers',
    ]);
    expect(comparisonSections(comparison).flatMap(({ lines }) => lines)).toEqual([]);
  });

  test('a lock that is never given back', () => {
    const comparison = compare(
      (made) =>
        lock(made)
          .did('mutex.acquired', 'intf_mutex')
          .as('worker')
          .did('task.block', 'intf_mutex', 'mutex intf_mutex'),
      lock,
    );
    expect(comparison.objects.different.map(({ said }) => said)).toEqual([
      'intf_mutex: taken 2 times in A, once in B; waited for once in A, never in B; ' +
        'in the end sh holds it and worker waits for it in A, it is free in B',
    ]);
  });

  test('references that stay', () => {
    const comparison = compare(
      (made) => made.as('sh').did('ref.hold', 'netdev eth0', 2),
      (made) => made.as('sh').did('ref.hold', 'netdev eth0', 2).did('ref.put', 'netdev eth0', 1),
    );
    expect(comparison.objects.different.map(({ said }) => said)).toEqual([
      'netdev eth0: let go of once in B, never in A; ' +
        'in the end it has 2 references in A, it has 1 reference in B',
    ]);
  });

  test('times, CPUs, the scheduler and numbers that are handed out are no other deeds', () => {
    const comparison = compare(
      (made) => made.as('sh').did('work.queue', 'bond_work#1 UP', 'q').did('task.switch', 'sh', 1),
      (made) => made.on(3).at(77).as('sh').did('preempt').did('work.queue', 'bond_work#9 UP', 'q'),
    );
    expect(comparison.equal).toBe(false);
    expect(comparison.parting?.seq).toBe(0);
    expect(comparison.tasks).toEqual({ equal: 2, different: [] });
    expect(comparison.objects.different).toEqual([]);
    expect(comparison.counters.map(({ kind }) => kind)).toEqual(['task.switch', 'preempt']);
  });

  test('a deed more and one less, quoted once each', () => {
    const comparison = compare(
      (made) => made.as('sh').did('rcu.barrier').did('rcu.barrier').did('cell.read', 'x'),
      (made) => made.as('sh').did('cell.read', 'x').did('cell.write', 'x'),
    );
    const [sh] = comparison.tasks.different;
    expect(sh?.only.a).toEqual({
      count: 2,
      first: [{ seq: 1, timeNs: 0, said: 'waits for RCU callbacks (rcu.barrier)', times: 2 }],
    });
    expect(sh?.only.b.first.map(({ said }) => said)).toEqual(['writes x (cell.write)']);
    expect(linesOf(comparison, 'tasks')).toEqual([
      'sh: deeds 3 in A, 2 in B',
      'only in A: 2',
      '0.000000 s #1 waits for RCU callbacks (rcu.barrier), and 1 more like it',
      'only in B: 1',
      '0.000000 s #2 writes x (cell.write)',
    ]);
  });

  test('a task that only one run has', () => {
    const comparison = compare(
      (made) => lock(made),
      (made) => lock(made).as('cat').did('rcu.barrier'),
    );
    expect(linesOf(comparison, 'tasks')).toContain('cat: is only in B');
  });

  test('the log, line by line', () => {
    const comparison = compare(
      (made) => made.as('sh').did('printk', 'one').did('printk', 'two').did('printk', 'three'),
      (made) => made.as('sh').did('printk', 'one').did('printk', 'three').did('printk', 'four'),
    );
    expect(titles(comparison)).toContain('kernel log: 1 line only in A, 1 only in B');
    expect(linesOf(comparison, 'kernel log')).toEqual([
      'only in A: 1',
      '0.000000 s #2 two',
      'only in B: 1',
      '0.000000 s #3 four',
    ]);
    // Tasks do not tell it again.
    expect(comparison.tasks.different).toEqual([]);
  });

  test('commands: tokens are no difference, mailboxes are', () => {
    const give = (token: string, byte: number, more: string[]): Tell => {
      return (made) => {
        made.asMachine();
        const nop = `NOP in_mod=0x1 op_mod=0 token=${token} ev=1`;
        made.did('fw.command', nop, Uint8Array.of(0, byte));
        for (const name of more) made.did('fw.command', name, Uint8Array.of(1));
        return made;
      };
    };
    const other = compare(give('0x10', 1, []), give('0x20', 2, []));
    expect(other.commands.only).toEqual(bothOf({ a: 0, b: 0 }, () => ({ count: 0, first: [] })));
    expect(linesOf(other, 'firmware commands')).toEqual([
      '1 command of both had other data, first NOP in_mod=0x1 op_mod=0: ' +
        '#0 in A and #0 in B from byte 1 on',
    ]);
    const more = compare(give('0x10', 1, []), give('0x10', 1, ['CLOSE_PORT in_mod=0x2']));
    expect(more.commands.opcodes).toEqual([{ opcode: 'CLOSE_PORT', times: { a: 0, b: 1 } }]);
    expect(linesOf(more, 'firmware commands')).toContain('by opcode, A/B: CLOSE_PORT 0/1');
  });

  test('packets: the first that is not the same, by port and direction', () => {
    const frame = (last: number): Uint8Array => {
      const bytes = new Uint8Array(60);
      bytes[12] = 0x86;
      bytes[13] = 0xdd;
      bytes[59] = last;
      return bytes;
    };
    const comparison = compare(
      (made) => made.did('packet.send', 'host0', frame(1)).did('packet.receive', 'card0', frame(1)),
      (made) => made.did('packet.send', 'host0', frame(2)),
    );
    expect(comparison.packets.first).toMatchObject({
      port: 'host0',
      fate: 'sent',
      place: 1,
      packet: { a: { seq: 0 }, b: { seq: 0 } },
    });
    expect(comparison.packets.ports).toEqual([
      { port: 'card0', fate: 'received', times: { a: 1, b: 0 } },
    ]);
    const dropped = compare(
      (made) => made.did('packet.drop', 'host0', 'no carrier'),
      (made) => made.did('packet.drop', 'host0', 'queue full'),
    );
    expect(dropped.packets.first?.packet.b?.said).toBe('queue full');
    expect(dropped.packets.ports).toEqual([]);
  });

  test('too much that is different is counted, and that is said', () => {
    const order = (from: number, step: number): Tell => {
      return (made) => {
        made.as('sh');
        for (let count = 0; count < 3000; count++) {
          made.did('cell.read', `x${(from + step * count + 3000) % 3000}`);
        }
        return made;
      };
    };
    const comparison = compare(order(0, 1), order(0, -1));
    const [sh] = comparison.tasks.different;
    expect(sh).toBeUndefined();
    const more = compare(order(0, 1), (made) => order(0, -1)(made).did('rcu.barrier'));
    expect(more.tasks.different[0]).toMatchObject({ aligned: false, only: { b: { count: 1 } } });
    expect(linesOf(more, 'tasks')).toContain('too different to be put side by side: counted only');
  });
});

describe('real runs', () => {
  let naive: RunRecord;
  let merged: RunRecord;
  let early: RunRecord;
  beforeAll(() => {
    naive = recordScenario('bond-deadlock', { variant: 'naive' });
    merged = recordScenario('bond-deadlock', { variant: 'v6.6' });
    early = recordScenario('bond-deadlock', { variant: 'early-unregister' });
  });

  test('the deadlock against the merged driver: who holds what in the end', () => {
    const comparison = compareRuns(naive, merged);
    expect(comparison.outcome[0]).toBe('A ended in a deadlock; B settled');
    expect(comparison.findings[0]).toMatchObject({ kind: 'deadlock', times: { a: 1, b: 0 } });
    const [first] = comparison.objects.different;
    expect(first?.said).toMatch(
      /^intf_mutex: .*in the end sh holds it and worker of mlx4_en@card0 waits for it in A, it is/,
    );
    expect(comparison.commands.only.a.count).toBe(0);
    expect(comparison.commands.only.b.count).toBeGreaterThan(10);
    expect(comparison.log.only.a.first.map(({ said }) => said)).toContain(
      'unregister_netdevice: waiting for eth0 to become free. Usage count = 12',
    );
  });

  test('two drivers on one kernel part at the order in which a notifier is taken away', () => {
    const comparison = compareRuns(naive, early);
    const { common, parting } = comparison;
    expect(parting?.seq).toBe(common.events);
    expect(parting?.said.replace(/^event \d+ at /, '')).toBe(
      '6.057 s: A sh wants event_nh(card0).lock (spin.lock); ' +
        'B sh wants pernet_ops_rwsem for writing (rwsem.write)',
    );
    expect(comparison.tasks.different[0]?.task).toBe('sh');
  });

  test('from the other side it is the same', () => {
    for (const [a, b] of [
      [naive, merged],
      [naive, early],
      [early, merged],
    ] as const) {
      const there = bare(compareRuns(a, b));
      const back = bare(mirrored(compareRuns(b, a)));
      expect(back).toEqual(there);
    }
  });

  test('one schedule twice is equal; another one is not, and tells little', () => {
    const run = (seed: number) => recordScenario('bond-xor', { seed, untilNs: 8e9 });
    const one = run(1);
    expect(compareRuns(one, run(1)).equal).toBe(true);
    const other = compareRuns(one, run(2));
    expect(other.equal).toBe(false);
    expect(other.parting?.said).toMatch(/^event \d+ at 0\.000 s: A .+; B .+$/);
    expect(other.made).toEqual(['seed 1 in A, 2 in B']);
    expect(titles(other)).toContain(`kernel log: the same ${other.log.counts.a} lines`);
  });

  test('it is plain data', () => {
    const comparison = compareRuns(naive, merged);
    expect(JSON.parse(JSON.stringify(comparison))).toEqual(comparison);
  });
});
