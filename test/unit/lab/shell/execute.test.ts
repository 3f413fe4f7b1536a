// The shell at work on a machine: statuses, redirections, pipes, expansion, jobs, signals.

import { beforeAll, describe, expect, test } from 'vitest';
import { quietLab } from '#test/support/lab.ts';
import type { Lab } from '#test/support/lab.ts';

let lab: Lab;

beforeAll(() => {
  lab = quietLab();
});

/** Output of a line, whatever its status. */
const out = (line: string): string => lab.line(line).output;

describe('lists and statuses', () => {
  test.each([
    ['true && echo yes', 'yes\n'],
    ['false && echo yes', ''],
    ['false || echo no', 'no\n'],
    ['false || false || echo third', 'third\n'],
    ['true || echo a && echo b', 'b\n'],
    ['false; echo $?', '1\n'],
    ['! false && echo turned', 'turned\n'],
    ['nosuch; echo $?', 'sh: N: nosuch: not found\n127\n'],
    ['false | true; echo $?', '0\n'],
    ['true | false; echo $?', '1\n'],
    ['( exit 3 ); echo $?', '3\n'],
    ['{ echo a; echo b; } | wc -l', '2\n'],
    ['x=$(false); echo $?', '1\n'],
    ['if [ 1 = 1 ]; then echo a; else echo b; fi', 'a\n'],
    ['if false; then echo a; elif true; then echo b; fi', 'b\n'],
    ['if false; then echo a; fi; echo $?', '0\n'],
    ['for i in a b c; do echo -n $i,; done', 'a,b,c,'],
    ['i=0; while [ $i -lt 3 ]; do i=$((i+1)); done; echo $i', '3\n'],
    ['until true; do echo never; done; echo $?', '0\n'],
    ['for i in 1 2 3 4; do [ $i = 2 ] && continue; [ $i = 4 ] && break; echo $i; done', '1\n3\n'],
    ['for i in 1 2; do for j in a b; do break 2; done; done; echo $i$j', '1a\n'],
    ['fi', 'sh: N: Syntax error: "fi" unexpected\n'],
    ['echo ${x?}', 'sh: N: x: parameter not set\n'],
  ])('%s', (line, printed) => {
    lab.line('unset x');
    expect(out(line).replace(/^sh: \d+/gm, 'sh: N')).toBe(printed);
  });
});

describe('expansion', () => {
  test.each([
    ['x="a  b"; echo $x "$x"', 'a b a  b\n'],
    ['x=" b "; echo a$x. | cat', 'a b .\n'],
    ['unset x; echo [$x] ["$x"] ${x:-d} ${x-e}', '[] [] d e\n'],
    ['x=; echo [${x:-d}] [${x-e}] [${x+set}]', '[d] [] [set]\n'],
    ['unset x; echo ${x:=new} $x', 'new new\n'],
    ['x=mlx4_core.ko; echo ${x%.ko} ${x#*_} ${#x}', 'mlx4_core core.ko 12\n'],
    ['x=1; x=2 true; echo $x', '1\n'],
    ['x=\'*\'; echo "$x"', '*\n'],
    ['echo $(echo one; echo two)', 'one two\n'],
    ['echo "$(echo one; echo two)"', 'one\ntwo\n'],
    ['echo $((2 * (3 + 4)))', '14\n'],
    ['cd /sys; echo b*', 'bus\n'],
    ['echo /sys/cl*s /nosuch*', '/sys/class /nosuch*\n'],
    ['echo "/sys/cl*s"', '/sys/cl*s\n'],
    ["printf '%s|' $(printf 'a b\\nc')", 'a|b|c|'],
    ['cd /sys/class; cd ..; pwd', '/sys\n'],
    ['echo $0 $#', 'sh 0\n'],
  ])('%s', (line, printed) => {
    lab.line('cd /');
    expect(out(line)).toBe(printed);
  });

  test('$$ is the shell, $! the last job', () => {
    const { pid } = lab.machine.terminal('main').task;
    expect(out('echo $$')).toBe(`${pid}\n`);
    expect(out('echo $(echo $$)')).toBe(`${pid}\n`);
    expect(out('sleep 1 & echo $!')).toMatch(/^\d+\n/);
    out('wait');
  });
});

describe('redirections', () => {
  test('files of /tmp are written, read, appended to and removed', () => {
    out('echo one > /tmp/f; echo two >> /tmp/f');
    expect(out('cat /tmp/f')).toBe('one\ntwo\n');
    expect(out('cat < /tmp/f | head -1')).toBe('one\n');
    expect(out('echo new > /tmp/f; cat /tmp/f')).toBe('new\n');
    expect(out('> /tmp/f; cat /tmp/f')).toBe('');
    expect(out('rm /tmp/f; cat /tmp/f')).toBe('cat: /tmp/f: No such file or directory\n');
  });

  test.each([
    ['echo x > /nosuch/f', 'cannot create /nosuch/f: Directory nonexistent'],
    ['cat < /nosuch', 'cannot open /nosuch: No such file'],
    ['echo x > /sys/nosuch', 'cannot create /sys/nosuch: Permission denied'],
    ['echo x > /sys', 'cannot create /sys: Is a directory'],
    ['echo x > /proc/uptime', 'cannot create /proc/uptime: Permission denied'],
    ['echo x 2>&7', '7: bad file descriptor'],
  ])('%s fails in the shell', (line, message) => {
    const { status, output } = lab.line(line);
    expect(output.replace(/^sh: \d+: /, '')).toBe(`${message}\n`);
    expect(status).toBe(2);
  });

  test('2>&1 goes where 1 goes at that moment', () => {
    expect(out('ls /nosuch 2>/dev/null')).toBe('');
    expect(out('ls /nosuch 2>&1 | wc -l')).toBe('1\n');
    expect(out('ls /nosuch > /tmp/g 2>&1; cat /tmp/g')).toMatch(/cannot access/);
    expect(out('{ echo a; ls /nosuch; } 2>/dev/null')).toBe('a\n');
  });

  test('a write that the kernel refuses is a failed command', () => {
    const { status, output } = lab.line('echo x > /proc/sys/kernel/hung_task_timeout_secs');
    expect(output.replace(/^sh: \d+: /, '')).toBe('echo: write error: Invalid argument\n');
    expect(status).toBe(1);
  });

  test('a line for the kernel log', () => {
    out('echo "<4>MARK one" > /dev/kmsg; echo MARK two > /dev/kmsg');
    expect(lab.machine.k.log.records.slice(-2).map(({ level, text }) => [level, text])).toEqual([
      [4, 'MARK one'],
      [5, 'MARK two'],
    ]);
  });
});

