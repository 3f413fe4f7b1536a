// What good scenario files mean.

import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { cardProfiles } from '#device/options.ts';
import { defaultMachineSpec } from '#lab/default-machine.ts';
import { loadScenario } from '#lab/scenario/load.ts';
import { nearest } from '#lab/scenario/nearest.ts';
import { parseLength, parseSpeed, parseTime } from '#lab/scenario/units.ts';

const load = (text: string) => loadScenario('dir/small.yaml', text);

test('the least that a file must say', () => {
  expect(load('version: 1\nsteps: []\n')).toEqual({
    file: 'dir/small.yaml',
    name: 'small',
    title: '',
    machine: defaultMachineSpec,
    faults: [],
    steps: [],
    checks: [],
    onDeadlock: { kind: 'stop' },
    untilNs: 600e9,
    chooseFrom: null,
  });
});

test('a machine of its own', () => {
  const { machine } = load(`
version: 1
steps: []
machine:
  cpus: 2
  hz: 1000
  variant: v6.1+bond-locks-intf
  card:
    profile: default
    slot: '0000:00:04.0'
    msixVectors: 0
    without: [PORT_REMAP]
    with: [BLH]
    port2: { type: ib, sense: true, types: [ib] }
  modules: { mlx4_core: 'debug_level=1 port_type_array=2,2' }
  rename: false
  autoload: false
  switches: [{ name: s, ports: 4, lacp: [1, 2], speeds: [10Gb/s] }]
  hosts: [{ name: h, ip: [10.0.0.1, 10.0.0.9], mac: "02:00:00:00:00:09" }]
  ibPeers: [{ name: p, subnetManager: true }]
  cables:
    - { name: left, a: card0 port 1, b: s port 1, speed: 10Gb/s, length: 100m, training: 5ms }
    - { a: card0 port 2, b: free }
    - { a: h, b: s port 3 }
`);
  const { flags, flags2, ports } = cardProfiles.default;
  expect(machine).toMatchObject({
    cpus: 2,
    hz: 1000,
    variant: 'v6.1+bond-locks-intf',
    rename: false,
    autoload: false,
    card: {
      profile: 'default',
      slot: '0000:00:04.0',
      options: {
        msixVectors: 0,
        flags: [...flags, 'BLH'],
        flags2: flags2.filter((flag) => flag !== 'PORT_REMAP'),
        ports: [ports[0], { ...ports[1], suggested: 'ib', defaultSense: true, supportsEth: false }],
      },
    },
    topology: {
      switches: [{ name: 's', ports: 4, lacp: [1, 2], speedsMbps: [10_000] }],
      hosts: [{ name: 'h', ip: ['10.0.0.1', '10.0.0.9'], mac: '02:00:00:00:00:09' }],
      ibPeers: [{ name: 'p', subnetManager: true }],
      cables: [
        {
          name: 'left',
          a: 'card0 port 1',
          b: 's port 1',
          speedMbps: 10_000,
          propagationNs: 500,
          trainingNs: 5e6,
        },
        { a: 'card0 port 2', b: null },
        { a: 'h', b: 's port 3' },
      ],
    },
  });
  expect([...machine.moduleOptions]).toEqual([['mlx4_core', 'debug_level=1 port_type_array=2,2']]);
});

test('what is left out of the network is that of the default machine', () => {
  const { topology } = load(
    'version: 1\nsteps: []\nmachine: { hosts: [{ name: host0, ip: 1.2.3.4 }] }',
  ).machine;
  expect(topology.switches).toEqual(defaultMachineSpec.topology.switches);
  expect(topology.cables).toEqual(defaultMachineSpec.topology.cables);
});

test('every kind of step', () => {
  const { steps } = load(`
version: 1
steps:
  - run: ip a
  - { run: sleep 9, terminal: second, background: true, when: { variant: [naive, v6.1] } }
  - interrupt: main
  - mark: here
  - sleep: 1.5ms
  - pull: card0 port 1
  - { plug: card0 port 1, cable: cable1 }
  - { swap: card0 port 1, with: card0 port 2 }
  - disable: switch0 port 1
  - enable: host0
  - fault: { name: failCommand, command: MLX4_CMD_SET_PORT, status: BAD_PARAM, count: 2 }
  - fault: { name: cableFlap, port: host0, down: 1ms, up: 2ms, count: 3 }
  - clearFault: failCommand
  - release: any
  - { wait: { log: Link Up, count: 2 }, timeout: 1s }
`);
  expect(steps.map(({ step }) => step)).toEqual([
    { kind: 'run', line: 'ip a', terminal: 'main', background: false },
    { kind: 'run', line: 'sleep 9', terminal: 'second', background: true },
    { kind: 'interrupt', terminal: 'main' },
    { kind: 'mark', text: 'here' },
    { kind: 'sleep', durationNs: 1.5e6 },
    { kind: 'cable', action: 'pull', port: 'card0 port 1', other: null },
    { kind: 'cable', action: 'plug', port: 'card0 port 1', other: 'cable1' },
    { kind: 'cable', action: 'swap', port: 'card0 port 1', other: 'card0 port 2' },
    { kind: 'farPort', port: 'switch0 port 1', enabled: false },
    { kind: 'farPort', port: 'host0', enabled: true },
    {
      kind: 'fault',
      fault: {
        on: 'card',
        fault: { name: 'failCommand', command: 'MLX4_CMD_SET_PORT', status: 3, count: 2 },
      },
    },
    {
      kind: 'fault',
      fault: {
        on: 'cable',
        name: 'cableFlap',
        port: 'host0',
        settings: { flap: { downNs: 1e6, upNs: 2e6, times: 3 } },
      },
    },
    { kind: 'clearFault', name: 'failCommand' },
    { kind: 'release', command: 'any' },
    { kind: 'wait', condition: { kind: 'log', text: 'Link Up', count: 2 }, timeoutNs: 1e9 },
  ]);
  expect(steps[1]).toMatchObject({ when: { variants: ['naive', 'v6.1'] }, line: 5 });
});

