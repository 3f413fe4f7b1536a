// Goal: what the emulation prints is what a real kernel printed, line for line and in the same
// order. Method: the machine of the recorded logs (one CPU, INTx, the same card), the same steps,
// the same variants; both sides normalised (test/support/kernel-log.ts), the lines of mlx4,
// bonding, net core and hung task compared. The real machine was an emulated PC on which a firmware
// command took some milliseconds, so ours gets a slow card; its cables train for 8 s, since the
// card of the recordings told of no link after a change of type; and the moment of the write (3.15
// s after the bond) puts the statistics work, which runs every 250 ms, where it was.

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { variantMend } from '#driver/variant.ts';
import { untilBlocked } from '#explore/until-blocked.ts';
import { runScenario } from '#lab/run.ts';
import type { RunResult } from '#lab/run.ts';
import { parseScenario } from '#lab/scenario/parse.ts';
import { realSection, toldLines } from '#test/support/kernel-log.ts';
import { logByMark } from '#test/support/marked-log.ts';

const real = (name: string): string =>
  readFileSync(new URL(`../golden/real/dmesg-real-${name}.txt`, import.meta.url), 'utf8');

/** The recorded machine. `ib`: with mlx4_ib, on a card that has RoCE. */
function machine(ib: boolean, steps: string, training = '8s'): string {
  return `version: 1
machine:
  cpus: 1
  rename: false
  autoload: false
  card: { profile: trace61${ib ? ', with: [IBOE]' : ''} }
  cables:
    - { a: card0 port 1, b: switch0 port 1, speed: 40Gb/s, training: ${training} }
    - { a: card0 port 2, b: switch0 port 2, speed: 40Gb/s, training: ${training} }
  modules:
    mlx4_core: debug_level=1
    bonding: max_bonds=0
steps:
  - run: modprobe mlx4_core
  - run: modprobe mlx4_en
  - run: modprobe bonding
${ib ? '  - run: modprobe mlx4_ib\n  - wait: { exists: /sys/class/infiniband/mlx4_0 }\n' : ''}\
  - wait: { linkUp: card0 port 1 }
  - wait: { linkUp: card0 port 2 }
  - run: echo +bond0 > /sys/class/net/bonding_masters
  - run: echo active-backup > /sys/class/net/bond0/bonding/mode
  - run: echo 100 > /sys/class/net/bond0/bonding/miimon
  - run: ip link set bond0 up
  - fault: { name: slowCommand, command: any, extra: 2ms }
  - mark: formation
  - run: echo +eth0 > /sys/class/net/bond0/bonding/slaves
  - sleep: 1s
  - run: echo +eth1 > /sys/class/net/bond0/bonding/slaves
  - wait: { log: Device is bonded }
  - sleep: 3150ms
${steps}`;
}

/**
 * Where two tasks print at nearly the same time, both orders are legal, and the slow real machine
 * had the other one: takes `count` lines that begin with `text` and puts them in front of (or
 * behind) `neighbour`. Throws when the recording has them elsewhere.
 */
function swapped(
  recorded: readonly string[],
  text: string,
  count: number,
  neighbour: string,
): string[] {
  const from = recorded.findIndex((line) => line.includes(text));
  const at = recorded.indexOf(neighbour);
  if (at !== from - 1 && at !== from + count) throw new Error(`${text} is not beside ${neighbour}`);
  const rest = recorded.toSpliced(from, count);
  const place = at < from ? at : rest.indexOf(neighbour) + 1;
  return rest.toSpliced(place, 0, ...recorded.slice(from, from + count));
}

const closesEth1 = 'mlx4_en: eth1: Close port called';

function run(variant: string, text: string): Map<string, string[]> {
  const scenario = parseScenario('inline.yaml', text, variantMend);
  const result: RunResult = runScenario(scenario, { policy: untilBlocked(), variant });
  return logByMark(result);
}

