// Every mistake of a scenario file has its place and its mend, and all of them come at once.

import { describe, expect, test } from 'vitest';
import { loadScenario } from '#lab/scenario/load.ts';
import { ScenarioError } from '#lab/scenario/reader.ts';
import type { ScenarioProblem } from '#lab/scenario/reader.ts';

/** The mistakes of a text; empty for a good one. */
function problemsOf(text: string): readonly ScenarioProblem[] {
  try {
    loadScenario('x.yaml', text);
    return [];
  } catch (error) {
    if (!(error instanceof ScenarioError)) throw error;
    return error.problems;
  }
}

const lines = (...text: string[]): string => `${text.join('\n')}\n`;

/** A good file with other steps, checks, machine or rest. */
const withSteps = (...steps: string[]): string => lines('version: 1', 'steps:', ...steps);
const withMachine = (...machine: string[]): string =>
  lines('version: 1', 'steps: [{ sleep: 1s }]', 'machine:', ...machine);
const withCheck = (...check: string[]): string =>
  lines('version: 1', 'steps: [{ sleep: 1s }]', 'checks:', ...check);

/** Text of the file, place of the mistake, message, mend. */
type Row = readonly [text: string, place: string, message: string | RegExp, mend: string | RegExp];

const wholeFile: readonly Row[] = [
  ['a: b: c\n', '1:4', /^this is not YAML: /, 'mend it at this place'],
  [
    'version: 1\nversion: 1\nsteps: []\n',
    '2:1',
    /Map keys must be unique/,
    'mend it at this place',
  ],
  ['hello\n', '1:1', 'the file wants key: value lines', /^known here: version, name/],
  ['steps: [{ sleep: 1s }]\n', '1:1', 'the file has no version', 'begin it with version: 1'],
  ['version: 2\nsteps: []\n', '1:10', 'version wants a whole number from 1 to 1', /1$/],
  ['version: 1\n', '1:1', 'the file has no steps', 'add steps: with a list'],
  [
    lines('version: 1', 'stepz: []', 'steps: []'),
    '2:1',
    'the file has no key stepz',
    'did you mean steps?',
  ],
  [lines('version: 1', 'steps: 5'), '2:8', 'steps wants a list', /begin each member/],
  [
    lines('version: 1', 'steps: []', 'until: 10'),
    '3:8',
    'until wants a time with a unit, not "10"',
    /250ms/,
  ],
  [
    lines('version: 1', 'steps: []', 'onDeadlock: go'),
    '3:13',
    'onDeadlock wants stop or a time',
    /continueUntil/,
  ],
  [
    lines('version: 1', 'steps: []', 'onDeadlock: { continueUntil: 5 }'),
    '3:30',
    'onDeadlock.continueUntil wants a time with a unit, not "5"',
    /400s|250ms/,
  ],
  [
    lines('version: 1', 'steps: [{ mark: here }]', 'chooseFrom: there'),
    '3:13',
    'chooseFrom names no mark: there',
    /^add a step mark: there/,
  ],
  [lines('version: 1', 'steps: []', 'name: [a]'), '3:7', 'name wants text', /write one value/],
  [
    lines('version: 1', 'steps: []', 'name: &a x', 'title: *a'),
    '4:8',
    'title is an alias',
    /write the value out/,
  ],
];

