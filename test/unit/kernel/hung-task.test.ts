// The hung task detector by its true rules: when it looks, at whom, what it prints, and when it
// ends. Times are computed here by the rule of facts/driver 7.2b item 4, without the timer wheel's
// code.

import { describe, expect, it } from 'vitest';
import type { Kernel, KernelProfile } from '#kernel/kernel.ts';
import { vfs_read, vfs_write } from '#kernel/fs/vfs.ts';
import { mutex_init, mutex_lock } from '#kernel/locking/mutex.ts';
import type { Mutex } from '#kernel/locking/mutex.ts';
import { user_task } from '#kernel/sched.ts';
import { hrtimer_nanosleep, msleep } from '#kernel/time/delay.ts';
import { alloc_ordered_workqueue, INIT_WORK, queue_work } from '#kernel/workqueue.ts';
import { Oops } from '#sim/shared.ts';
import type { MaySleep, SleepState, Task } from '#sim/task.ts';
import { bareKernel, second } from '#test/support/machine.ts';
import { logLines, thread } from '#test/support/threads.ts';

/** Jiffies to which a sleep of so many is rounded: its level's grain. */
const grain = (jiffies: number): number => {
  if (jiffies < 504) return jiffies < 63 ? 1 : 8;
  if (jiffies < 4032) return 64;
  return jiffies < 32_256 ? 512 : 4096;
};

/** Times, in seconds of uptime, at which khungtaskd looks; it started at 0. */
function checkTimes(hz: number, timeout: number, count: number): number[] {
  const step = grain(timeout * hz);
  const times: number[] = [];
  let jiffy = -300 * hz;
  for (let n = 0; n < count; n++) {
    // The first multiple of the grain that is later than the time-out.
    jiffy = (Math.floor((jiffy + timeout * hz) / step) + 1) * step;
    times.push((jiffy + 300 * hz) / hz);
  }
  return times;
}

interface Machine {
  readonly k: Kernel;
  readonly lock: Mutex;
}

function machine(hz = 250, timeout = 120, profile: KernelProfile = '6.1'): Machine {
  const k = bareKernel({ hz, profile });
  k.hungTask.sysctls.hung_task_timeout_secs = timeout;
  k.hungTask.start();
  const lock = mutex_init(k, 'intf_mutex');
  thread(k, 'owner', function* (): MaySleep<void> {
    yield* mutex_lock(lock);
    yield* k.sim.block('S', 'for ever');
  });
  return { k, lock };
}

/** A task that goes into state D at a time, in seconds. */
function* blockAt(k: Kernel, lock: Mutex, seconds: number): MaySleep<void> {
  yield* hrtimer_nanosleep(k, seconds * second);
  yield* mutex_lock(lock);
}

/** When the detector spoke, in seconds, and what number it printed. */
const reports = (k: Kernel): [number, number][] =>
  k.log.records.flatMap(({ text, timeNs }) => {
    const found = /^INFO: task .* blocked for more than (\d+) seconds\.$/.exec(text);
    return found === null ? [] : [[timeNs / second, Number(found[1])]];
  });

/** What must be reported of a task that blocks at a time: at each check from the second on. */
function expectedReports(times: readonly number[], blockedAt: number): [number, number][] {
  const seen = times.filter((time) => time > blockedAt);
  return seen.slice(1).map((time) => [time, Math.floor(time - seen[0]! + 1e-9)]);
}

describe('the checks', () => {
  it.each([
    [100, 122.88],
    [250, 120.832],
    [300, 122.88],
    [1000, 122.88],
  ])('at HZ %i come every %d s with a time-out of 120 s', (hz, period) => {
    const times = checkTimes(hz, 120, 4);
    for (const [n, time] of times.slice(1).entries()) {
      expect(time - times[n]!).toBeCloseTo(period, 9);
    }
    const { k } = machine(hz);
    k.sim.run(500 * second);
    expect(k.hungTask.checkTimesNs.slice(0, 4).map((time) => Math.round(time / 1e6))).toEqual(
      times.map((time) => Math.round(time * 1000)),
    );
  });

  it('at HZ 250 lie at 300 - 2.048 n seconds of uptime', () => {
    const { k } = machine();
    k.sim.run(130 * second);
    expect(k.hungTask.checkTimesNs[0]! / second).toBeCloseTo(300 - 2.048 * 87, 3);
  });
});

describe.each([100, 250, 300, 1000])('a task in state D, at HZ %i', (hz) => {
  it.each([10, 20, 120])('is reported by the rule with a time-out of %i s', (timeout) => {
    const times = checkTimes(hz, timeout, 8);
    for (const blockedAt of [
      0.5,
      timeout * 0.9,
      times[0]! - 0.01,
      times[0]! + 0.01,
      times[1]! + 3,
    ]) {
      const { k, lock } = machine(hz, timeout);
      thread(k, 'victim', () => blockAt(k, lock, blockedAt));
      k.sim.run((times[7]! + 0.5) * second);
      const found = reports(k);
      const wanted = expectedReports(times, blockedAt);
      expect(found.map(([, printed]) => printed)).toEqual(wanted.map(([, printed]) => printed));
      for (const [n, [time]] of found.entries()) expect(time).toBeCloseTo(wanted[n]![0], 3);
    }
  });
});

