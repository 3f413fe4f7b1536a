// One machine's kernel: the engine, the log, memory, and the parts of the slice. Nothing is module
// state; every function takes the object it works on, which knows its kernel, or the kernel itself.

import { DmaMemory } from '#bus/memory.ts';
import { WaitGraph } from '#detect/graph.ts';
import type { Actor } from '#detect/graph.ts';
import { GraphTeller } from '#detect/telling.ts';
import { Oops } from '#sim/shared.ts';
import { Sim } from '#sim/sim.ts';
import type { Policy } from '#sim/policy.ts';
import type { Task } from '#sim/task.ts';
import { K } from '#trace/kinds.ts';
import type { Trace } from '#trace/trace.ts';
import { Buses } from './base/buses.ts';
import { Uevents } from './base/uevent.ts';
import { Devlinks } from './devlink.ts';
import { Vfs } from './fs/vfs.ts';
import { HungTaskDetector } from './hung-task.ts';
import { Infiniband } from './infiniband/infiniband.ts';
import { AtomicSleepLog } from './might-sleep.ts';
import { ModuleTable } from './module.ts';
import { Net } from './net/net.ts';
import { oops_report } from './oops.ts';
import { IrqController } from './pci/irq.ts';
import { PciBus } from './pci/pci-bus.ts';
import { PrintkLog } from './printk.ts';
import { Rcu, exit_rcu } from './rcu.ts';
import type { TaintLetter } from './taint.ts';
import { TimerWheel } from './time/timer-wheel.ts';
import { Workqueues } from './workqueue/pool.ts';

/** Where kernels of the two trees differ. */
export type KernelProfile = '6.1' | '6.12';

export interface KernelOptions {
  /** CPUs, 1 to 64. */
  readonly cpus: number;
  /** Timer ticks per second: 100, 250, 300 or 1000. */
  readonly hz: number;
  readonly profile: KernelProfile;
  /** What `uname -r` prints, for example `6.1.0`. */
  readonly release: string;
  /** Most points before the run ends. */
  readonly pointsMax: number;
}

/** Something that a kernel detector reported; the lab turns these into findings. */
export interface KernelFinding {
  readonly kind: 'oops' | 'hung' | 'atomicSleep' | 'netdevReference' | 'warning';
  readonly timeNs: number;
  readonly task: string;
  readonly text: string;
  /** Call site of the cause, `function@file:line`. */
  readonly place: string;
}

export class Kernel {
  readonly options: KernelOptions;
  readonly trace: Trace;
  readonly sim: Sim;
  readonly graph: WaitGraph;
  readonly log = new PrintkLog();
  readonly memory = new DmaMemory();
  readonly findings: KernelFinding[] = [];
  /** Wait graph actors by task. */
  readonly actors = new Map<Task, Actor>();
  readonly timers: TimerWheel;
  readonly workqueues: Workqueues;
  readonly hungTask: HungTaskDetector;
  readonly rcu = new Rcu();
  readonly vfs: Vfs;
  readonly uevents: Uevents;
  readonly buses: Buses;
  readonly irqs: IrqController;
  readonly pci: PciBus;
  readonly modules: ModuleTable;
  readonly devlinks: Devlinks;
  readonly net: Net;
  readonly infiniband: Infiniband;
  /** Letters that modules bring into the tainted string, for example `OE`. */
  taint = '';
  /** Letters of what has happened since boot: see taint.ts. */
  readonly taints = new Set<TaintLetter>();
  readonly atomicSleeps = new AtomicSleepLog();
  /** Places whose WARN_ON_ONCE() has been said. */
  readonly warned = new Set<string>();

  private pid = 3;

  constructor(options: KernelOptions, trace: Trace, policy: Policy) {
    this.options = options;
    this.trace = trace;
    this.sim = new Sim({ trace, policy, cpus: options.cpus, pointsMax: options.pointsMax });
    this.graph = new WaitGraph(() => trace.nowNs);
    this.graph.teller = new GraphTeller(trace);
    this.timers = new TimerWheel(this);
    this.workqueues = new Workqueues(this);
    this.hungTask = new HungTaskDetector(this);
    this.vfs = new Vfs(this);
    this.uevents = new Uevents(this);
    this.buses = new Buses(this);
    this.irqs = new IrqController(this);
    this.pci = new PciBus(this);
    this.modules = new ModuleTable(this);
    this.devlinks = new Devlinks(this);
    this.net = new Net(this);
    this.infiniband = new Infiniband(this);
    this.sim.onCrash = (task, error) => {
      this.crash(task, error);
    };
    this.sim.onExit = (task) => {
      this.forget(task);
    };
  }

  get HZ(): number {
    return this.options.hz;
  }

  /** The tick counter; use differences only (it starts at -300 * HZ, see time/timer-wheel.ts). */
  get jiffies(): number {
    return this.timers.jiffies;
  }

  /** True for the slice of 6.12 where the trees differ. */
  get is612(): boolean {
    return this.options.profile === '6.12';
  }

  /** A detector has found something. */
  report(finding: KernelFinding): void {
    const { trace } = this;
    const { kind, text, task } = finding;
    this.findings.push(finding);
    trace.emit(K.report, trace.intern(kind), trace.intern(text), trace.intern(task));
  }

  nextPid(): number {
    return this.pid++;
  }

  /** A context has ended. An interrupt frame is used again, so its actor stays. */
  private forget(task: Task): void {
    exit_rcu(this, task);
    const actor = this.actors.get(task);
    if (actor === undefined || task.kind !== 'task') return;
    this.graph.leave(actor);
    this.actors.delete(task);
  }

  /** A context died of an exception: an oops when it is one, else a defect of the lab itself. */
  private crash(task: Task, error: unknown): void {
    if (!(error instanceof Oops)) throw error;
    oops_report(this, task, error);
  }
}