const machine: readonly Row[] = [
  [
    withMachine('  cpus: 0'),
    '4:9',
    'machine.cpus wants a whole number from 1 to 64',
    /for example 1/,
  ],
  [withMachine('  cpus: four'), '4:9', 'machine.cpus wants a whole number from 1 to 64', /example/],
  [
    withMachine('  hz: 999'),
    '4:7',
    'machine.hz does not know "999"',
    'one of: 100, 250, 300, 1000',
  ],
  [
    withMachine('  variant: nave'),
    '4:12',
    'machine.variant does not know the variant "nave"',
    /^begin with one of v6\.1, naive/,
  ],
  [
    withMachine('  variant: v6.1+bond-lock'),
    '4:12',
    /variant "v6.1\+bond-lock"/,
    /^behind a \+ comes one of/,
  ],
  [withMachine('  rename: "yes"'), '4:11', 'machine.rename wants true or false', /without quotes/],
  [
    withMachine('  card: ConnectX'),
    '4:9',
    'machine.card does not know "ConnectX"',
    'one of: default, full, trace61',
  ],
  [
    withMachine('  card: { without: [PORTREMAP] }'),
    '4:21',
    /knows no capability "PORTREMAP"/,
    'did you mean PORT_REMAP?',
  ],
  [withMachine('  card: { msixVectors: 500 }'), '4:24', /from 0 to 128/, /example/],
  [
    withMachine('  card: { slot: "6:0.0" }'),
    '4:17',
    'machine.card.slot is no PCI address',
    'write it as sysfs does: "0000:06:00.0"',
  ],
  [
    withMachine('  card: { port1: { type: fc } }'),
    '4:26',
    'machine.card.port1.type does not know "fc"',
    'one of: ib, eth',
  ],
  [
    withMachine('  modules: { mlx5_core: x=1 }'),
    '4:25',
    /mlx5_core is not a module of the lab/,
    'did you mean mlx4_core?',
  ],
  [
    withMachine('  modules: { mlx4_core: debug_levl=1 }'),
    '4:25',
    /names no parameter: "debug_levl=1"/,
    'did you mean debug_level?',
  ],
  [
    withMachine('  switches: [{ name: s }]'),
    '4:14',
    'machine.switches[1] has no ports',
    'add ports: 8',
  ],
  [
    withMachine('  hosts: [{ name: h, ip: 10.0.0 }]'),
    '4:26',
    /wants an IPv4 address, not "10.0.0"/,
    /10\.0\.0\.1/,
  ],
  [
    withMachine('  hosts: [{ name: h, ip: 10.0.0.1, mac: 1:2 }]'),
    '4:41',
    /wants a MAC address/,
    /00:02:c9/,
  ],
  [
    withMachine('  cables: [{ a: card0 port 3, b: free }]'),
    '4:17',
    /names no port: "card0 port 3"/,
    'did you mean card0 port 1?',
  ],
  [withMachine('  cables: [{ a: card0 port 1 }]'), '4:12', /cables\[1\] has no end b/, /add b: /],
  [
    withMachine(
      '  cables:',
      '    - { a: card0 port 1, b: switch0 port 1 }',
      '    - { a: card0 port 1, b: free }',
    ),
    '6:12',
    /is taken: card0 port 1/,
    'a port takes one cable',
  ],
  [
    withMachine('  cables: [{ a: card0 port 1, b: free, speed: 40 }]'),
    '4:47',
    'machine.cables[1].speed wants a speed with a unit, not "40"',
    /10Gb\/s/,
  ],
  [
    withMachine('  cables: [{ a: free, b: free, length: 5s }]'),
    '4:40',
    /wants a length with a unit/,
    /5m/,
  ],
  [
    withMachine('  switches: [{ name: switch0, ports: 4, lags: [{ id: 1, ports: [1, 9] }] }]'),
    '4:68',
    /wants a whole number from 1 to 4/,
    /example/,
  ],
  [
    withMachine('  switches: [{ name: a, ports: 4 }, { name: a, ports: 4 }]', '  cables: []'),
    '4:3',
    /has a network that cannot be built: two switchs are named "a"/,
    'mend it',
  ],
];

