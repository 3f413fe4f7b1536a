// A whole machine of the lab for tests: boots, takes lines on its terminals, gives what they print.

import { defaultMachineSpec } from '#lab/default-machine.ts';
import { LabMachine } from '#lab/machine.ts';
import { choosePolicy, makePolicy } from '#lab/policy.ts';
import type { MachineSpec } from '#lab/scenario/scenario.ts';
import type { MaySleep } from '#sim/task.ts';
import { Trace } from '#trace/trace.ts';

const second = 1e9;

/** What a line came to. */
export interface Ran {
  /** Null when it did not end in its time. */
  readonly status: number | null;
  readonly output: string;
}

/** A machine with the hands of a test on it. */
export class Lab {
  readonly machine: LabMachine;

  constructor(spec: Partial<MachineSpec> = {}, seed?: number) {
    const policy = makePolicy(choosePolicy(undefined, seed));
    this.machine = new LabMachine({ ...defaultMachineSpec, ...spec }, new Trace(), policy);
  }

  /** Lets time go on. */
  run(seconds: number): this {
    const { sim } = this.machine.k;
    const end = sim.now() + seconds * second;
    while (sim.now() < end && sim.run(end) === 'stopped') continue;
    return this;
  }

  /** Types a line and lets it run for `seconds` at most. */
  line(line: string, terminal = 'main', seconds = 60): Ran {
    const tty = this.machine.terminal(terminal);
    const before = tty.screen.texts.length;
    const typed = tty.type(line);
    const { sim } = this.machine.k;
    const end = sim.now() + seconds * second;
    while (typed.status === null && sim.now() < end) sim.run(Math.min(end, sim.now() + 1e7));
    const texts = tty.screen.texts.slice(before).filter((text) => !text.typed);
    return { status: typed.status, output: texts.map(({ text }) => text).join('') };
  }

  /** Output of a line that must succeed. */
  out(line: string): string {
    const { status, output } = this.line(line);
    if (status !== 0) throw new Error(`${line}: status ${status}\n${output}`);
    return output;
  }

  /** Runs code on the machine and gives its result. */
  call<T>(body: () => MaySleep<T>): T {
    const results: T[] = [];
    this.machine.spawn('test', function* () {
      results.push(yield* body());
    });
    for (let turn = 0; results.length === 0 && turn < 1000; turn++) this.run(0.01);
    if (results.length === 0) throw new Error('the call did not come back');
    return results[0]!;
  }

  /** Kernel log without times. */
  get log(): string[] {
    return this.machine.k.log.records.map(({ text }) => text);
  }
}

/** A machine on which nothing is loaded by itself. */
export const quietLab = (spec: Partial<MachineSpec> = {}, seed?: number): Lab =>
  new Lab({ autoload: false, rename: false, ...spec }, seed).run(0.1);

/** A booted machine: driver loaded, ens1 and ens1d1 there. */
export const bootedLab = (spec: Partial<MachineSpec> = {}, seed?: number): Lab =>
  new Lab(spec, seed).run(2);

/** A machine with both ports in bond0 at 10.0.0.2, active-backup, bonded in the card. */
export function bondedLab(variant: string, seed?: number): Lab {
  const lab = bootedLab({ variant }, seed);
  for (const line of [
    'modprobe bonding max_bonds=0',
    'echo +bond0 > /sys/class/net/bonding_masters',
    'ip link set bond0 type bond mode active-backup miimon 100',
    'ip addr add 10.0.0.2/24 dev bond0',
    'ip link set bond0 up',
    'ip link set ens1 master bond0',
    'ip link set ens1d1 master bond0',
    'sleep 1',
  ]) {
    lab.out(line);
  }
  return lab;
}