describe('pipes', () => {
  test('a reader that goes away ends the writer', () => {
    expect(out('while true; do echo y; done | head -2')).toBe('y\ny\n');
  });

  test('lines arrive as they are written', () => {
    const { k } = lab.machine;
    const before = k.sim.now();
    expect(out('{ echo a; sleep 5; } | head -1')).toBe('a\n');
    expect(k.sim.now() - before).toBeGreaterThanOrEqual(5e9);
    expect(out('{ sleep 1; echo late; } | { read x; echo "got $x"; }')).toBe('got late\n');
  });

  test('much text goes through in pieces', () => {
    const loop =
      'i=0; x=0123456789012345678901234567890123456789; ' +
      'while [ $i -lt 3000 ]; do echo $x; i=$((i+1)); done';
    expect(out(`${loop} | wc -c`)).toBe('123000\n');
  });

  test('read takes line after line', () => {
    expect(out("printf 'a b\\nc d\\n' | while read x y; do echo $y-$x; done")).toBe('b-a\nd-c\n');
  });
});

describe('jobs', () => {
  test('a background job goes on, is listed, waited for and reported', () => {
    expect(out('sleep 3 &')).toBe('');
    expect(out('jobs')).toBe('[1] + Running                    sleep 3\n');
    lab.run(4);
    expect(out('true')).toBe('[1] + Done                       sleep 3\n');
    expect(out('jobs')).toBe('');
  });

  test('wait gives the status of a job', () => {
    expect(out('( sleep 1; exit 7 ) & wait $!; echo $?')).toBe('7\n');
    expect(out('wait 99999; echo $?')).toBe('127\n');
    expect(out('sleep 1 & sleep 2 & wait; jobs')).toBe('');
  });

  test('kill ends a job by number, by pid, by name of the signal', () => {
    expect(out('sleep 100 & kill %1; wait $!; echo $?')).toBe('143\n');
    expect(out('sleep 100 & kill -9 $!; wait $!; echo $?')).toBe('137\n');
    expect(out('sleep 100 & kill -s INT $!; wait $!; echo $?')).toBe('130\n');
    expect(out('kill 99999').replace(/\d+/, 'N')).toBe('sh: N: kill: No such process\n');
    expect(out('kill %9').replace(/\d+/, 'N')).toBe('sh: N: kill: No such job: %9\n');
    expect(out('kill -l').split('\n')).toContain('KILL');
  });

  test('fg waits for a job', () => {
    const before = lab.machine.k.sim.now();
    expect(out('sleep 2 & fg')).toBe('sleep 2\n');
    expect(lab.machine.k.sim.now() - before).toBeGreaterThan(1.9e9);
  });
});

describe('Ctrl-C', () => {
  test('ends the foreground program and the rest of its line, not the shell', () => {
    const tty = lab.machine.terminal('main');
    const typed = tty.type('sleep 100; echo never');
    lab.run(1);
    expect(tty.busy).toBe(true);
    tty.interrupt();
    lab.run(0.1);
    expect([typed.status, tty.busy]).toEqual([130, false]);
    expect(tty.screen.text).toMatch(/\^C\n$/);
    expect(out('echo $?')).toBe('130\n');
  });

  test('ends a loop of the shell itself', () => {
    const tty = lab.machine.terminal('main');
    const typed = tty.type('while true; do :; done');
    lab.run(1);
    tty.interrupt();
    lab.run(0.1);
    expect(typed.status).toBe(130);
  });

  test('does not reach background jobs', () => {
    const tty = lab.machine.terminal('main');
    lab.line('sleep 5 &');
    tty.type('sleep 100');
    lab.run(1);
    tty.interrupt();
    lab.run(0.1);
    expect(out('jobs')).toMatch(/Running +sleep 5/);
    lab.out('wait');
  });

  test('at the prompt is nothing', () => {
    const tty = lab.machine.terminal('main');
    tty.interrupt();
    lab.run(0.1);
    expect(out('echo still here')).toBe('still here\n');
  });
});

test('exit closes a terminal, and so does kill -9; others go on', () => {
  expect(lab.line('exit 4', 'second').status).toBe(4);
  expect(lab.machine.terminal('second').closed).toBe(true);
  expect(lab.line('echo x', 'second').status).toBe(126);
  const victim = lab.machine.terminal('third').task.pid;
  lab.run(0.1);
  lab.out(`kill -9 ${victim}`);
  lab.run(0.1);
  expect(lab.machine.terminal('third').closed).toBe(true);
  expect(lab.out('echo fine')).toBe('fine\n');
});

test('two machines share nothing', () => {
  const other = quietLab();
  lab.out('shared=1; cd /sys; echo here > /tmp/only');
  expect(other.out('echo "$shared" $(pwd)')).toBe(' /\n');
  expect(other.line('cat /tmp/only').status).toBe(1);
});