describe('the numbers of the real kernel (facts/driver 7.2b)', () => {
  const printed = (timeout: number, blockedAt: number, until: number): number[] => {
    const { k, lock } = machine(250, timeout);
    thread(k, 'victim', () => blockAt(k, lock, blockedAt));
    k.sim.run(until * second);
    return reports(k).map(([, seconds]) => seconds);
  };

  it('are 120, 241, 362 with 120 s, for a task that blocked at 17.97 s', () => {
    expect(printed(120, 17.97, 500)).toEqual([120, 241, 362]);
  });

  it('are 20, 40, 61 with 20 s', () => {
    expect(printed(20, 17.97, 100)).toEqual([20, 40, 61]);
  });

  it('are 10, 20, 30, 40, 51, 61, 71, 81, 92, 102 with 10 s, and then silence', () => {
    expect(printed(10, 17.97, 1000)).toEqual([10, 20, 30, 40, 51, 61, 71, 81, 92, 102]);
  });
});

describe('nobody is reported', () => {
  const quiet = (start: (m: Machine) => unknown): string[] => {
    const m = machine(250, 10);
    start(m);
    m.k.sim.run(200 * second);
    return logLines(m.k);
  };

  it.each<SleepState>(['S', 'I', 'K'])('who sleeps in state %s', (state) => {
    expect(quiet(({ k }) => thread(k, 'sleeper', () => k.sim.block(state, 'for ever')))).toEqual(
      [],
    );
  });

  it('who polls: it runs between two looks', () => {
    const lines = quiet(({ k }) =>
      thread(k, 'writer', function* (): MaySleep<void> {
        for (;;) yield* msleep(k, 250);
      }),
    );
    expect(lines).toEqual([]);
  });

  it('who blocked, ran and blocked again between two looks', () => {
    const lines = quiet(({ k }) =>
      thread(k, 'again', function* (): MaySleep<void> {
        for (;;) yield* msleep(k, 9000);
      }),
    );
    expect(lines).toEqual([]);
  });

  it('who was woken before the second look', () => {
    const lines = quiet(({ k }) =>
      thread(k, 'once', function* (): MaySleep<void> {
        yield* msleep(k, 18_000);
      }),
    );
    expect(lines).toEqual([]);
  });

  it('after an oops: then all bets are off', () => {
    const { k, lock } = machine(250, 10);
    thread(k, 'victim', () => blockAt(k, lock, 1));
    thread(k, 'bad', function* (): MaySleep<void> {
      yield* hrtimer_nanosleep(k, 30 * second);
      throw new Oops('kernel BUG at test.c:1!');
    });
    k.sim.run(200 * second);
    expect(reports(k)).toHaveLength(1);
  });
});

describe('the sysctls', () => {
  const write = (
    k: Kernel,
    name: string,
    value: string,
    atSeconds: number,
    answers: number[] = [],
  ) =>
    thread(k, `write ${name} ${value}`, function* (): MaySleep<void> {
      yield* hrtimer_nanosleep(k, atSeconds * second);
      answers.push(yield* vfs_write(k, `/proc/sys/kernel/${name}`, `${value}\n`));
    });

  it('warnings count down to 0, and a new number lets it speak again', () => {
    const { k, lock } = machine(250, 10);
    thread(k, 'victim', () => blockAt(k, lock, 1));
    write(k, 'hung_task_warnings', '2', 0);
    k.sim.run(100 * second);
    expect(reports(k)).toHaveLength(2);
    expect(k.hungTask.sysctls.hung_task_warnings).toBe(0);
    write(k, 'hung_task_warnings', '-1', 0);
    k.sim.run(300 * second);
    expect(reports(k).length).toBeGreaterThan(15);
    expect(k.hungTask.sysctls.hung_task_warnings).toBe(-1);
  });

  it('a time-out of 0 switches it off, and another one on again at once', () => {
    const { k, lock } = machine(250, 10);
    thread(k, 'victim', () => blockAt(k, lock, 1));
    write(k, 'hung_task_timeout_secs', '0', 1);
    k.sim.run(100 * second);
    expect(reports(k)).toEqual([]);
    write(k, 'hung_task_timeout_secs', '20', 0);
    k.sim.run(150 * second);
    expect(reports(k).length).toBeGreaterThan(0);
  });

  it('a shorter time-out counts from the last look, not from the end of the present sleep', () => {
    const { k } = machine(250, 120);
    write(k, 'hung_task_timeout_secs', '10', 30);
    k.sim.run(60 * second);
    const [first] = k.hungTask.checkTimesNs;
    expect(first! / second).toBeCloseTo(30, 0);
  });

  it('an interval makes it look more often, with the time-out for what it reports', () => {
    const { k, lock } = machine(250, 20);
    k.hungTask.sysctls.hung_task_check_interval_secs = 5;
    thread(k, 'victim', () => blockAt(k, lock, 1));
    k.sim.run(60 * second);
    const gaps = k.hungTask.checkTimesNs
      .slice(1)
      .map((time, n) => time - k.hungTask.checkTimesNs[n]!);
    expect(new Set(gaps.map((gap) => gap / second))).toEqual(new Set([5.12]));
    expect(reports(k)[0]![1]).toBe(20);
  });

  it('refuse what is no number or too small', () => {
    const { k } = machine();
    const answers: number[] = [];
    for (const [name, value] of [
      ['hung_task_warnings', '-2'],
      ['hung_task_timeout_secs', '-1'],
      ['hung_task_timeout_secs', 'x'],
      ['hung_task_warnings', '5'],
    ] as const) {
      write(k, name, value, 0, answers);
    }
    k.sim.run(second);
    expect(answers).toEqual([-22, -22, -22, 2]);
  });

  it('are shown', () => {
    const { k } = machine();
    const texts: (string | number)[] = [];
    thread(k, 'reader', function* (): MaySleep<void> {
      for (const name of ['timeout_secs', 'check_interval_secs', 'warnings']) {
        texts.push(yield* vfs_read(k, `/proc/sys/kernel/hung_task_${name}`));
      }
    });
    k.sim.run(second);
    expect(texts).toEqual(['120\n', '0\n', '10\n']);
  });
});