test('every kind of check', () => {
  const { checks, onDeadlock } = load(`
version: 1
steps: []
onDeadlock: { continueUntil: 400s }
checks:
  - { reason: r, that: { noLog: BUG } }
  - { reason: r, that: { file: /sys/x, equals: ib } }
  - { reason: r, that: { output: ip a, contains: UP, status: 0 } }
  - { reason: r, that: { exists: /sys/x } }
  - { reason: r, that: { portMap: [1, 2] } }
  - { reason: r, that: { rxPortCheck: on } }
  - { reason: r, that: { outcome: deadlock }, when: { variant: naive } }
  - { reason: r, that: { finding: deadlock, mentions: [a, b] } }
  - { reason: r, that: { finding: hung, mentions: a } }
  - { reason: r, that: { detector: hungTask, is: inPart } }
  - { reason: r, that: { blocked: sh } }
  - { reason: r, that: { idle: main } }
  - { reason: r, that: { linkDown: card0 port 2 } }
`);
  expect(onDeadlock).toEqual({ kind: 'continue', untilNs: 400e9 });
  expect(checks.map(({ condition }) => condition)).toEqual([
    { kind: 'noLog', text: 'BUG' },
    { kind: 'file', path: '/sys/x', wanted: { contains: null, equals: 'ib' } },
    { kind: 'output', line: 'ip a', wanted: { contains: 'UP', equals: null }, status: 0 },
    { kind: 'exists', path: '/sys/x' },
    { kind: 'portMap', map: [1, 2] },
    { kind: 'rxPortCheck', on: true },
    { kind: 'outcome', outcome: 'deadlock' },
    { kind: 'finding', finding: 'deadlock', mentions: ['a', 'b'] },
    { kind: 'finding', finding: 'hung', mentions: ['a'] },
    { kind: 'detector', name: 'hungTask', state: 'inPart' },
    { kind: 'blocked', task: 'sh' },
    { kind: 'idle', terminal: 'main' },
    { kind: 'linkDown', port: 'card0 port 2' },
  ]);
  expect(checks[6]).toMatchObject({ when: { variants: ['naive'] }, line: 12, reason: 'r' });
});

test('quantities have their units', () => {
  expect(['20ns', '1.5us', '250 ms', '2s', '5m', '5min', '1h'].map(parseTime)).toEqual([
    20, 1500, 250e6, 2e9, 300e9, 300e9, 3600e9,
  ]);
  expect(['5', '', 's', '-1s', '1 S', '1e3s', '999999h'].map(parseTime)).toEqual(
    Array.from({ length: 7 }, (_, at) => (at < 6 ? undefined : 999_999 * 3600e9)).map((value) =>
      Number.isSafeInteger(value) ? value : undefined,
    ),
  );
  expect(['40Gb/s', '1000 Mb/s', '40G', '40'].map(parseSpeed)).toEqual([
    40_000,
    1000,
    undefined,
    undefined,
  ]);
  expect(['5m', '50cm', '2km', '5', '5s'].map(parseLength)).toEqual([
    25,
    3,
    10_000,
    undefined,
    undefined,
  ]);
});

test('a word that is nearly right is found', () => {
  const words = ['slowCommand', 'holdCommand', 'portFlap'];
  expect(nearest('slowcomand', words)).toBe('slowCommand');
  expect(nearest('PORTFLAP', words)).toBe('portFlap');
  expect(nearest('x', words)).toBeUndefined();
});

test('every scenario of the lab is without mistakes', () => {
  const folder = new URL('../../../../main/lab/scenarios/', import.meta.url);
  const files = readdirSync(folder).filter((name) => name.endsWith('.yaml'));
  expect(files).toContain('bond-deadlock.yaml');
  for (const name of files) {
    const scenario = loadScenario(name, readFileSync(new URL(name, folder), 'utf8'));
    expect(scenario.checks.length).toBeGreaterThan(0);
  }
});
