// A scenario from its text to its result: outcomes, bounds, checks, findings, the board of
// detectors.

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { exitStatus } from '#cli/exit.ts';
import { choosePolicy, makePolicy } from '#lab/policy.ts';
import { runScenario } from '#lab/run.ts';
import type { RunOptions, RunResult } from '#lab/run.ts';
import { loadScenario } from '#lab/scenario/load.ts';
import { digestOf } from '#test/support/digest.ts';

interface Given {
  readonly seed?: number;
  readonly variant?: string;
  readonly untilNs?: number;
  readonly divergence?: RunOptions['divergence'];
}

function run(text: string, { seed, ...rest }: Given = {}): RunResult {
  const policy = makePolicy(choosePolicy(undefined, seed));
  const options = Object.fromEntries(
    Object.entries(rest).filter(([, value]) => value !== undefined),
  );
  return runScenario(loadScenario('x.yaml', text), { policy, ...options });
}

/** A machine on which nothing is loaded by itself, with these steps and more. */
const bare = (steps: string, more = ''): string =>
  `version: 1\nmachine: { autoload: false, rename: false }\nsteps:\n${steps}\n${more}`;

const bond = `
  - run: modprobe mlx4_en
  - run: modprobe bonding max_bonds=0
  - run: echo +bond0 > /sys/class/net/bonding_masters
  - run: ip link set bond0 type bond mode active-backup miimon 100
  - run: ip link set bond0 up
  - run: ip link set eth0 master bond0
  - run: ip link set eth1 master bond0
  - wait: { portMap: [1, 1] }`;
const write = `
  - { run: echo ib > /sys/bus/pci/devices/0000:06:00.0/mlx4_port1, background: true }`;

describe('outcomes', () => {
  test('a script that comes to its end has settled', () => {
    const result = run(bare('  - run: echo hi'));
    expect(result).toMatchObject({
      outcome: 'settled',
      unfinished: null,
      findings: [],
      checks: [],
    });
    expect(result.machine.terminal('main').screen.text).toBe('$ echo hi\nhi\n');
    expect(exitStatus(result)).toBe(0);
  });

  test('the time of the run is a bound', () => {
    const result = run(bare('  - sleep: 10s', 'until: 2s'));
    expect(result).toMatchObject({
      outcome: 'timeOut',
      virtualNs: 2e9,
      unfinished: 'line 4 did not end',
    });
    expect(exitStatus(result)).toBe(42);
    expect(run(bare('  - sleep: 10s'), { untilNs: 1e9 }).outcome).toBe('timeOut');
  });

  test('the time of a wait is a bound', () => {
    const result = run(bare('  - { wait: { log: never }, timeout: 1s }\n  - run: echo no'));
    expect(result).toMatchObject({
      outcome: 'timeOut',
      unfinished: 'line 4: waited for log in vain: no such line',
    });
    expect(result.machine.terminals.size).toBe(0);
    expect(exitStatus(result)).toBe(42);
  });

  test('a step that cannot be done is a failure, and the rest is not done', () => {
    const result = run(bare('  - pull: switch0 port 7\n  - run: echo no'));
    expect(result).toMatchObject({
      outcome: 'checkFailed',
      unfinished: 'line 4: nothing is plugged into switch0 port 7',
    });
    expect(exitStatus(result)).toBe(1);
  });

  test('a replay that parts from its recording has diverged', () => {
    const result = run(bare('  - run: true'), { divergence: () => 'the recording has ended' });
    expect(result.outcome).toBe('diverged');
  });

  test('a deadlock stops the run at once, unless the scenario says how long it goes on', () => {
    const stopped = run(bare(bond + write + '\n  - sleep: 60s'), { variant: 'naive' });
    expect(stopped.outcome).toBe('deadlock');
    expect(stopped.unfinished).toMatch(/^line \d+ did not end$/);
    expect(stopped.virtualNs).toBeLessThan(10e9);
    const more = 'onDeadlock: { continueUntil: 30s }';
    const on = run(bare(bond + write + '\n  - sleep: 1s', more), { variant: 'naive' });
    expect(on).toMatchObject({ outcome: 'deadlock', unfinished: null, virtualNs: 30e9 });
    expect(exitStatus(on)).toBe(0);
  });
});

