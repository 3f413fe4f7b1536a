// Scenarios of tests, as text: a machine with two bonded ports and the steps of the test behind it.
// And what a run of one shows: screens, kernel log, and all commands that the card has seen.

import type { CommandRecord } from '#device/command.ts';
import { choosePolicy, makePolicy } from '#lab/policy.ts';
import { runScenario } from '#lab/run.ts';
import type { RunResult } from '#lab/run.ts';
import { vfs_read } from '#kernel/fs/vfs.ts';
import { loadScenario } from '#lab/scenario/load.ts';
import { K } from '#trace/kinds.ts';

/** The card's directory, and the file that tells the type of a port. */
export const pci = '/sys/bus/pci/devices/0000:06:00.0';
export const typeOf = (portNumber: number): string => `${pci}/mlx4_port${portNumber}`;

/** What differs from the machine of the story. */
export interface Setting {
  /** Lines of `machine:`, without indent. */
  readonly machine?: readonly string[];
  /** Order of loading. */
  readonly modules?: string;
  /** Of the bond; null for none. */
  readonly mode?: string | null;
  /** Slaves of the bond, in order. */
  readonly slaves?: readonly string[];
  /** Where the time ends after a deadlock. */
  readonly continueUntil?: string;
}

/** Steps that make the bond; the ports' links are up before. */
function bondSteps(mode: string, slaves: readonly string[]): string[] {
  const files = '/sys/class/net/bond0/bonding';
  return [
    'run: echo +bond0 > /sys/class/net/bonding_masters',
    `run: echo ${mode} > ${files}/mode`,
    `run: echo 100 > ${files}/miimon`,
    'run: ip addr add 10.0.0.2/24 dev bond0',
    'run: ip link set bond0 up',
    ...slaves.map((slave) => `run: echo +${slave} > ${files}/slaves`),
    'sleep: 1s',
  ];
}

/** A scenario file: the machine, both links up, the bond, then `steps` (YAML, one per line). */
export function story(setting: Setting, steps: readonly string[]): string {
  const { machine = [], modules = 'mlx4_core mlx4_en bonding', continueUntil } = setting;
  const { mode = 'active-backup', slaves = ['eth0', 'eth1'] } = setting;
  const before = [
    `run: modprobe -a ${modules}`,
    'wait: { linkUp: card0 port 1 }',
    'wait: { linkUp: card0 port 2 }',
    ...(mode === null ? [] : bondSteps(mode, slaves)),
    'mark: bonded',
  ];
  return [
    'version: 1',
    'machine:',
    '  rename: false',
    '  autoload: false',
    ...machine.map((line) => `  ${line}`),
    '  modules: { mlx4_core: debug_level=1, bonding: max_bonds=0 }',
    'steps:',
    ...[...before, ...steps].map((step) => `  - ${step}`),
    ...(continueUntil === undefined ? [] : [`onDeadlock: { continueUntil: ${continueUntil} }`]),
    '',
  ].join('\n');
}

/** A line that nobody waits for, on a terminal. */
export const inBackground = (line: string, terminal = 'main'): string =>
  `{ run: ${JSON.stringify(line)}, terminal: ${terminal}, background: true }`;

/** A line on the second terminal, waited for. */
export const onSecond = (line: string): string =>
  `{ run: ${JSON.stringify(line)}, terminal: second }`;

/** A run, with what there is to look at. */
export class Played {
  readonly result: RunResult;
  /** All commands that the card has answered, oldest first. */
  readonly commands: readonly CommandRecord[];

  constructor(result: RunResult, commands: readonly CommandRecord[]) {
    this.result = result;
    this.commands = commands;
  }

  /** Kernel log without times. */
  get log(): string[] {
    return this.result.machine.k.log.records.map(({ text }) => text);
  }

  /** Kernel log lines that contain a text. */
  told(text: string): string[] {
    return this.log.filter((line) => line.includes(text));
  }

  /** When a kernel log line with this text was printed first, s. */
  toldAt(text: string): number {
    const found = this.result.machine.k.log.records.find((record) => record.text.includes(text));
    if (found === undefined) throw new Error(`nothing says ${text}`);
    return found.timeNs / 1e9;
  }

  /** When the script came to a mark, ns. */
  markNs(mark: string): number {
    const { trace } = this.result;
    for (const event of trace.events()) {
      const isMark = event.kind === K.step && trace.text(event.object) === 'mark';
      if (isMark && trace.text(event.value) === mark) return event.timeNs;
    }
    throw new Error(`no mark ${mark}`);
  }

  /** Names of the commands that the card accepted between two marks. */
  commandsBetween(mark: string, end?: string): CommandRecord[] {
    const from = this.markNs(mark);
    const to = end === undefined ? Infinity : this.markNs(end);
    return this.commands.filter(({ timeNs }) => timeNs >= from && timeNs < to);
  }

  /** What the last run of a line has printed. */
  output(line: string, terminal = 'second'): string {
    const texts = this.result.machine.terminals.get(terminal)?.screen.texts ?? [];
    const at = texts.findLastIndex(({ text, typed }) => typed && text === `$ ${line}\n`);
    if (at < 0) throw new Error(`nobody typed ${line} on ${terminal}`);
    const rest = texts.slice(at + 1);
    const next = rest.findIndex(({ text, typed }) => typed && text.startsWith('$ '));
    const own = next < 0 ? rest : rest.slice(0, next);
    return own.map(({ text }) => text).join('');
  }

  /** What a file says at the end of the run. */
  readNow(path: string): string {
    const { machine } = this.result;
    const { k } = machine;
    const found: (string | number)[] = [];
    machine.spawn('test', function* () {
      found.push(yield* vfs_read(k, path));
      k.sim.stop();
    });
    k.sim.run(k.sim.now() + 1e9);
    const [text] = found;
    if (typeof text !== 'string') throw new Error(`${path}: ${text ?? 'the reader hangs'}`);
    return text;
  }

  /** Frames of /proc/PID/stack of a task, by its stable name, without the marks. */
  stackOf(taskName: string): string[] {
    const { tasks } = this.result.machine.k.sim;
    const task = [...tasks.values()].find(({ name }) => name === taskName);
    if (task === undefined) throw new Error(`no task ${taskName}`);
    const lines = this.readNow(`/proc/${task.pid}/stack`).trimEnd().split('\n');
    return lines.map((line) => line.replace('[<0>] ', ''));
  }

  /** The line that a terminal runs and does not end. */
  hangsIn(terminal: string): string | null {
    return this.result.machine.terminals.get(terminal)?.line ?? null;
  }
}

/** Settings of one run. */
export interface PlaySetting {
  readonly variant: string;
  /** The random policy with this seed. */
  readonly seed?: number;
  readonly untilNs?: number;
}

/** Runs a scenario text. */
export function play(text: string, { variant, seed, untilNs }: PlaySetting): Played {
  const commands: CommandRecord[] = [];
  const result = runScenario(loadScenario('story.yaml', text), {
    policy: makePolicy(choosePolicy(undefined, seed)),
    variant,
    ...(untilNs === undefined ? {} : { untilNs }),
    onStart: ({ card }) => {
      card.onCommand = (record) => commands.push(record);
    },
  });
  return new Played(result, commands);
}
