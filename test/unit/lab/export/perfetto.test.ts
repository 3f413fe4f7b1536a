// Goal: the trace JSON of a run keeps the format's rules and tells the run: who executed and waited
// when, who held which lock, who woke whom, what the counts were; and the deadlock can be seen.
// Method: real runs, one of them by a random policy (many switches), parsed and checked by rules
// written apart from the writer (trace-json-checker.ts), which also finds planted mistakes; then
// compared with counts and sums taken from the trace.

import { describe, expect, test } from 'vitest';
import type { RunRecord } from '#lab/record/run-record.ts';
import { K } from '#trace/kinds.ts';
import { recordScenario } from '#test/support/run-record.ts';
import { countOf, deadlockRecord, infinibandRecord, lacpRecord, textOf } from './rig.ts';
import { checkTraceJson } from './trace-json-checker.ts';
import type { Checked } from './trace-json-checker.ts';

const deadlock = deadlockRecord();
const records: Readonly<Record<string, RunRecord>> = {
  deadlock,
  lacp: lacpRecord(),
  infiniband: infinibandRecord(),
  random: recordScenario('bond-lacp', { seed: 3, untilNs: 3e9 }),
};

const checked = (record: RunRecord): Checked => checkTraceJson(textOf('perfetto', record));

/** Task numbers of interrupts and softirqs. */
function framesOf({ trace }: RunRecord): ReadonlySet<number> {
  const enters = new Set<number>([K['irq.enter'], K['softirq.enter']]);
  const found = [...trace.events()].filter(({ kind }) => enters.has(kind));
  return new Set(found.map(({ task }) => task));
}

const acquired = ['mutex.acquired', 'rwsem.acquired', 'spin.acquired', 'sem.acquired'] as const;
const released = ['mutex.unlock', 'rwsem.release', 'spin.unlock', 'sem.up'] as const;

/**
 * How many holds were given back. The trace does not tell of down_read_trylock() and of what
 * remains after a downgrade, so some locks are given back that nobody has.
 */
function holdsEnded({ trace }: RunRecord): number {
  const got = new Set<number>(acquired.map((name) => K[name]));
  const given = new Set<number>(released.map((name) => K[name]));
  const holds = new Map<string, number>();
  let ended = 0;
  for (const { kind, object, task } of trace.events()) {
    if (!got.has(kind) && !given.has(kind)) continue;
    const isSemaphore = kind === K['sem.acquired'] || kind === K['sem.up'];
    const key = isSemaphore ? `${object}` : `${object} by ${task}`;
    const count = holds.get(key) ?? 0;
    if (got.has(kind)) holds.set(key, count + 1);
    else if (count > 0) {
      holds.set(key, count - 1);
      ended++;
    }
  }
  return ended;
}

