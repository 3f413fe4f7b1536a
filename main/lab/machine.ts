// One machine of the lab: kernel, card, fabric, modules, terminals, and the little user space around them.

import { ConnectX3 } from '#device/connectx3.ts';
import type { CardProfile } from '#device/options.ts';
import { moduleDefinitions } from '#driver/modules.ts';
import { parseVariant } from '#driver/variant.ts';
import type { DriverVariant } from '#driver/variant.ts';
import { buildTopology, defaultTopology } from '#fabric/topology.ts';
import type { Fabric } from '#fabric/fabric.ts';
import { Kernel } from '#kernel/kernel.ts';
import { pci_scan } from '#kernel/pci/scan.ts';
import { user_task } from '#kernel/sched.ts';
import { wakeAll, WaitQueue } from '#kernel/wait.ts';
import type { Policy } from '#sim/policy.ts';
import type { Trace } from '#trace/trace.ts';
import type { MachineSpec } from './scenario/scenario.ts';
import { commands } from './shell/commands.ts';
import { ShellState } from './shell/state.ts';
import { Terminal } from './terminal.ts';
import { startUdev } from './udev.ts';

/** PCI address of the lab's card. */
export const cardSlot = '0000:06:00.0';

/** Most points of a run; a scenario that needs more has run away. */
const pointsMax = 400_000_000;

export class LabMachine {
  readonly k: Kernel;
  readonly card: ConnectX3;
  readonly fabric: Fabric;
  readonly variant: DriverVariant;
  readonly spec: MachineSpec;
  readonly terminals = new Map<string, Terminal>();
  /** Woken when the boot task is done. */
  readonly booted: WaitQueue;
  ready = false;
  /** Told of each terminal as it is made. */
  onTerminal: (terminal: Terminal) => void = () => undefined;
  private readonly taskCounts = new Map<string, number>();

  constructor(spec: MachineSpec, trace: Trace, policy: Policy) {
    this.spec = spec;
    this.variant = parseVariant(spec.variant);
    const release = this.variant.profile === '6.12' ? '6.6.0' : '6.1.0';
    this.k = new Kernel(
      { cpus: spec.cpus, hz: spec.hz, profile: this.variant.profile, release, pointsMax },
      trace,
      policy,
    );
    this.booted = new WaitQueue(this.k, 'boot');
    this.card = new ConnectX3({ name: 'card0', trace, profile: spec.card as CardProfile });
    this.fabric = buildTopology(this.k.sim, trace, defaultTopology, this.card.wirePorts());
    this.k.pci.plug(cardSlot, this.card);
    for (const definition of moduleDefinitions) this.k.modules.define(definition, this.variant);
    this.boot();
  }

  private boot(): void {
    const { k } = this;
    k.hungTask.start();
    user_task(k, 'init', 'init', 0, () => this.init());
  }

  private *init(): ReturnType<typeof pci_scan> {
    yield* pci_scan(this.k);
    startUdev(this);
    this.ready = true;
    wakeAll(this.booted);
  }

  /** A terminal by name; made when first asked for. */
  terminal(name: string): Terminal {
    const found = this.terminals.get(name);
    if (found !== undefined) return found;
    const terminal = new Terminal(name, new ShellState(this, commands));
    this.terminals.set(name, terminal);
    this.onTerminal(terminal);
    return terminal;
  }

  /** A stable task name: the second `ping` of a run is `ping 2`. */
  taskName(comm: string): string {
    const count = (this.taskCounts.get(comm) ?? 0) + 1;
    this.taskCounts.set(comm, count);
    return count === 1 ? comm : `${comm} ${count}`;
  }

  /** A copy of a shell's state, for a child shell. */
  subshell(state: ShellState): ShellState {
    const inner = new ShellState(this, state.commands);
    for (const [name, value] of state.variables) inner.variables.set(name, value);
    inner.cwd = state.cwd;
    inner.pid = state.pid;
    inner.lastStatus = state.lastStatus;
    inner.lastBackgroundPid = state.lastBackgroundPid;
    return inner;
  }
}