const write = (type: string): string =>
  `  - run: echo ${type} > /sys/bus/pci/devices/0000:06:00.0/mlx4_port1\n`;

describe('naive, as the series without its patch 05 on Debian 6.1', () => {
  const log = run(
    'naive',
    machine(
      false,
      `  - mark: write
  - run: echo ib > /sys/bus/pci/devices/0000:06:00.0/mlx4_port1
    background: true
  - sleep: 5s
onDeadlock:
  continueUntil: 430s
`,
    ),
  );
  const recorded = real('mid-d1');

  it('forms the bond', () => {
    expect(toldLines(log.get('formation')!)).toEqual(toldLines(realSection(recorded, 'formation')));
  });

  it('hangs in the write and warns with the same counts, reports and call traces', () => {
    const wanted = [
      ...toldLines(realSection(recorded, 'the write')),
      ...toldLines(realSection(recorded, 'outcome')),
    ];
    const seen = toldLines(log.get('write')!);
    expect(seen.slice(0, wanted.length)).toEqual(wanted);
  });
});

describe.each([
  ['v6.1', 'old', 'boot A, '],
  ['v6.6', 'new', ''],
])('%s, with mlx4_ib', (variant, name, boot) => {
  const steps = `  - mark: write
${write('ib')}  - sleep: 3s
  - mark: back
${write('eth')}  - sleep: 3s
`;
  const log = run(variant, machine(true, steps));
  const recorded = real(name);

  it.each([
    ['formation', 'formation'],
    ['write', 'the write'],
    ['back', 'back'],
  ])('%s', (mark, heading) => {
    const told = toldLines(realSection(recorded, `${boot}${heading}`));
    // The statistics work sets port 2's MAC again: here before the writer says that it closes the
    // port, there while the writer, who had said so, waited for state_lock.
    const racing = variant === 'v6.6' && mark === 'write';
    const wanted = racing ? swapped(told, 'Registering MAC', 2, closesEth1) : told;
    expect(toldLines(log.get(mark)!)).toEqual(wanted);
  });
});

describe('v6.1, without mlx4_ib: cables, active slave, release', () => {
  const slaves = '/sys/class/net/bond0/bonding/slaves';
  const steps = `  - mark: cable 1 out
  - pull: card0 port 1
  - sleep: 3s
  - mark: cable 1 in
  - plug: card0 port 1
  - sleep: 3s
  - mark: active slave
  - run: echo eth0 > /sys/class/net/bond0/bonding/active_slave
  - sleep: 1s
  - mark: both cables
  - pull: card0 port 2
  - sleep: 1500ms
  - pull: card0 port 1
  - sleep: 1500ms
  - plug: card0 port 2
  - sleep: 1500ms
  - plug: card0 port 1
  - sleep: 1500ms
  - mark: release of eth1
  - run: echo -eth1 > ${slaves}
  - sleep: 1s
  - mark: release of eth0
  - run: echo -eth0 > ${slaves}
  - sleep: 1s
`;
  const log = run('v6.1', machine(false, steps, '20ms'));
  const recorded = real('old');

  it.each([
    ['formation', 'boot B, no mlx4_ib: formation'],
    ['cable 1 out', 'boot B: cable of port 1 out'],
    ['cable 1 in', 'boot B: cable of port 1 in again'],
    ['active slave', 'boot B: echo eth0 > active_slave'],
    ['both cables', 'boot B: cable of port 2 out, then port 1 out'],
    ['release of eth1', 'boot B: echo -eth1 > slaves'],
    ['release of eth0', 'boot B: echo -eth0 > slaves'],
  ])('%s', (mark, heading) => {
    const told = toldLines(realSection(recorded, heading));
    // The bond work unbonds the card while the user's task closes the released port.
    const racing = mark === 'release of eth1';
    const wanted = racing ? swapped(told, 'Device is unbonded', 1, closesEth1) : told;
    expect(toldLines(log.get(mark)!)).toEqual(wanted);
  });
});