describe('checks', () => {
  const text = bare(
    '  - run: echo hi > /tmp/f',
    `checks:
  - { reason: the file says hi, that: { file: /tmp/f, equals: hi } }
  - { reason: it is settled, that: { outcome: settled } }
  - { reason: not for this variant, that: { outcome: oops }, when: { variant: v6.1 } }
  - { reason: a command, that: { output: cat /tmp/f | wc -l, equals: "1", status: 0 } }
  - { reason: the card is whole, that: { portMap: [1, 2] } }
  - { reason: no traffic check, that: { rxPortCheck: on } }
  - { reason: the port is down, that: { linkDown: card0 port 1 } }
  - { reason: the terminal is free, that: { idle: main } }
  - { reason: the card is there, that: { exists: /sys/bus/pci/devices/0000:06:00.0 } }
  - { reason: no netdev, that: { missing: /sys/class/net/eth0 } }
  - { reason: nothing found, that: { noFinding: oops } }
  - { reason: a quiet board, that: { detector: hungTask, is: silent } }
  - { reason: it booted, that: { log: "15b3:1003" } }
`,
  );

  test('all that apply hold', () => {
    const { checks, outcome } = run(text);
    expect(checks.filter(({ holds }) => !holds)).toEqual([]);
    expect(checks).toHaveLength(12);
    expect(outcome).toBe('settled');
  });

  test('one that does not hold is a finding and the outcome, with what was seen', () => {
    const failing = bare(
      '  - run: echo hi > /tmp/f',
      `checks:
  - { reason: it is a crash, that: { outcome: oops } }
  - { reason: another text, that: { file: /tmp/f, contains: hello } }
  - { reason: no such file, that: { file: /tmp/g, contains: x } }
  - { reason: fails, that: { output: "false", status: 0 } }
  - { reason: blocked, that: { blocked: init } }
  - { reason: found, that: { finding: deadlock } }
  - { reason: logged, that: { log: nothing of the kind } }
  - { reason: other map, that: { portMap: [2, 2] } }
  - { reason: fired, that: { detector: oops, is: fired } }
`,
    );
    const result = run(failing);
    expect(result.outcome).toBe('checkFailed');
    expect(result.checks.map(({ holds, seen }) => [holds, seen])).toEqual([
      [false, 'settled'],
      [false, '"hi"'],
      [false, 'No such file or directory'],
      [false, 'exit status 1, ""'],
      [false, 'blocked S'],
      [false, 'no such finding'],
      [false, 'no such line'],
      [false, '[1, 2]'],
      [false, 'silent: nobody touched a freed object or a removed list node'],
    ]);
    expect(result.findings[0]).toMatchObject({
      kind: 'failedCheck',
      text: 'it is a crash: saw settled',
      places: ['x.yaml:6'],
    });
    expect(exitStatus(result)).toBe(1);
  });

  test('a check that hangs does not keep the next one from being judged', () => {
    const more = `checks:
  - reason: hangs
    that: { output: echo ib > /sys/bus/pci/devices/0000:06:00.0/mlx4_port2, status: 0 }
  - { reason: goes on, that: { output: echo fine, equals: fine } }
`;
    const { checks } = run(bare(bond + write + '\n  - sleep: 1s', more), { variant: 'naive' });
    expect(checks.map(({ holds, seen }) => [holds, seen])).toEqual([
      [false, 'the check itself hangs'],
      [true, '"fine"'],
    ]);
  });
});

describe('steps', () => {
  test('faults, cables, far ports, marks, terminals, variants', () => {
    const result = run(
      bare(
        `
  - mark: begin
  - run: modprobe mlx4_en
  - wait: { linkUp: card0 port 1 }
  - pull: card0 port 1
  - wait: { linkDown: card0 port 1 }
  - plug: card0 port 1
  - wait: { linkUp: card0 port 1 }
  - disable: switch0 port 1
  - wait: { linkDown: card0 port 1 }
  - enable: switch0 port 1
  - wait: { linkUp: card0 port 1 }
  - { swap: switch0 port 1, with: switch0 port 5 }
  - fault: { name: slowCommand, command: QUERY_PORT, extra: 500ms }
  - { run: ethtool eth0 > /tmp/slow, background: true }
  - { wait: { idle: main }, timeout: 300ms, when: { variant: v6.1 } }
  - wait: { idle: main }
  - clearFault: slowCommand
  - { run: sleep 100, terminal: second, background: true }
  - sleep: 10ms
  - interrupt: second
  - wait: { idle: second }`,
        'checks: [{ reason: swapped, that: { linkUp: card0 port 1 } }]',
      ),
    );
    expect(result.unfinished).toBeNull();
    const { machine } = result;
    expect(machine.fabric.cableAt('switch0 port 5')?.cable.name).toBe('cable1');
    expect(machine.terminal('second').screen.text).toBe('$ sleep 100\n^C\n');
    expect(machine.card.faults.list).toEqual([]);
  });

  test('a held command is released', () => {
    const result = run(
      bare(`
  - run: modprobe mlx4_core
  - fault: { name: holdCommand, command: SET_PORT }
  - { run: modprobe mlx4_en, background: true }
  - sleep: 1s
  - clearFault: holdCommand
  - wait: { idle: main }
  - run: ip link show eth0`),
    );
    expect(result).toMatchObject({ outcome: 'settled', unfinished: null });
  });

  test('faults of the file are on from the start', () => {
    const text = bare(
      '  - run: modprobe mlx4_core',
      'faults: [{ name: failCommand, command: QUERY_FW, status: INTERNAL_ERR }]',
    );
    expect(
      run(text).machine.k.log.records.some(({ text: line }) => line.includes('QUERY_FW')),
    ).toBe(true);
  });
});