const steps: readonly Row[] = [
  [withSteps('  - sleep'), '3:5', 'steps[1] wants a step', /write for example run/],
  [withSteps('  - {}'), '3:5', 'steps[1] says nothing to do', /^one of: run, interrupt/],
  [
    withSteps('  - { run: a, sleep: 1s }'),
    '3:5',
    'steps[1] says run and sleep at once',
    /of its own/,
  ],
  [
    withSteps('  - { sleep: 5 }'),
    '3:14',
    'steps[1].sleep wants a time with a unit, not "5"',
    /250ms/,
  ],
  [
    withSteps('  - { sleep: 1s, timeout: 1s }'),
    '3:27',
    'steps[1].timeout does not belong to sleep',
    'leave it out',
  ],
  [
    withSteps('  - run: echo "a'),
    '3:10',
    /is no shell line: Unterminated quoted string/,
    'mend the line',
  ],
  [withSteps('  - run: "# nothing"'), '3:10', 'steps[1].run is empty', 'write a shell line'],
  [
    withSteps('  - { run: a, terminal: fourth }'),
    '3:25',
    /does not know "fourth"/,
    /main, second, third/,
  ],
  [
    withSteps('  - { run: a, backgruond: true }'),
    '3:15',
    /has no key backgruond/,
    'did you mean background?',
  ],
  [withSteps('  - pull: card0 port 7'), '3:11', /names no port/, 'did you mean card0 port 1?'],
  [
    withSteps('  - { plug: card0 port 1, cable: cable9 }'),
    '3:34',
    /names no cable: "cable9"/,
    /cable1/,
  ],
  [
    withSteps('  - swap: card0 port 1'),
    '3:11',
    /says not with which port/,
    'add with: card0 port 2',
  ],
  [
    withSteps('  - disable: card0 port 1'),
    '3:14',
    /names no port of a switch or host/,
    /switch0 port 1/,
  ],
  [
    withSteps('  - clearFault: slowcommand'),
    '3:17',
    /does not know "slowcommand"/,
    'did you mean slowCommand?',
  ],
  [
    withSteps('  - release: SETPORT'),
    '3:14',
    /knows no firmware command "SETPORT"/,
    'did you mean SET_PORT?',
  ],
  [withSteps('  - wait: { outcome: settled }'), '3:11', /waits for an outcome/, /use a check/],
  [
    withSteps('  - { sleep: 1s, when: { variant: v6 } }'),
    '3:35',
    /does not know the variant "v6"/,
    /begin with/,
  ],
  [
    withSteps('  - { sleep: 1s, when: { cpu: 1 } }'),
    '3:26',
    /when has no key cpu/,
    'one of: variant',
  ],
];

const faults: readonly Row[] = [
  [withSteps('  - fault: { command: any }'), '3:12', /names no fault/, /^add name: slowCommand/],
  [withSteps('  - fault: { name: slow }'), '3:20', /does not know "slow"/, /slowCommand/],
  [
    withSteps('  - fault: { name: slowCommand, command: SET_PORT }'),
    '3:12',
    /\(slowCommand\) has no extra/,
    'add extra: 300ms',
  ],
  [
    withSteps('  - fault: { name: slowCommand, command: SET_PORT, extra: 300 }'),
    '3:59',
    /extra wants a time with a unit, not "300"/,
    /250ms/,
  ],
  [
    withSteps('  - fault: { name: failCommand, command: SET_PORT, status: EINVAL }'),
    '3:60',
    /status does not know "EINVAL"/,
    /INTERNAL_ERR/,
  ],
  [
    withSteps('  - fault: { name: failCommand, command: NOOP, status: BAD_PARAM }'),
    '3:42',
    /knows no firmware command "NOOP"/,
    'did you mean NOP?',
  ],
  [
    withSteps('  - fault: { name: dropInterrupt, count: 0 }'),
    '3:42',
    /count wants a whole number from 1/,
    /1$/,
  ],
  [
    withSteps('  - fault: { name: catastrophic, count: 1 }'),
    '3:34',
    /has no key count/,
    'one of: name',
  ],
  [
    withSteps('  - fault: { name: portFlap, port: switch0 port 1, down: 1s }'),
    '3:36',
    /names no port of the card/,
    'one of: card0 port 1, card0 port 2',
  ],
  [
    withSteps('  - fault: { name: frameLoss, port: card0 port 1 }'),
    '3:12',
    /\(frameLoss\) has no everyNth/,
    'add everyNth: 10',
  ],
  [
    withSteps('  - fault: { name: frameLoss, port: card0 port 1, everyNth: 2, direction: up }'),
    '3:75',
    /direction does not know "up"/,
    'one of: both, fromA, fromB',
  ],
];