describe('the report', () => {
  const reportOf = (profile: KernelProfile, start: (m: Machine) => Task | undefined): string[] => {
    const m = machine(250, 10, profile);
    m.k.hungTask.sysctls.hung_task_warnings = 1;
    start(m);
    m.k.sim.run(40 * second);
    return logLines(m.k);
  };
  const worker = ({ k, lock }: Machine): undefined => {
    const queue = alloc_ordered_workqueue(k, 'mlx4_en', 'mlx4_en@card0');
    function* mlx4_do_bond(): MaySleep<void> {
      yield* mutex_lock(lock);
    }
    function* mlx4_en_bond_work(): MaySleep<void> {
      yield* mlx4_do_bond();
    }
    const work = INIT_WORK(k, 'mlx4_en_bond_work#1', mlx4_en_bond_work, { module: 'mlx4_en' });
    thread(k, 'notifier', function* () {
      yield* queue_work(queue, work);
    });
  };

  it('of a worker has the shape of facts/driver 7.2', () => {
    const lines = reportOf('6.1', worker);
    const pid = /:(\d+) blocked/.exec(lines[0]!)![1]!;
    expect(lines).toEqual([
      `INFO: task kworker/u8:0:${pid} blocked for more than 10 seconds.`,
      '      Not tainted 6.1.0 #1',
      '"echo 0 > /proc/sys/kernel/hung_task_timeout_secs" disables this message.',
      `task:kworker/u8:0    state:D stack:0     pid:${pid.padEnd(5)} ppid:2      flags:0x00004000`,
      'Workqueue: mlx4_en mlx4_en_bond_work [mlx4_en]',
      'Call Trace:',
      ' <TASK>',
      ' __schedule',
      ' schedule',
      ' schedule_preempt_disabled',
      ' __mutex_lock.constprop.0',
      ' __mutex_lock_slowpath',
      ' mutex_lock',
      ' mlx4_do_bond',
      ' mlx4_en_bond_work',
      ' process_one_work',
      ' worker_thread',
      ' kthread',
      ' ret_from_fork',
      ' </TASK>',
    ]);
  });

  it('in 6.12 has the tgid, and says when it was the last', () => {
    const lines = reportOf('6.12', worker);
    expect(lines[3]).toMatch(
      /^task:kworker\/u8:0 {4}state:D stack:0 {5}pid:\d+ +tgid:\d+ +ppid:2 {6}flags:0x00004000$/,
    );
    expect(lines.at(-1)).toBe(
      'Future hung task reports are suppressed, see sysctl kernel.hung_task_warnings',
    );
  });

  it('of a program names its parent, and the taint of the kernel', () => {
    const m = machine(250, 10);
    m.k.taint = 'OE';
    user_task(m.k, 'writer', 'bash', 77, () => blockAt(m.k, m.lock, 1));
    m.k.sim.run(25 * second);
    const lines = logLines(m.k);
    expect(lines[1]).toBe('      Tainted: G           OE      6.1.0 #1');
    expect(lines[3]).toMatch(/^task:bash {12}state:D .* ppid:77 {5}flags:0x00000000$/);
  });

  it('is a finding each time it is printed, and none when it is silent', () => {
    const m = machine(250, 10);
    m.k.hungTask.sysctls.hung_task_warnings = 2;
    thread(m.k, 'victim', () => blockAt(m.k, m.lock, 1));
    m.k.sim.run(100 * second);
    expect(m.k.findings.map(({ kind, task }) => `${kind} ${task}`)).toEqual([
      'hung victim',
      'hung victim',
    ]);
  });

  it('has its levels: errors for the lines, information for the dump', () => {
    const m = machine(250, 10);
    thread(m.k, 'victim', () => blockAt(m.k, m.lock, 1));
    m.k.sim.run(25 * second);
    expect(m.k.log.records.slice(0, 4).map(({ level }) => level)).toEqual([3, 3, 3, 6]);
  });
});
