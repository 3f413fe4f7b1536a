// Goal: /proc/PID/stack of the writer and of the worker in the story's deadlock equal those of the
// real kernel, frame for frame; so do sysrq w and t, and those of the smallest change (facts/driver
// 4.5). Method: the recorded stacks of test/golden/real (i386) less offsets and suffixes of the
// compiler; ours less what differs between the architectures: the name of the system call, and the
// entry, which is on x86-64 only.

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { inBackground, onSecond, play, story, typeOf } from '#test/support/story.ts';

const recorded = readFileSync(
  new URL('../golden/real/dmesg-real-mid-d1.txt', import.meta.url),
  'utf8',
);

const withoutOffset = (frame: string): string => frame.replace(/\+0x\w+\/0x\w+/, '').trim();

/** The recorded stacks by task. */
function recordedStacks(): Map<string, string[]> {
  const text = recorded.slice(recorded.indexOf('--- /proc/PID/stack of the tasks'));
  const stacks = new Map<string, string[]>();
  let current: string[] = [];
  for (const line of text.trimEnd().split('\n').slice(1)) {
    if (line.startsWith('  ')) current.push(withoutOffset(line));
    else stacks.set(line, (current = []));
  }
  return stacks;
}

/** One of our frames as i386 has it; the entry has none there. */
const asOnI386 = (frames: readonly string[]): string[] =>
  frames
    .map((frame) => frame.replace('__x64_sys_', '__ia32_sys_'))
    .filter((frame) => !/^(do_syscall_64|entry_SYSCALL_64_after_hwframe)$/.test(frame));

const steps = [inBackground(`echo ib > ${typeOf(1)}`), 'sleep: 3700ms'];

describe('naive', () => {
  const real = recordedStacks();
  const played = play(
    story({ continueUntil: '400s' }, [
      ...steps,
      'mark: blocked',
      onSecond('echo w > /proc/sysrq-trigger'),
      'mark: all',
      onSecond('echo t > /proc/sysrq-trigger'),
      'mark: over',
      'sleep: 60s',
      onSecond('echo t > /proc/sysrq-trigger'),
    ]),
    { variant: 'naive' },
  );
  const writer = asOnI386(played.stackOf('sh'));
  const worker = played.stackOf('worker of mlx4_en@card0');

  it('the recording has two stacks', () => {
    expect([...real.keys()]).toEqual(['sh', 'kworker/u4:0+mlx4_en']);
    expect(real.get('sh')).toHaveLength(23);
  });

  it('the writer stands as the real one', () => {
    expect(writer).toEqual(real.get('sh'));
  });

  it('the worker stands as the real one', () => {
    expect(worker).toEqual(real.get('kworker/u4:0+mlx4_en'));
  });

  it('both say where they sleep', () => {
    const { tasks } = played.result.machine.k.sim;
    const wchan = [...tasks.values()]
      .filter(({ sleepState, pid }) => sleepState === 'D' && pid > 0)
      .map(({ pid }) => played.readNow(`/proc/${pid}/wchan`));
    expect(wchan).toEqual(['msleep', 'mlx4_do_bond']);
  });

  const from = (text: string): string[] =>
    played.log.slice(played.log.indexOf(text)).flatMap((entry) => entry.split('\n'));

  it('sysrq w shows the two tasks in state D, and nobody else', () => {
    const all = from('sysrq: Show Blocked State');
    const shown = all.slice(0, all.indexOf('sysrq: Show State'));
    const tasks = shown.filter((line) => line.startsWith('task:'));
    expect(tasks.map((line) => line.slice(0, 28))).toEqual([
      'task:sh              state:D',
      'task:kworker/u8:0    state:D',
    ]);
    expect(shown).toContain('Workqueue: mlx4_en mlx4_en_bond_work [mlx4_en]');
    const frames = shown.filter((line) => /^ [a-z_]/.test(line)).map((line) => line.trim());
    // The scheduler's own frames are in a report, and not in /proc.
    expect(asOnI386(frames)).toEqual([
      ...['__schedule', 'schedule', 'schedule_timeout', 'schedule_timeout_uninterruptible'],
      ...real.get('sh')!,
      ...['__schedule', 'schedule', 'schedule_preempt_disabled', '__mutex_lock.constprop.0'],
      ...['__mutex_lock_slowpath', 'mutex_lock'],
      ...real.get('kworker/u4:0+mlx4_en')!,
    ]);
  });

  it('sysrq t shows every task with a process id, and the queue with its growing list', () => {
    const all = from('sysrq: Show State');
    const names = all.filter((line) => line.startsWith('task:')).map((line) => line.slice(5, 20));
    expect(names.map((name) => name.trim())).toEqual(
      expect.arrayContaining(['init', 'kthreadd', 'khungtaskd', 'sh', 'mlx4_en', 'bond0']),
    );
    expect(names.map((name) => name.trim())).not.toContain('script');
    const queues = all.filter((line) => /^(workqueue| {2}pwq| {4}(in-flight|inactive))/.test(line));
    const [first, second] = [queues.slice(0, 4), queues.slice(4)];
    expect(first[0]).toBe('workqueue mlx4_en: flags=0xe000a');
    expect(first[1]).toBe('  pwq 8: cpus=0-3 flags=0x4 nice=0 active=1/1');
    expect(first[2]).toMatch(/^ {4}in-flight: \d+:mlx4_en_bond_work$/);
    const inactive = (lines: readonly string[]): number =>
      lines[3]!.split(', ').filter((name) => name.endsWith('mlx4_en_bond_work')).length;
    // W2 to W4 and W7 (facts/driver 7.1), and one for each second so far; 52 in the next minute.
    expect(inactive(first)).toBe(4 + 3);
    expect(inactive(second)).toBe(4 + 3 + 52);
  });
});

describe('v6.1+bond-locks-intf, the smallest change', () => {
  const played = play(story({ continueUntil: '20s' }, steps), {
    variant: 'v6.1+bond-locks-intf',
  });

  it('the writer stands as the real one, without the driver core', () => {
    expect(played.stackOf('sh').slice(0, 12)).toEqual([
      'msleep',
      'netdev_run_todo',
      'rtnl_unlock',
      'unregister_netdev',
      'mlx4_en_destroy_netdev [mlx4_en]',
      'mlx4_en_remove [mlx4_en]',
      'mlx4_remove_device [mlx4_core]',
      'mlx4_unregister_device [mlx4_core]',
      'mlx4_change_port_types [mlx4_core]',
      '__set_port_type [mlx4_core]',
      'set_port_type [mlx4_core]',
      'dev_attr_store',
    ]);
  });

  it('the worker stands as in naive', () => {
    expect(played.stackOf('worker of mlx4_en@card0')).toEqual([
      'mlx4_do_bond [mlx4_core]',
      'mlx4_unbond [mlx4_core]',
      'mlx4_en_bond_work [mlx4_en]',
      'process_one_work',
      'worker_thread',
      'kthread',
      'ret_from_fork',
    ]);
  });
});
