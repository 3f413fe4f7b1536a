// A machine for tests of mlx4_core: kernel, emulated card, the module and nothing that uses it.

import { ConnectX3 } from '#device/connectx3.ts';
import type { CommandRecord } from '#device/command.ts';
import type { CardOptions, CardProfile } from '#device/options.ts';
import { moduleDefinition as mlx4_core } from '#driver/mlx4_core/main.ts';
import type {
  mlx4_core_module,
  mlx4_dev,
  mlx4_dev_persistent,
  mlx4_priv,
} from '#driver/mlx4_core/mlx4.ts';
import { parseVariant } from '#driver/variant.ts';
import { randomPolicy } from '#explore/random.ts';
import { untilBlocked } from '#explore/until-blocked.ts';
import { Kernel } from '#kernel/kernel.ts';
import type { KernelOptions } from '#kernel/kernel.ts';
import { delete_module, modprobe } from '#kernel/module.ts';
import type { ModuleDefinition } from '#kernel/module.ts';
import { pci_scan } from '#kernel/pci/scan.ts';
import { user_task } from '#kernel/sched.ts';
import type { DriverVariant } from '#driver/variant.ts';
import type { MaySleep } from '#sim/task.ts';
import { second } from '#test/support/machine.ts';
import { Trace } from '#trace/trace.ts';

export const slot = '0000:06:00.0';

export interface RigOptions {
  readonly variant?: string;
  /** Random scheduling with this seed. */
  readonly seed?: number;
  readonly profile?: CardProfile;
  readonly card?: Partial<CardOptions>;
  readonly kernel?: Partial<KernelOptions>;
  /** Modules beside mlx4_core that modprobe knows. */
  readonly modules?: readonly ModuleDefinition<DriverVariant>[];
}

/** One machine. */
export class CoreRig {
  readonly k: Kernel;
  readonly card: ConnectX3;
  /** Commands that the card answered, in order. */
  readonly commands: CommandRecord[] = [];
  private tasks = 0;

  constructor(options: RigOptions = {}) {
    const variant = parseVariant(options.variant ?? 'v6.1');
    const policy = options.seed === undefined ? untilBlocked() : randomPolicy(options.seed);
    const trace = new Trace();
    const { profile } = variant;
    const release = profile === '6.12' ? '6.6.0' : '6.1.0';
    const fixed = { cpus: 4, hz: 250, pointsMax: 200_000_000 };
    this.k = new Kernel({ ...fixed, profile, release, ...options.kernel }, trace, policy);
    this.card = new ConnectX3({
      name: 'card0',
      trace,
      profile: options.profile ?? 'default',
      options: options.card ?? {},
    });
    this.card.onCommand = (record) => {
      this.commands.push(record);
    };
    this.k.pci.plug(slot, this.card);
    for (const definition of [mlx4_core, ...(options.modules ?? [])]) {
      this.k.modules.define(definition, variant);
    }
    this.run(() => pci_scan(this.k));
  }

  /** Starts a task; `done` tells whether it has ended, `result` what it gave. */
  start<T>(name: string, body: () => MaySleep<T>): { done: boolean; result: T | null } {
    const state: { done: boolean; result: T | null } = { done: false, result: null };
    user_task(this.k, name, name, 1, function* task(): MaySleep<void> {
      state.result = yield* body();
      state.done = true;
    });
    return state;
  }

  /** Runs a task to its end; throws when it has not ended after so much virtual time. */
  run<T>(body: () => MaySleep<T>, seconds = 300): T {
    const state = this.start(`test ${++this.tasks}`, body);
    const end = this.k.sim.now() + seconds * second;
    while (!state.done && this.k.sim.now() < end) this.wait(0.1);
    if (!state.done) throw new Error(`a task did not end\n${this.log()}`);
    return state.result as T;
  }

  /** Lets virtual time go by. */
  wait(seconds: number): void {
    this.k.sim.run(this.k.sim.now() + seconds * second);
  }

  load(args = ''): number {
    return this.run(() => modprobe(this.k, 'mlx4_core', args));
  }

  unload(): number {
    return this.run(() => delete_module(this.k, 'mlx4_core'));
  }

  /** What the PCI device's driver keeps; fails when no driver is bound. */
  get persist(): mlx4_dev_persistent {
    const device = this.k.pci.find(slot);
    if (device?.driver === null || device === undefined) throw new Error('no driver is bound');
    return device.drvdata as mlx4_dev_persistent;
  }

  get dev(): mlx4_dev {
    return this.persist.dev;
  }

  get priv(): mlx4_priv {
    return this.dev.priv;
  }

  get module(): mlx4_core_module {
    return this.priv.module;
  }

  /** The kernel's log; only lines that fit when a pattern is given. */
  log(pattern?: RegExp): string {
    return this.k.log.records
      .map(({ text }) => text)
      .filter((text) => pattern === undefined || pattern.test(text))
      .join('\n');
  }

  /** Names of the commands since `from`. */
  names(from = 0): string[] {
    return this.commands.slice(from).map(({ name }) => name);
  }

  /** Headlines of the oopses and warnings so far. */
  get findings(): string[] {
    return this.k.findings.map(({ kind, text }) => `${kind}: ${text}`);
  }
}
