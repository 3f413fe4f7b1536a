// One machine of the lab: kernel, card, network, modules, terminals, and the little user space
// around them. Nothing here decides anything: it builds, and hands inputs on.

import { ConnectX3 } from '#device/connectx3.ts';
import { moduleDefinitions } from '#driver/modules.ts';
import { parseVariant } from '#driver/variant.ts';
import type { DriverVariant } from '#driver/variant.ts';
import { buildTopology } from '#fabric/topology.ts';
import type { Fabric } from '#fabric/fabric.ts';
import { rest_init } from '#kernel/init.ts';
import { Kernel } from '#kernel/kernel.ts';
import { net_dev_init } from '#kernel/net/loopback.ts';
import { ipLinkSet } from '#kernel/net/rtnl-link.ts';
import { pci_scan } from '#kernel/pci/scan.ts';
import { schedule } from '#kernel/sched.ts';
import { wait_event_interruptible, wakeAll, WaitQueue } from '#kernel/wait.ts';
import type { Policy } from '#sim/policy.ts';
import type { MaySleep } from '#sim/task.ts';
import { K } from '#trace/kinds.ts';
import type { Trace } from '#trace/trace.ts';
import { applyInput, inputText } from './input.ts';
import type { RecordedInput } from './input.ts';
import { mountRamfs } from './ramfs.ts';
import type { Input, MachineSpec } from './scenario/scenario.ts';
import { Terminal } from './terminal.ts';
import { startUdev } from './udev.ts';

/** Most points of a run; one that needs more has run away. */
const pointsMax = 400_000_000;

/** Console level at boot: every line is shown. */
const everyLevel = 8;

export class LabMachine {
  readonly k: Kernel;
  readonly card: ConnectX3;
  readonly fabric: Fabric;
  readonly variant: DriverVariant;
  readonly spec: MachineSpec;
  readonly terminals = new Map<string, Terminal>();
  /** What a person has done, for a replay. */
  readonly inputs: RecordedInput[] = [];
  /** Kernel log lines below this level are for the console: dmesg -n. */
  consoleLevel = everyLevel;
  /** The machine was shut down for a restart. */
  halted = false;
  /** Told of each terminal as it is made. */
  onTerminal: (terminal: Terminal) => void = () => undefined;
  private ready = false;
  private readonly booted: WaitQueue;
  private readonly taskCounts = new Map<string, number>();

  constructor(spec: MachineSpec, trace: Trace, policy: Policy) {
    this.spec = spec;
    this.variant = parseVariant(spec.variant);
    const { cpus, hz, card, topology } = spec;
    const { profile } = this.variant;
    const release = profile === '6.12' ? '6.12.0' : '6.1.0';
    this.k = new Kernel({ cpus, hz, profile, release, pointsMax }, trace, policy);
    this.booted = new WaitQueue(this.k, 'boot');
    this.card = new ConnectX3({
      name: 'card0',
      trace,
      profile: card.profile,
      options: card.options,
    });
    this.fabric = buildTopology(this.k.sim, trace, topology, this.card.wirePorts());
    this.k.pci.plug(card.slot, this.card);
    for (const definition of moduleDefinitions) this.k.modules.define(definition, this.variant);
    for (const [name, options] of spec.moduleOptions) this.k.modules.setOptions(name, options);
    mountRamfs(this.k);
    rest_init(this.k, () => this.init());
    this.k.hungTask.start();
  }

  /** Pid 1: brings `lo` up, finds the card, starts udev, and has nothing to do any more. */
  private *init(): MaySleep<void> {
    yield* net_dev_init(this.k);
    yield* ipLinkSet(this.k, 'lo', { up: true });
    startUdev(this);
    yield* pci_scan(this.k);
    this.ready = true;
    wakeAll(this.booted);
    for (;;) yield* schedule(this.k, 'S', 'init');
  }

  /** Waits until the machine has booted. */
  *waitForBoot(): MaySleep<void> {
    yield* wait_event_interruptible(this.booted, () => this.ready);
  }

  /** A terminal by name; made when first asked for. */
  terminal(name: string): Terminal {
    const found = this.terminals.get(name);
    if (found !== undefined) return found;
    const terminal = new Terminal(this, name);
    this.terminals.set(name, terminal);
    this.onTerminal(terminal);
    return terminal;
  }

  /** A person does something: it is recorded, and enters at the next point. The error, in words. */
  enter(input: Input): string | null {
    const { sim, trace } = this.k;
    this.inputs.push({ point: sim.pointCount, seq: trace.count, timeNs: sim.now(), input });
    trace.emit(K.input, trace.intern(inputText(input)), 0);
    return applyInput(this, input);
  }

  /** The machine is off: what stood on its terminals stands there for ever. */
  halt(): void {
    this.halted = true;
    this.k.sim.stop();
  }

  /**
   * Runs code of the lab's own on the machine: somebody who types, or judges. It has no process id,
   * so that neither ps nor /proc shows it.
   */
  spawn(name: string, body: () => MaySleep<void>): void {
    this.k.sim.spawn(this.taskName(name), body());
  }

  /** A stable task name: the second `ping` of a run is `ping 2`. */
  taskName(comm: string): string {
    const count = (this.taskCounts.get(comm) ?? 0) + 1;
    this.taskCounts.set(comm, count);
    return count === 1 ? comm : `${comm} ${count}`;
  }
}