describe('the story', () => {
  const text = bare(bond + write + '\n  - sleep: 1s', 'onDeadlock: { continueUntil: 300s }');
  const result = run(text, { variant: 'naive' });

  test('the finding names everybody, with their places in the code', () => {
    const [deadlock] = result.findings.filter(({ kind }) => kind === 'deadlock');
    expect(deadlock!.objects).toEqual(
      expect.arrayContaining(['sh', 'netdev eth0', 'worker of mlx4_en@card0', 'intf_mutex']),
    );
    expect(deadlock!.objects.some((name) => name.startsWith('mlx4_en_bond_work'))).toBe(true);
    expect(deadlock!.places.some((place) => place.startsWith('mlx4_do_bond@driver/'))).toBe(true);
  });

  test('a warning is placed where the waiting is', () => {
    const [warning] = result.findings.filter(({ kind }) => kind === 'netdevReference');
    expect(warning!.places).toEqual([
      expect.stringMatching(/^netdev_wait_allrefs_any@kernel\/net\/todo.ts:\d+$/),
    ]);
  });

  test('a hung task is placed where it hangs', () => {
    const [hung] = result.findings.filter(({ kind }) => kind === 'hung');
    expect(hung!.places).toEqual([expect.stringMatching(/^mlx4_do_bond@driver\//)]);
  });

  test('the board: graph and warning fired, the hung task detector saw half of it', () => {
    const states = Object.fromEntries(result.detectors.map(({ name, state }) => [name, state]));
    expect(states).toEqual({
      graph: 'fired',
      netdevReference: 'fired',
      hungTask: 'inPart',
      mightSleep: 'silent',
      oops: 'silent',
    });
    const why = (name: string): string => result.detectors.find((one) => one.name === name)!.why;
    expect(why('hungTask')).toMatch(
      /worker of mlx4_en@card0; sh is not reported: it wakes now and then/,
    );
    expect(why('netdevReference')).toMatch(/^\d+ times since .*eth0.*not whose$/);
  });

  test('early, the detectors say what they wait for', () => {
    const early = run(bare(bond + write + '\n  - sleep: 5s', 'onDeadlock: { continueUntil: 5s }'), {
      variant: 'naive',
    });
    const why = Object.fromEntries(early.detectors.map(({ name, why: text }) => [name, text]));
    expect(why['netdevReference']).toMatch(
      /^the wait for netdev eth0 has not lasted long enough yet$/,
    );
    expect(why['hungTask']).toMatch(
      /worker of mlx4_en@card0 is not reported: no check has seen it/,
    );
  });

  test('a detector that is switched off says so', () => {
    const off = bare(
      `  - run: sysctl -w kernel.hung_task_timeout_secs=0${bond}${write}\n  - sleep: 1s`,
      'onDeadlock: { continueUntil: 300s }',
    );
    const board = run(off, { variant: 'naive' }).detectors;
    expect(board.find(({ name }) => name === 'hungTask')).toMatchObject({
      state: 'silent',
      why: expect.stringContaining('hung_task_timeout_secs is 0') as string,
    });
  });
});

describe('places of a fault', () => {
  test('a call into unloaded code is placed at the caller', () => {
    const file = 'main/lab/scenarios/unloaded-code-race.yaml';
    const scenario = loadScenario(file, readFileSync(file, 'utf8'));
    const policy = makePolicy(choosePolicy(undefined, undefined));
    const [oops] = runScenario(scenario, { policy }).findings;
    expect(oops).toMatchObject({
      kind: 'oops',
      places: [expect.stringMatching(/^setup_port_data@kernel\/infiniband\//)],
    });
  });
});

describe('equal runs are equal', () => {
  const text = bare(bond + write + '\n  - sleep: 1s');

  test.each([undefined, 1, 2])('with seed %s', (seed) => {
    const given = { variant: 'v6.1', ...(seed === undefined ? {} : { seed }) };
    expect(digestOf(run(text, given).trace)).toBe(digestOf(run(text, given).trace));
  });

  test('another seed is another run', () => {
    const digests = [1, 2, 3].map((seed) => digestOf(run(text, { variant: 'v6.1', seed }).trace));
    expect(new Set(digests).size).toBe(3);
  });
});
