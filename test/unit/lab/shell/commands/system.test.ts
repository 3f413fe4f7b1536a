// Programs about the machine: dmesg, ps, uname, date, uptime, sysctl, reboot.

import { beforeAll, describe, expect, test } from 'vitest';
import { momentAt } from '#lab/calendar.ts';
import { bondedLab, quietLab } from '#test/support/lab.ts';
import type { Lab } from '#test/support/lab.ts';

let lab: Lab;

beforeAll(() => {
  lab = quietLab({ variant: 'v6.1' });
});

describe('dmesg', () => {
  const head = 'pci 0000:06:00.0: [15b3:1003] type 00 class 0x020000';

  test.each([
    ['', /^\[ {4}0\.00000\d\] /],
    ['-t', /^/],
    ['-r', /^<6>\[ {4}0\.00000\d\] /],
    ['-x', /^kern {2}:info {2}: \[ {4}0\.00000\d\] /],
    ['-T', /^\[Mon Aug 21 08:00:00 2023\] /],
  ])('dmesg %s', (option, prefix) => {
    const line = lab.out(`dmesg ${option}`).split('\n')[0]!;
    expect(line).toMatch(prefix);
    expect(line.replace(prefix, '')).toBe(head);
  });

  test('-l chooses levels', () => {
    lab.out("for l in 3 4 6; do echo '<'$l'>MARK '$l > /dev/kmsg; done");
    expect(lab.out('dmesg -t -l err,warn')).toBe('MARK 3\nMARK 4\n');
    expect(lab.out('dmesg -t -l warn+ | grep MARK')).toBe('MARK 3\nMARK 4\n');
    expect(lab.line('dmesg -l nope')).toEqual({
      output: "dmesg: unknown level 'nope'\n",
      status: 1,
    });
  });

  test('-n says what the console shows', () => {
    expect(lab.machine.consoleLevel).toBe(8);
    lab.out('dmesg -n 4');
    expect(lab.machine.consoleLevel).toBe(4);
    lab.out('dmesg -n debug');
    expect(lab.machine.consoleLevel).toBe(8);
    expect(lab.line('dmesg -n 9').status).toBe(1);
  });

  test('-c prints what there is and forgets it, -C only forgets', () => {
    const other = quietLab();
    expect(other.out('dmesg -c')).toContain('15b3:1003');
    expect(other.out('dmesg')).toBe('');
    other.out('echo MARK > /dev/kmsg; dmesg -C');
    expect(other.out('dmesg')).toBe('');
    expect(other.log).toContain('MARK');
  });
});

describe('ps', () => {
  test('plain: the processes of this terminal', () => {
    expect(lab.out('ps')).toMatch(
      /^ {2}PID TTY {10}TIME CMD\n +\d+ pts\/0 {4}00:00:00 sh\n +\d+ pts\/0 {4}00:00:00 ps\n$/,
    );
  });

  test.each([
    ['-e', '  PID TTY          TIME CMD', '    1 ?        00:00:00 init'],
    ['-L', '  PID   LWP TTY          TIME CMD', null],
    ['ax', '  PID TTY      STAT   TIME COMMAND', '    2 ?        S      0:00 [kthreadd]'],
    [
      'aux',
      'USER       PID %CPU %MEM    VSZ   RSS TTY      STAT START   TIME COMMAND',
      'root         1  0.0  0.0      0     0 ?        S    08:00   0:00 init',
    ],
    [
      '-ef',
      'UID        PID  PPID  C STIME TTY          TIME CMD',
      'root         2     0  0 08:00 ?        00:00:00 [kthreadd]',
    ],
    [
      '-eLf',
      'UID        PID  PPID   LWP  C NLWP STIME TTY          TIME CMD',
      'root         1     0     1  0    1 08:00 ?        00:00:00 init',
    ],
  ])('ps %s', (options, header, line) => {
    const lines = lab.out(`ps ${options}`).split('\n');
    expect(lines[0]).toBe(header);
    if (line !== null) expect(lines).toContain(line);
  });

  test.each([
    ['-p 1 -o pid=,comm=', '    1 init\n'],
    [
      '-C khungtaskd -o pid,ppid,stat,comm',
      '  PID  PPID STAT COMMAND\n    3     2 S    khungtaskd\n',
    ],
    ['-C khungtaskd -o comm:20,s --no-headers', 'khungtaskd           S\n'],
    ['-o pid=NUMBER -p 2', 'NUMBER\n     2\n'],
    ['-p 1,2 -o args=', 'init\n[kthreadd]\n'],
  ])('ps %s', (options, output) => {
    expect(lab.out(`ps ${options}`)).toBe(output);
  });

  test('a process that is not there, a column that is not there', () => {
    expect(lab.line('ps -p 9999')).toEqual({ output: '  PID TTY          TIME CMD\n', status: 1 });
    const text = 'error: unknown user-defined format specifier "nope"\n';
    expect(lab.line('ps -o nope')).toEqual({ output: text, status: 1 });
  });

  test('states and places of the story: the writer polls, the worker waits for the mutex', () => {
    const bonded = bondedLab('naive');
    bonded.line('echo ib > /sys/bus/pci/devices/0000:06:00.0/mlx4_port1', 'main', 5);
    const { pid } = bonded.machine.terminal('main').task;
    const { output } = bonded.line('ps -eo pid,stat,comm:20,wchan:20 | grep D', 'second');
    const lines = output.split('\n');
    expect(lines).toContainEqual(
      expect.stringMatching(/^ +\d+ D +kworker\/u8:\d\+mlx4_en +mlx4_do_bond$/),
    );
    expect(lines.some((line) => line.startsWith(`${String(pid).padStart(5)} Ds+  sh `))).toBe(true);
    const stack = bonded.line(`cat /proc/${pid}/stack`, 'second').output;
    expect(stack).toMatch(/set_port_type \[mlx4_core\]/);
  });
});

