// Goal: the ftrace text of a run has the formats of the kernel's events and tells one consistent
// story: on every CPU the task that leaves is the one that came, a task is on one CPU, interrupts
// nest, works and waits for locks end under the task that began them.
// Method: real runs, one by a random policy; every line is matched by patterns written from
// include/trace/events (6.1), and followed with a state of the CPUs; counts come from the trace.

import { describe, expect, test } from 'vitest';
import type { RunRecord } from '#lab/record/run-record.ts';
import { recordScenario } from '#test/support/run-record.ts';
import { countOf, deadlockRecord, lacpRecord, textOf } from './rig.ts';

const who = (prefix: string): string =>
  String.raw`${prefix}comm=\S+ ${prefix}pid=\d+ ${prefix}prio=\d+`;
const hex = '[0-9a-f]{16}';
const cpus = String.raw`req_cpu=\d+ cpu=\d+`;
const work = String.raw`work struct ${hex}: function \S+`;

/** Patterns of what stands behind an event's name. */
const patterns: Readonly<Record<string, string>> = {
  sched_switch: `${who('prev_')} prev_state=(R|R\\+|S|D|X) ==> ${who('next_')}`,
  sched_waking: String.raw`comm=\S+ pid=\d+ prio=\d+ target_cpu=\d{3}`,
  sched_wakeup: String.raw`comm=\S+ pid=\d+ prio=\d+ target_cpu=\d{3}`,
  sched_wakeup_new: String.raw`comm=\S+ pid=\d+ prio=\d+ target_cpu=\d{3}`,
  sched_process_exit: String.raw`comm=\S+ pid=\d+ prio=\d+`,
  irq_handler_entry: String.raw`irq=\d+ name=\S+`,
  irq_handler_exit: String.raw`irq=\d+ ret=(un)?handled`,
  softirq_entry: String.raw`vec=\d \[action=[A-Z_]+\]`,
  softirq_exit: String.raw`vec=\d \[action=[A-Z_]+\]`,
  workqueue_queue_work: String.raw`work struct=${hex} function=\S+ workqueue=\S+ ${cpus}`,
  workqueue_execute_start: work,
  workqueue_execute_end: work,
  contention_begin: String.raw`${hex} \(flags=(SPIN|READ|WRITE|MUTEX|)\)`,
  contention_end: String.raw`${hex} \(ret=0\)`,
  console: '.*',
  tracing_mark_write: String.raw`(C\|1\|\S+\|\d+|I\|\d+\|.+)`,
};

interface Line {
  readonly comm: string;
  readonly pid: number;
  readonly cpu: number;
  readonly flags: string;
  readonly time: number;
  readonly event: string;
  readonly rest: string;
}

const columns = /^ *(\S+)-(\d+) +\[(\d{3})\] ([d.][.][hs.][\d.][.]) +(\d+\.\d{6}): (\w+): (.*)$/;

function linesOf(record: RunRecord): Line[] {
  const lines = textOf('ftrace', record).trimEnd().split('\n');
  return lines
    .filter((line) => !line.startsWith('#'))
    .map((line) => {
      const [, comm = '', pid, cpu, flags = '', time, event = '', rest = ''] = columns.exec(line)!;
      return {
        comm,
        pid: Number(pid),
        cpu: Number(cpu),
        flags,
        time: Number(time),
        event,
        rest,
      };
    });
}

const numberIn = ({ rest }: Line, name: string): number =>
  Number(new RegExp(String.raw`\b${name}=(\d+)`).exec(rest)![1]);

const records: Readonly<Record<string, RunRecord>> = {
  deadlock: deadlockRecord(),
  lacp: lacpRecord(),
  random: recordScenario('bond-lacp', { seed: 3, untilNs: 3e9 }),
};