const checks: readonly Row[] = [
  [withCheck('  - reason: why'), '4:5', 'checks[1] checks nothing', /add that/],
  [withCheck('  - that: { outcome: settled }'), '4:5', 'checks[1] gives no reason', /add reason/],
  [withCheck('  - { that: {}, reason: x }'), '4:13', /says no condition/, /^one of: log/],
  [
    withCheck('  - { that: { log: a, noLog: b }, reason: x }'),
    '4:13',
    /says log and noLog at once/,
    /own entry/,
  ],
  [
    withCheck('  - { that: { outcome: setled }, reason: x }'),
    '4:24',
    /does not know "setled"/,
    'did you mean settled?',
  ],
  [withCheck('  - { that: { log: "" }, reason: x }'), '4:20', /is empty/, 'write what to look for'],
  [
    withCheck('  - { that: { file: sys/x, equals: a }, reason: x }'),
    '4:21',
    /wants an absolute path/,
    'begin it with /',
  ],
  [
    withCheck('  - { that: { file: /sys/x }, reason: x }'),
    '4:21',
    /compares with nothing/,
    'add contains: or equals:',
  ],
  [
    withCheck('  - { that: { output: ip a }, reason: x }'),
    '4:23',
    /compares with nothing/,
    /status:/,
  ],
  [
    withCheck('  - { that: { log: a, equals: b }, reason: x }'),
    '4:31',
    /does not belong to log/,
    'leave it out',
  ],
  [
    withCheck('  - { that: { portMap: [1] }, reason: x }'),
    '4:24',
    /wants the physical ports/,
    /\[1, 2\]/,
  ],
  [
    withCheck('  - { that: { portMap: [1, 3] }, reason: x }'),
    '4:28',
    /wants a whole number from 1 to 2/,
    /1$/,
  ],
  [
    withCheck('  - { that: { rxPortCheck: true }, reason: x }'),
    '4:28',
    /does not know "true"/,
    /on, off/,
  ],
  [
    withCheck('  - { that: { finding: dead }, reason: x }'),
    '4:24',
    /does not know "dead"/,
    /deadlock/,
  ],
  [
    withCheck('  - { that: { detector: graph }, reason: x }'),
    '4:25',
    /says no state/,
    /fired \| inPart \| silent/,
  ],
  [
    withCheck('  - { that: { linkUp: switch0 port 1 }, reason: x }'),
    '4:23',
    /names no port of the card/,
    /card0 port 1/,
  ],
];

describe.each([
  ['the file', wholeFile],
  ['the machine', machine],
  ['steps', steps],
  ['faults', faults],
  ['checks', checks],
] as const)('mistakes in %s', (_name, rows) => {
  test.each(rows)('%j', (text, place, message, mend) => {
    const problems = problemsOf(text);
    expect(problems.map(({ file }) => file)).toEqual(['x.yaml']);
    const [problem] = problems;
    const wanted = (pattern: string | RegExp): unknown =>
      typeof pattern === 'string' ? pattern : expect.stringMatching(pattern);
    expect({ ...problem, place: `${problem!.line}:${problem!.column}` }).toMatchObject({
      place,
      message: wanted(message),
      mend: wanted(mend),
    });
  });
});

test('there are many rows', () => {
  const count = [wholeFile, machine, steps, faults, checks].flat().length;
  expect(count).toBeGreaterThan(70);
});

test('all mistakes come at once, in the order of the file, one line each', () => {
  const text = lines(
    'version: 1',
    'machine: { cpus: 0, hz: 1 }',
    'steps:',
    '  - sleep: 5',
    '  - pull: nowhere',
    'checks:',
    '  - that: { outcome: fine }',
  );
  const problems = problemsOf(text);
  expect(problems.map(({ line, column }) => `${line}:${column}`)).toEqual([
    '2:18',
    '2:25',
    '4:12',
    '5:11',
    '7:5',
    '7:22',
  ]);
  const { message } = new ScenarioError(problems);
  expect(message.split('\n')[2]).toBe(
    'x.yaml:4:12: steps[1].sleep wants a time with a unit, not "5" ' +
      '(write for example 20us, 250ms, 1.5s, 5m)',
  );
});

test('a file that is too large is not read', () => {
  const [problem] = problemsOf(`# ${'x'.repeat(1_000_001)}\n`);
  expect(problem?.message).toBe('the file is too large');
});