test.each([
  ['uname', 'Linux\n'],
  ['uname -r', '6.1.0\n'],
  [
    'uname -a',
    'Linux mlx4-lab 6.1.0 #1 SMP PREEMPT Mon Aug 21 08:00:00 UTC 2023 x86_64 GNU/Linux\n',
  ],
  ['date +%Y-%m-%dT%H:%M', '2023-08-21T08:00\n'],
  ['sysctl kernel.hung_task_timeout_secs', 'kernel.hung_task_timeout_secs = 120\n'],
  ['sysctl -w kernel.hung_task_timeout_secs=30', 'kernel.hung_task_timeout_secs = 30\n'],
  ['cat /proc/sys/kernel/hung_task_timeout_secs', '30\n'],
  ['sysctl -n kernel.osrelease', '6.1.0\n'],
  ['sysctl -a | grep warnings', 'kernel.hung_task_warnings = 10\n'],
])('%s', (line, output) => {
  expect(lab.out(line)).toBe(output);
});

test.each([
  ['sysctl kernel.nope', 'sysctl: cannot stat /proc/sys/kernel/nope: No such file or directory\n'],
  [
    'sysctl kernel.hung_task_warnings=x',
    'sysctl: setting key "kernel.hung_task_warnings": Invalid argument\n',
  ],
  ['sysctl', 'sysctl: no variables specified\n'],
  ['reboot', 'reboot: there is no service manager here: use -f\n'],
])('%s', (line, output) => {
  expect(lab.line(line)).toEqual({ output, status: 1 });
});

test('uptime and date go with virtual time', () => {
  const other = quietLab().run(3725);
  expect(other.out('uptime')).toBe(' 09:02:05 up  1:02,  1 user\n');
  expect(other.out('date')).toBe('Mon Aug 21 09:02:05 UTC 2023\n');
});

test('the calendar knows months and leap years', () => {
  const dayNs = 86_400e9;
  const day = (days: number) => {
    const { year, month, day: date, weekday } = momentAt(days * dayNs);
    return `${weekday} ${year}-${month}-${date}`;
  };
  expect([0, 10, 11, 132, 133, 192, 193].map(day)).toEqual([
    'Mon 2023-8-21',
    'Thu 2023-8-31',
    'Fri 2023-9-1',
    'Sun 2023-12-31',
    'Mon 2024-1-1',
    'Thu 2024-2-29',
    'Fri 2024-3-1',
  ]);
});

describe('reboot -f', () => {
  test('shuts the devices down and ends the machine', () => {
    const other = quietLab();
    other.out('modprobe mlx4_en');
    other.line('reboot -f', 'main', 5);
    expect(other.machine.halted).toBe(true);
    expect(other.log.at(-1)).toBe('reboot: Restarting system');
  });

  test('hangs in the story: the writer holds the lock of a device', () => {
    const bonded = bondedLab('naive');
    bonded.line('echo ib > /sys/bus/pci/devices/0000:06:00.0/mlx4_port1', 'main', 5);
    const { status } = bonded.line('reboot -f', 'second', 30);
    expect([status, bonded.machine.halted]).toEqual([null, false]);
    const { output } = bonded.line('ps -C reboot -o stat=,wchan:30=', 'third');
    expect(output).toBe('D+   device_shutdown\n');
  });
});
