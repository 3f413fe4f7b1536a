// The command itself, as a process: exit codes, JSON, what it prints for people, and equal bytes
// from one process to the next.

import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { count } from '#test/support/counts.ts';

const launcher = fileURLToPath(new URL('../../../main/cli/mlx4-lab.mjs', import.meta.url));
const home = mkdtempSync(join(tmpdir(), 'mlx4-lab-main-'));

afterAll(() => {
  rmSync(home, { recursive: true, force: true });
});

interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function lab(args: readonly string[], input = ''): Ran {
  const { status, stdout, stderr } = spawnSync(process.execPath, [launcher, ...args], {
    encoding: 'utf8',
    input,
    env: { ...process.env, NO_COLOR: '' },
    maxBuffer: 64 * 1024 * 1024,
  });
  return { status, stdout, stderr };
}

/** A scenario file with this text. */
function file(name: string, text: string): string {
  const path = join(home, name);
  writeFileSync(path, text);
  return path;
}

const machine = 'version: 1\nmachine: { autoload: false, rename: false }\n';
const good = file(
  'good.yaml',
  `${machine}name: good\nsteps:\n  - run: modprobe mlx4_core\n  - run: echo done\n` +
    'checks:\n  - { reason: the driver is there, that: { log: Mellanox ConnectX core driver } }\n',
);
const failing = file(
  'failing.yaml',
  `${machine}steps:\n  - run: echo hi\n` +
    'checks:\n  - { reason: it crashes, that: { outcome: oops } }\n',
);
const endless = file('endless.yaml', `${machine}steps:\n  - sleep: 100s\nuntil: 1s\n`);
const broken = file('broken.yaml', 'version: 1\nsteps:\n  - sleep: 5\n  - pul: x\n');

describe('exit codes', () => {
  test.each([
    ['every check holds', ['run', good], 0],
    ['a check fails', ['run', failing], 1],
    ['a time-out', ['run', endless], 42],
    ['a time-out by --until', ['run', good, '--until', '1ms'], 42],
    ['a file with mistakes', ['run', broken], 3],
    ['a file that is not there', ['run', join(home, 'nosuch.yaml')], 3],
    ['lint of a good file', ['lint', good], 0],
    ['lint of a bad file', ['lint', broken], 3],
    ['no command', [], 2],
    ['an unknown command', ['fly'], 2],
    ['an unknown option', ['run', good, '--fast'], 2],
    ['a missing file name', ['run'], 2],
    ['a bad variant', ['run', good, '--variant', 'v7'], 2],
    ['a bad seed', ['run', good, '--seed', '-1'], 2],
    ['a bad policy', ['run', good, '--policy', 'fair'], 2],
    ['a time without unit', ['run', good, '--until', '5'], 2],
    ['help', ['--help'], 0],
    ['modelled', ['modelled'], 0],
  ])('%s', (_name, args, status) => {
    expect(lab(args).status).toBe(status);
  });

  test('mistakes go to standard error, one line each, with place and mend', () => {
    const { stdout, stderr } = lab(['run', broken]);
    expect(stdout).toBe('');
    expect(stderr).toBe(
      `${broken}:3:12: steps[1].sleep wants a time with a unit, not "5" ` +
        '(write for example 20us, 250ms, 1.5s, 5m)\n' +
        `${broken}:4:5: steps[2] has no key pul (did you mean pull?)\n` +
        `${broken}:4:5: steps[2] says nothing to do ` +
        '(one of: run, interrupt, mark, sleep, pull, plug, ' +
        'swap, enable, disable, fault, clearFault, release, wait)\n',
    );
    expect(lab(['lint', broken]).stderr).toBe(stderr);
  });

  test('usage says what to write instead', () => {
    expect(lab(['run', good, '--variant', 'v7']).stderr).toMatch(/begin with one of v6\.1, naive/);
    expect(lab(['run', good, '--until', '5']).stderr).toMatch(/write a time with a unit: 30s, 5m/);
  });
});

describe('what it prints for people', () => {
  test('kernel log, terminal, result', () => {
    const { stdout } = lab(['run', good]);
    expect(stdout).toMatch(/^\[ {4}0\.\d{6}\] pci 0000:06:00\.0/);
    expect(stdout).toContain('\n$ modprobe mlx4_core\n[');
    expect(stdout).toContain('\n$ echo done\ndone\n');
    expect(stdout).toContain('\noutcome: settled   (variant v6.6)\n');
    expect(stdout).toContain('\n  ok   the driver is there\n');
    expect(stdout).not.toContain('\x1b');
  });

  test('--quiet gives the result only', () => {
    const { stdout } = lab(['run', failing, '--quiet']);
    expect(stdout).toMatch(/^\noutcome: checkFailed/);
    expect(stdout).toContain('  FAIL it crashes\n       line 6: saw settled\n');
  });

  test('lint and modelled', () => {
    expect(lab(['lint', good]).stdout).toBe(`${good}: good: 2 steps, 1 checks, no mistakes\n`);
    expect(lab(['modelled']).stdout).toMatch(
      /^0x001 {2}MLX4_CMD_SYS_EN +refused +no Linux 6\.1 driver sends it\n/,
    );
  });
});

