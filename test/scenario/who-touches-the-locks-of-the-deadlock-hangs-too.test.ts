// Goal: what a user can try against the story's deadlock (facts/driver 7.2, 7.2b): kill -9 and
// Ctrl-C have no effect; a second writer, rmmod mlx4_en, reboot and PCI remove hang as well, each
// at its own place and in state D; those who sleep in a mutex are reported at their second check,
// the polling writer never. Method: the story under naive with one such action on a second
// terminal; /proc/PID/stack of everybody.

import { describe, expect, it } from 'vitest';
import { inBackground, onSecond, pci, play, story, typeOf } from '#test/support/story.ts';
import type { Played } from '#test/support/story.ts';

const write = `echo ib > ${typeOf(1)}`;

/** The story, then `line` on a second terminal in the background, then time. */
function attempt(line: string, continueUntil: string): Played {
  const steps = [inBackground(write), 'sleep: 5s', inBackground(line, 'second'), 'sleep: 1s'];
  return play(story({ continueUntil }, steps), { variant: 'naive' });
}

/** Tasks of the hung task reports with the seconds that they print. */
const reports = (played: Played): string[] =>
  played
    .told('INFO: task ')
    .map((line) => line.replace(/^INFO: task (\S+):\d+ blocked for more than (\d+) .*/, '$1 $2'));

describe('a signal for the writer', () => {
  const played = play(
    story({ continueUntil: '30s' }, [
      'run: echo $$ > /tmp/writer',
      inBackground(write),
      'sleep: 5s',
      onSecond('kill -9 $(cat /tmp/writer); echo rc=$?'),
      'sleep: 10s',
      'interrupt: main',
      'sleep: 1s',
      onSecond('grep -e State -e ShdPnd /proc/$(cat /tmp/writer)/status'),
    ]),
    { variant: 'naive' },
  );

  it('is sent, stays pending, and the writer still sleeps in state D', () => {
    expect(played.output('kill -9 $(cat /tmp/writer); echo rc=$?')).toBe('rc=0\n');
    expect(played.output('grep -e State -e ShdPnd /proc/$(cat /tmp/writer)/status')).toBe(
      // SIGINT 2 and SIGKILL 9.
      'State:\tD (disk sleep)\nShdPnd:\t0000000000000102\n',
    );
    expect(played.hangsIn('main')).toBe(write);
    expect(played.result.outcome).toBe('deadlock');
  });
});

describe('a second writer, on port 2', () => {
  const line = `echo ib > ${typeOf(2)}`;
  const played = attempt(line, '370s');

  it('sleeps in set_port_type on its mutex', () => {
    expect(played.hangsIn('second')).toBe(line);
    expect(played.stackOf('sh on second').slice(0, 4)).toEqual([
      'set_port_type [mlx4_core]',
      'dev_attr_store',
      'sysfs_kf_write',
      'kernfs_fop_write_iter',
    ]);
  });

  it('is reported at its second check, with the worker; the first writer never', () => {
    expect(reports(played)).toEqual(['kworker/u8:0 120', 'sh 120', 'kworker/u8:0 241', 'sh 241']);
    const hung = played.result.findings.filter(({ kind }) => kind === 'hung');
    const tasks = new Set(hung.flatMap(({ objects }) => objects));
    expect([...tasks]).toEqual(['worker of mlx4_en@card0', 'sh on second']);
  });

  it('the reports come at the checks of the real machine: every 120.832 s on its own grid', () => {
    // 300 - 2.048 k seconds of uptime (facts/driver 7.2b, rule 4); the first is the first one later
    // than 120 s after the start of khungtaskd, and reports nothing.
    const [second, third] = played.result.machine.k.log.records
      .filter(({ text }) => text.startsWith('INFO: task kworker'))
      .map(({ timeNs }) => timeNs / 1e6);
    expect((300_000 - second!) % 2048).toBe(0);
    expect(third! - second!).toBe(120_832);
    expect(second! - 120_832).toBeGreaterThan(120_000);
    expect(second! - 120_832 - 2048).toBeLessThanOrEqual(120_000);
  });
});

describe('rmmod mlx4_en', () => {
  const played = attempt('rmmod mlx4_en', '370s');

  it('sleeps on the device_lock of the eth part, with the frames of the real one', () => {
    expect(played.stackOf('rmmod').slice(0, 8)).toEqual([
      'device_release_driver_internal',
      'driver_detach',
      'bus_remove_driver',
      'driver_unregister',
      'auxiliary_driver_unregister',
      'mlx4_unregister_auxiliary_driver [mlx4_core]',
      'mlx4_en_cleanup [mlx4_en]',
      '__x64_sys_delete_module',
    ]);
  });

  it('is reported as hung', () => {
    expect(reports(played).filter((report) => report.startsWith('rmmod'))).toEqual([
      'rmmod 120',
      'rmmod 241',
    ]);
  });
});

describe('reboot -f', () => {
  const played = attempt('reboot -f', '250s');

  it('hangs in device_shutdown: mlx4_shutdown is never reached', () => {
    expect(played.stackOf('reboot')).toEqual([
      'device_shutdown',
      'kernel_restart',
      '__do_sys_reboot',
      '__x64_sys_reboot',
      'do_syscall_64',
      'entry_SYSCALL_64_after_hwframe',
    ]);
    expect(played.told('mlx4_shutdown was called')).toEqual([]);
    expect(played.told('Restarting system')).toEqual([]);
    expect(played.result.machine.halted).toBe(false);
  });
});

describe('removing the card from the bus', () => {
  const line = `echo 1 > ${pci}/remove`;
  const played = attempt(line, '60s');

  it('finds the interface down, tears nothing down, and devlink_free warns', () => {
    expect(played.told('mlx4_remove_one: interface is down')).toHaveLength(1);
    expect(played.told('WARNING: ')).toEqual([
      expect.stringMatching(
        /^WARNING: CPU: \d PID: \d+ at net\/devlink\/leftover\.c:9801 devlink_free$/,
      ),
    ]);
    const last = played.commands.at(-1)!;
    expect(last.name).toBe('VIRT_PORT_MAP');
  });

  it('then the remover waits for the end of the first write', () => {
    expect(played.hangsIn('second')).toBe(line);
    expect(played.stackOf('sh on second').slice(0, 5)).toEqual([
      '__kernfs_remove',
      'kernfs_remove',
      'sysfs_remove_dir',
      'kobject_del',
      'device_del',
    ]);
  });

  it('the warnings for the port go on', () => {
    expect(played.told('waiting for eth0').length).toBe(5);
  });
});
