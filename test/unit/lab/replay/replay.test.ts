// Goal: a recorded run is run again, event by event, or the first difference is told in words.
// Method: real runs as they are, cut, spoilt and under other drivers; sessions that somebody drives
// at moments that no script would choose, replayed without knowing how they were driven.

import { describe, expect, test } from 'vitest';
import { choosePolicy, makePolicy } from '#lab/policy.ts';
import type { RunRecord } from '#lab/record/run-record.ts';
import { Replay, replay } from '#lab/replay/replay.ts';
import { ScenarioRun } from '#lab/run.ts';
import { loadScenario } from '#lab/scenario/load.ts';
import type { Input } from '#lab/scenario/scenario.ts';
import { K } from '#trace/kinds.ts';
import { Trace } from '#trace/trace.ts';
import { Random } from '#test/support/card/random.ts';
import { count } from '#test/support/counts.ts';
import { digestOf } from '#test/support/digest.ts';
import { recordOf, recordScenario } from '#test/support/run-record.ts';
import { copyRecords } from '#test/support/records.ts';

/** The first `events` events of a run, without an end. */
function cutAt(record: RunRecord, events: number): RunRecord {
  const { trace } = record;
  const numbers = (count: number): number[] => Array.from({ length: count - 1 }, (_, at) => at + 1);
  return {
    ...record,
    end: null,
    trace: Trace.restore({
      records: [copyRecords(trace, 0, events)],
      texts: numbers(trace.textCount).map((number) => trace.text(number)),
      blobs: numbers(trace.blobCount).map((number) => trace.blobBytes(number)),
    }),
  };
}

describe('a scenario', () => {
  const record = recordScenario('bond-deadlock', { variant: 'naive', seed: 7 });
  const { trace } = record;

  test('is the same in every byte', () => {
    const replaying = new Replay(record);
    while (replaying.advance());
    const { events, difference, end } = replaying.finish();
    expect(difference).toBe(null);
    expect(events).toBe(trace.count);
    expect(end).toEqual(record.end);
    expect(digestOf(replaying.run.machine.k.trace)).toBe(digestOf(trace));
  });

  test('that was cut is the same up to there', () => {
    const cut = cutAt(record, 7001);
    expect(replay(cut)).toEqual({ events: 7001, difference: null, end: null });
  });

  test('that was cut while its checks were judged is the same up to there', () => {
    const events = trace.count - 2;
    expect(replay(cutAt(record, events))).toEqual({ events, difference: null, end: null });
  });

  test('that was cut, and has more than happens here, is not the same', () => {
    const longer = cutAt(record, trace.count);
    longer.trace.emit(K.printk, longer.trace.intern('more'), 0);
    const { difference } = replay(longer);
    expect(difference?.seq).toBe(trace.count);
    expect(difference?.said).toMatch(/recorded .+ prints "more" .+; here the run is over$/);
  });

  test.each([
    ['v6.1', /recorded modprobe .+; here modprobe .+\((cell|mutex)\.\w+\)$/],
    ['early-unregister', /recorded sh wants \S+ .+; here sh wants \S+ /],
  ])('under %s parts in words', (variant, words) => {
    const { events, difference } = replay(record, { variant });
    expect(difference?.seq).toBe(events);
    expect(difference?.said).toMatch(/^event \d+ at \d+\.\d{3} s: /);
    expect(difference?.said).toMatch(words);
  });

  test('whose choice is another one parts there, and goes no further', () => {
    const choices = record.choices.map((choice, index) =>
      index === 5 ? { ...choice, to: 'nobody' } : choice,
    );
    const { events, difference, end } = replay({ ...record, choices });
    expect(difference).not.toBe(null);
    expect(events).toBeLessThan(trace.count);
    expect(end).toBe(null);
  });

  test('that came to something else is told', () => {
    const end = { ...record.end!, outcome: 'settled' as const };
    expect(replay({ ...record, end }).difference?.said).toBe(
      'every event is the same, but not the outcome: recorded "settled"; here "deadlock"',
    );
  });

  test('that goes on in the recording only', () => {
    const ended = cutAt(record, trace.count - 1);
    const { difference } = replay({ ...ended, end: record.end });
    expect(difference).toMatchObject({ seq: trace.count - 1 });
    expect(difference?.said).toMatch(/recorded the run is over; here .+ judges/);
  });

  test('can be brought to any event', () => {
    const random = new Random(3);
    for (let trial = 0; trial < 5; trial++) {
      const seq = random.below(15_000);
      const replaying = new Replay(record);
      expect(replaying.advanceTo(seq)).toBe(true);
      const { count } = replaying.run.machine.k.trace;
      expect(count).toBeGreaterThanOrEqual(seq);
      // One point and what it sets going.
      expect(count - seq).toBeLessThan(40);
    }
  });
});