describe.each(Object.entries(records))('the run "%s"', (_name, record) => {
  const lines = linesOf(record);
  const named = (event: string): Line[] => lines.filter((line) => line.event === event);

  test("has known events in the kernel's formats", () => {
    const wrong = lines.filter(({ event, rest }) => {
      const pattern = patterns[event];
      return pattern === undefined || !new RegExp(`^${pattern}$`).test(rest);
    });
    expect(wrong).toEqual([]);
  });

  test('never goes back in time', () => {
    expect(lines.filter(({ time }, index) => time < (lines[index - 1]?.time ?? 0))).toEqual([]);
  });

  test('switches each CPU from the task that came before', () => {
    const current = new Map<number, number>();
    for (const line of named('sched_switch')) {
      const [prev, next] = [numberIn(line, 'prev_pid'), numberIn(line, 'next_pid')];
      expect([line.cpu, prev, line.pid]).toEqual([line.cpu, current.get(line.cpu) ?? 0, prev]);
      expect(prev).not.toBe(next);
      const elsewhere = [...current].some(([cpu, task]) => cpu !== line.cpu && task === next);
      expect(elsewhere && next !== 0).toBe(false);
      current.set(line.cpu, next);
    }
  });

  test('writes every line under the task that is on the CPU', () => {
    const current = new Map<number, number>();
    const wrong = lines.filter((line) => {
      const isOn = line.pid === (current.get(line.cpu) ?? 0);
      if (line.event === 'sched_switch') current.set(line.cpu, numberIn(line, 'next_pid'));
      return !isOn;
    });
    expect(wrong).toEqual([]);
  });

  test('nests interrupts on their CPUs', () => {
    const open = new Map<number, string[]>();
    for (const { event, rest, cpu } of lines) {
      const [, sort, way] = /^(irq_handler|softirq)_(entry|exit)$/.exec(event) ?? [];
      if (sort === undefined) continue;
      const key = `${sort} ${/^(irq=\d+|vec=\d)/.exec(rest)![1]}`;
      const stack = open.get(cpu) ?? [];
      open.set(cpu, stack);
      if (way === 'entry') stack.push(key);
      else expect(stack.pop()).toBe(key);
    }
    expect([...open.values()].flat()).toEqual([]);
    expect(named('irq_handler_entry')).toHaveLength(countOf(record, 'irq.enter'));
    expect(named('softirq_entry')).toHaveLength(countOf(record, 'softirq.enter'));
  });

  test('ends works and waits for locks under the task that began them', () => {
    const open = new Map<string, string>();
    const starts = { workqueue_execute_start: 'work', contention_begin: 'lock' };
    const ends = { workqueue_execute_end: 'work', contention_end: 'lock' };
    for (const { event, pid, rest, flags } of lines) {
      const what = rest.replace(/ \(.*| *function.*/, '');
      const key = (sort: string): string => `${sort} ${pid} ${flags}`;
      const start = starts[event as keyof typeof starts] as string | undefined;
      const end = ends[event as keyof typeof ends] as string | undefined;
      if (start !== undefined) {
        expect(open.has(key(start))).toBe(false);
        open.set(key(start), what);
      } else if (end !== undefined) {
        expect(open.get(key(end))).toBe(what);
        open.delete(key(end));
      }
    }
    expect(named('workqueue_execute_start')).toHaveLength(countOf(record, 'work.start'));
    expect(named('workqueue_queue_work')).toHaveLength(countOf(record, 'work.queue'));
  });

  test('has every wake-up, the log and every reference count', () => {
    expect(named('sched_waking')).toHaveLength(countOf(record, 'task.wake'));
    expect(named('sched_wakeup')).toHaveLength(countOf(record, 'task.wake'));
    expect(named('console')).toHaveLength(countOf(record, 'printk'));
    const counters = named('tracing_mark_write').filter(({ rest }) => rest.startsWith('C|'));
    expect(counters).toHaveLength(countOf(record, 'ref.hold', 'ref.put'));
  });
});

describe('the deadlock', () => {
  const text = textOf('ftrace', records['deadlock']!);

  test("opens as the kernel's file does, and names the locks", () => {
    expect(text).toMatch(
      /^# tracer: nop\n#\n# entries-in-buffer\/entries-written: \d+\/\d+ +#P:3\n/,
    );
    expect(text).toContain('#           TASK-PID     CPU#  |||||  TIMESTAMP  FUNCTION\n');
    expect(text).toMatch(new RegExp(`^# lock ${hex} rtnl_mutex$`, 'm'));
  });

  test('shows that the worker waits for intf_mutex in D and never gets it', () => {
    const [, lock] = new RegExp(`^# lock (${hex}) intf_mutex$`, 'm').exec(text)!;
    const waits = text.split('\n').filter((line) => line.includes(`: ${lock} (`));
    expect(waits).toHaveLength(1);
    expect(waits[0]).toMatch(
      /^worker_of_mlx4_en@card0-\d+ .*contention_begin: \w+ \(flags=MUTEX\)$/,
    );
    const after = text.slice(text.indexOf(waits[0]!));
    expect(/sched_switch: .*/.exec(after)![0]).toMatch(
      /^sched_switch: prev_comm=worker_of_mlx4_en@card0 .* prev_state=D ==> /,
    );
  });
});