describe('--json', () => {
  test('run', () => {
    const { stdout } = lab(['run', good, '--json', '--seed', '7', '--variant', 'v6.1']);
    const report = JSON.parse(stdout) as Record<string, unknown>;
    expect(Object.keys(report)).toEqual(
      expect.arrayContaining(
        'outcome findings checks variant policy seed virtualNs events hash'.split(' '),
      ),
    );
    expect(report).toMatchObject({
      outcome: 'settled',
      findings: [],
      checks: [{ holds: true, reason: 'the driver is there', line: 8 }],
      variant: 'v6.1',
      policy: 'random',
      seed: 7,
      hash: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
    });
  });

  test('lint, modelled', () => {
    expect(JSON.parse(lab(['lint', good, '--json']).stdout)).toMatchObject({
      steps: 2,
      problems: [],
    });
    const { problems } = JSON.parse(lab(['lint', broken, '--json']).stdout) as {
      problems: { line: number; mend: string }[];
    };
    expect(problems[0]).toMatchObject({ line: 3, column: 12, mend: expect.any(String) as string });
    const rows = JSON.parse(lab(['modelled', '--json']).stdout) as unknown[];
    expect(rows.length).toBeGreaterThan(90);
  });

  test('shell', () => {
    const { stdout } = lab(['shell', '--json'], 'echo hi\n:pull card0 port 1\n');
    expect(JSON.parse(stdout)).toMatchObject({
      outcome: 'settled',
      findings: [],
      checks: [],
      variant: 'v6.6',
      policy: 'until-blocked',
      seed: null,
      inputs: [{ input: { line: 'echo hi' } }, { input: { port: 'card0 port 1' } }],
    });
  });
});

describe('shell', () => {
  test('lines from a pipe run one after the other', () => {
    const { stdout, status } = lab(['shell'], 'uname -r\nip -br link show ens1\nexit\nnever\n');
    expect(status).toBe(0);
    expect(stdout).toContain('$ uname -r\n6.12.0\n');
    expect(stdout).toMatch(/\$ ip -br link show ens1\nens1 +DOWN +00:02:c9:a0:b0:c1 /);
    expect(stdout).not.toContain('never');
  });

  test('a line that hangs leaves the prompt in another terminal', () => {
    const { stdout } = lab(['shell'], 'sleep 1000\necho next\n:terminal main\n:board\n');
    expect(stdout).toContain('(main is still busy; this is tty2. :terminal main goes back)');
    expect(stdout).toContain('tty2   | next\n');
    expect(stdout).toMatch(/wait graph +silent because/);
  });

  test('hands: cables, time, help, mistakes', () => {
    const input =
      ':pull card0 port 1\n:cables\n:pull card0 port 9\n:time 3s\n:time 3\nuptime\n:help\n:jump\n';
    const { stdout } = lab(['shell'], input);
    expect(stdout).toMatch(/cable1 +free +switch0 port 1 +end a is not plugged in/);
    expect(stdout).toContain('(did you mean card0 port 1?)');
    expect(stdout).toContain('write a time with a unit: :time 30s');
    expect(stdout).toContain(' 08:00:05 up 0 min');
    expect(stdout).toContain('  :swap PORT with PORT');
    expect(stdout).toContain('jump: unknown; :help lists what there is');
  });

  test('the machine of a scenario, another variant', () => {
    const { stdout } = lab(['shell', '--scenario', good, '--variant', 'v6.1'], 'lsmod\nuname -r\n');
    expect(stdout).toContain('Module                  Size  Used by\n$ uname -r\n6.1.0\n');
    expect(lab(['shell', '--scenario', broken]).status).toBe(3);
  });

  test('a machine that was shut down ends the session', () => {
    const { stdout, status } = lab(['shell'], 'reboot -f\necho never\n');
    expect(status).toBe(0);
    expect(stdout).toContain('reboot: Restarting system\n');
    expect(stdout).not.toContain('never');
  });
});

describe('story', () => {
  const { stdout, status } = lab(['story']);

  test('tells both acts, and its checks hold', () => {
    expect(status).toBe(0);
    expect(stdout).toContain('*** deadlock at ');
    expect(stdout).toContain('── Act 2: the driver as it was merged ──');
    expect(stdout).toMatch(/\n {2}naive {4}deadlock {3}8 of 8 checks hold/);
    expect(stdout).toMatch(/\n {2}v6\.6 {5}settled {4}4 of 4 checks hold/);
  });

  test('names writer, mutex, reference with its work, and worker in one sentence', () => {
    const [, sentence = ''] = /\*\*\* deadlock at [\d.]+ s\n((?: {4}.*\n)+)/.exec(stdout) ?? [];
    const words = sentence.replace(/\s+/g, ' ');
    for (const name of [
      'sh waits',
      'netdev eth0',
      'mlx4_en_bond_work',
      'worker of mlx4_en@card0',
      'intf_mutex',
    ]) {
      expect(words).toContain(name);
    }
  });

  test('narration fits the terminal and has no two empty lines together', () => {
    const own = stdout.split('\n').filter((line) => !/^\[|^second|^\$/.test(line));
    expect(own.filter((line) => line.length > 80)).toEqual([]);
    expect(stdout).not.toContain('\n\n\n');
    expect(stdout).not.toContain('\x1b');
  });
});

test('equal runs are equal bytes in every process', async () => {
  const args = ['run', good, '--json', '--no-record', '--seed', '11'];
  const hashes = new Set<string>();
  for (let done = 0; done < count(20, 1000); done += 2) {
    for (const hash of await Promise.all([hashOf(args), hashOf(args)])) hashes.add(hash);
  }
  expect(hashes.size).toBe(1);
}, 2_700_000);

/** The hash that a run in a process of its own prints. */
function hashOf(args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [launcher, ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (piece: string) => (text += piece));
    child.on('error', reject);
    child.on('close', () => {
      resolve((JSON.parse(text) as { hash: string }).hash);
    });
  });
}