const machineText = 'version: 1\nname: session\nsteps: []\n';

/** Things that a person does. */
const deeds: readonly Input[] = [
  { kind: 'type', terminal: 'main', line: 'ip link set ens1 up' },
  { kind: 'type', terminal: 'main', line: 'ping -c 2 10.0.0.1' },
  { kind: 'type', terminal: 'tty2', line: 'cat /proc/net/dev' },
  {
    kind: 'type',
    terminal: 'tty2',
    line: 'echo ib > /sys/bus/pci/devices/0000:06:00.0/mlx4_port1',
  },
  { kind: 'interrupt', terminal: 'main' },
  { kind: 'cable', action: 'pull', port: 'card0 port 2', other: null },
  { kind: 'cable', action: 'plug', port: 'card0 port 2', other: 'switch0 port 2' },
];

/** A session of somebody in a hurry: random deeds, random times between them, also none. */
function session(seed: number): RunRecord {
  const random = new Random(seed);
  const policy = choosePolicy(undefined, seed % 2 === 0 ? undefined : seed);
  const run = new ScenarioRun(loadScenario('session.yaml', machineText), {
    policy: makePolicy(policy),
    scripted: false,
    live: true,
  });
  run.advance(random.oneIn(3) ? 0 : 2e9);
  for (let deed = 0; deed < 8; deed++) {
    run.machine.enter(random.pick(deeds));
    const { sim } = run.machine.k;
    if (random.oneIn(3)) run.advance(Infinity, random.below(2000));
    else if (!random.oneIn(4)) run.advance(sim.now() + random.below(1e9));
  }
  const head = { scenarioText: machineText, scripted: false, live: true };
  return recordOf(run.result(), head);
}

describe('a session', () => {
  test.each(Array.from({ length: count(12, 200) }, (_, seed) => seed))('of seed %i', (seed) => {
    const record = session(seed);
    const { difference, events } = replay(record);
    expect(difference?.said).toBe(undefined);
    expect(events).toBe(record.trace.count);
  });
});

describe('a fork', () => {
  test('goes on from the moment, and is a run that replays', () => {
    const parent = recordScenario('bond-deadlock', { variant: 'naive' });
    const replaying = new Replay(parent, { live: true });
    expect(replaying.advanceTo(14_000)).toBe(true);
    const { run } = replaying;
    const shared = run.machine.k.trace.count;
    run.machine.k.sim.setPolicy(makePolicy(choosePolicy('random', 5)));
    run.machine.enter({ kind: 'type', terminal: 'tty9', line: 'uname -r' });
    run.advance(run.machine.k.sim.now() + 1e9);
    const { head } = parent;
    const fork = recordOf(run.result(), {
      ...head,
      live: true,
      parent: { run: '00', seq: shared },
    });
    expect(fork.trace.count).toBeGreaterThan(shared);
    expect(copyRecords(fork.trace, 0, shared)).toEqual(copyRecords(parent.trace, 0, shared));
    expect(fork.end).toMatchObject({ checks: [], outcome: 'left' });
    expect(replay(fork)).toMatchObject({ events: fork.trace.count, difference: null });
  });

  test('is refused past the first difference', () => {
    const parent = recordScenario('bond-deadlock', { variant: 'naive' });
    const replaying = new Replay(parent, { live: true, variant: 'v6.1' });
    expect(replaying.advanceTo(14_000)).toBe(false);
    expect(replaying.difference?.seq).toBeLessThan(14_000);
  });
});