describe.each(Object.entries(records))('the run "%s"', (_name, record) => {
  const file = checked(record);
  const { slices, spans, flows, counters, instants } = file;
  const named = (category: string) => slices.filter((slice) => slice.category === category);

  test('has every switch, wait, work and frame as a slice', () => {
    const frames = framesOf(record);
    const switches = [...record.trace.events()].filter(
      ({ kind, task }) => kind === K['task.switch'] && !frames.has(task),
    );
    const works = countOf(record, 'work.start', 'work.end');
    expect(named('sched')).toHaveLength(switches.length + works);
    expect(named('work')).toHaveLength(countOf(record, 'work.start'));
    expect(named('irq')).toHaveLength(countOf(record, 'irq.enter'));
    expect(named('softirq')).toHaveLength(countOf(record, 'softirq.enter'));
    expect(named('sched').every(({ end }) => end !== null)).toBe(true);
  });

  test('lets one task execute at a time', () => {
    const running = named('sched');
    const overlaps = running.filter((slice, index) => {
      const before = running[index - 1];
      return before !== undefined && slice.begin < before.end!;
    });
    expect(overlaps).toEqual([]);
  });

  test('has every lock that was got as a span, with an end if it was given back', () => {
    expect(spans).toHaveLength(countOf(record, ...acquired));
    expect(spans.filter(({ end }) => end !== null)).toHaveLength(holdsEnded(record));
    expect(new Set(spans.map(({ track }) => track))).toEqual(new Set(['locks']));
  });

  test('has a flow for every wake-up that was answered', () => {
    const { trace } = record;
    let answered = 0;
    const woken = new Set<number>();
    for (const { kind, object, task } of trace.events()) {
      if (kind === K['task.wake']) woken.add(object);
      else if (kind === K['task.switch'] && woken.delete(task)) answered++;
    }
    expect(flows).toHaveLength(answered);
    expect(flows.every(({ to }) => to.name === 'running')).toBe(true);
  });

  test('steps its counters by the values of the references', () => {
    const { trace } = record;
    const steps = [...trace.events()]
      .filter(({ kind }) => kind === K['ref.hold'] || kind === K['ref.put'])
      .map(({ object, value, timeNs }) => [trace.text(object), value, timeNs]);
    expect(steps.length).toBeGreaterThan(30);
    expect(
      counters.map(({ name, args, ts }) => [name, args?.['count'], Math.round(ts * 1000)]),
    ).toEqual(steps);
  });

  test('has the log as instants', () => {
    const printed = instants.filter(({ cat }) => cat === 'printk');
    expect(printed).toHaveLength(countOf(record, 'printk'));
  });
});

describe('the deadlock', () => {
  const { slices, spans, flows, instants, tracks } = checked(deadlock);
  const stuck = slices.filter(({ end, category }) => end === null && category === 'wait');

  test('has tracks of tasks, CPUs and the machine, no frame among the tasks', () => {
    for (const name of ['sh', 'worker of mlx4_en@card0', 'CPU 0', 'time and hardware']) {
      expect(tracks).toContain(name);
    }
    expect(tracks.filter((name) => name.includes(' on CPU '))).toEqual([]);
  });

  test('shows who waits for ever, in which work, and who holds the lock', () => {
    const worker = stuck.find(({ track }) => track === 'worker of mlx4_en@card0')!;
    expect(worker.name).toBe('waits: mutex intf_mutex');
    expect(worker.inside.join()).toMatch(/^mlx4_en_bond_work#\d+ CHANGEUPPER\(eth0\)$/);
    const held = spans.filter(({ end }) => end === null);
    const holds = held.map(({ name, category, args }) => [name, category, args['by']]);
    expect(holds).toContainEqual(['intf_mutex', 'mutex', 'sh']);
  });

  test('shows the finding for the whole file, and its sentence', () => {
    const [finding] = instants.filter(({ cat }) => cat === 'finding');
    expect(finding).toMatchObject({ s: 'g', track: 'sh' });
    expect(finding!.name).toContain('waits for the last reference on netdev eth0');
  });

  test('leads from an interrupt, from a task and from a timer to who is woken', () => {
    const from = new Set(flows.map((flow) => flow.from.category));
    expect(from).toEqual(new Set(['softirq', 'irq', 'sched', 'wake']));
    const command = flows.find((flow) => flow.from.name.startsWith('mlx4-async'));
    expect(command?.to.track).toMatch(/modprobe|worker|sh/);
  });
});

describe('the checker finds', () => {
  const good = textOf('perfetto', records['infiniband']!);
  const without = (phase: string): string => {
    const lines = good.split('\n');
    const at = lines.findIndex((line) => line.startsWith(`{"ph":"${phase}"`));
    return lines.toSpliced(at, 1).join('\n');
  };

  test.each([
    ['B', /end without beginning|flow (from|to) no slice/],
    ['b', /end without a beginning/],
    ['e', /span inside one of the same id/],
    ['s', /flow from nowhere/],
    ['f', /never arrive/],
    ['M', /process without name/],
  ])('a missing %s', (phase, what) => {
    expect(() => checkTraceJson(without(phase))).toThrow(what);
  });
});
