// A machine for tests of mlx4_ib: kernel, emulated card on a cabled network, the driver's modules
// and bonding. A module is known to the machine only when a test loads it: mlx4_core would ask for
// mlx4_en and mlx4_ib itself, in its own order.

import { ConnectX3 } from '#device/connectx3.ts';
import type { CardOptions } from '#device/options.ts';
import { moduleDefinition as bonding } from '#driver/bonding/bond_main.ts';
import { MLX4_FLAG_BONDED } from '#driver/mlx4_core/mlx4.ts';
import type { mlx4_core_module, mlx4_dev } from '#driver/mlx4_core/mlx4.ts';
import { moduleDefinition as mlx4_core } from '#driver/mlx4_core/main.ts';
import { moduleDefinition as mlx4_en } from '#driver/mlx4_en/en_main.ts';
import { moduleDefinition as mlx4_ib } from '#driver/mlx4_ib/main.ts';
import { parseVariant } from '#driver/variant.ts';
import type { DriverVariant } from '#driver/variant.ts';
import { randomPolicy } from '#explore/random.ts';
import { untilBlocked } from '#explore/until-blocked.ts';
import type { Fabric } from '#fabric/fabric.ts';
import { buildTopology, defaultTopology } from '#fabric/topology.ts';
import type { TopologySpec } from '#fabric/topology.ts';
import { vfs_read, vfs_readdir, vfs_write } from '#kernel/fs/vfs.ts';
import { Kernel } from '#kernel/kernel.ts';
import { delete_module, modprobe } from '#kernel/module.ts';
import type { ModuleDefinition } from '#kernel/module.ts';
import { dev_close, dev_open } from '#kernel/net/dev.ts';
import { rtnl_lock, rtnl_unlock } from '#kernel/net/rtnetlink.ts';
import { pci_scan } from '#kernel/pci/scan.ts';
import { user_task } from '#kernel/sched.ts';
import { msleep } from '#kernel/time/delay.ts';
import type { MaySleep } from '#sim/task.ts';
import { second } from '#test/support/machine.ts';
import { Trace } from '#trace/trace.ts';

export const slot = '0000:06:00.0';

export interface RigOptions {
  readonly variant?: string;
  /** Random scheduling with this seed. */
  readonly seed?: number;
  readonly card?: Partial<CardOptions>;
  readonly topology?: TopologySpec;
}

/** One machine. */
export class IbRig {
  readonly k: Kernel;
  readonly card: ConnectX3;
  readonly fabric: Fabric;
  /** Commands that the card answered, in order. */
  readonly commands: { readonly name: string; readonly inModifier: number }[] = [];
  private readonly define: (definition: ModuleDefinition<DriverVariant>) => void;
  private readonly defined = new Set<string>(['mlx4_core']);
  private tasks = 0;

  constructor(options: RigOptions = {}) {
    const variant = parseVariant(options.variant ?? 'v6.1');
    const policy = options.seed === undefined ? untilBlocked() : randomPolicy(options.seed);
    const trace = new Trace();
    const { profile } = variant;
    const release = profile === '6.12' ? '6.6.0' : '6.1.0';
    const fixed = { cpus: 4, hz: 250, pointsMax: 200_000_000 };
    this.k = new Kernel({ ...fixed, profile, release }, trace, policy);
    this.card = new ConnectX3({ name: 'card0', trace, options: options.card ?? {} });
    this.card.onCommand = (record) => {
      this.commands.push({ name: record.name, inModifier: record.inModifier });
    };
    const topology = { ...(options.topology ?? defaultTopology), recordPackets: false };
    this.fabric = buildTopology(this.k.sim, trace, topology, this.card.wirePorts());
    this.k.pci.plug(slot, this.card);
    this.define = (definition) => {
      this.k.modules.define(definition, variant);
    };
    this.define(mlx4_core);
    this.run(() => pci_scan(this.k));
  }

  /** Starts a task; `done` tells whether it has ended. */
  start(name: string, body: () => MaySleep<unknown>): { done: boolean } {
    const state = { done: false };
    user_task(this.k, name, name, 1, function* task(): MaySleep<void> {
      yield* body();
      state.done = true;
    });
    return state;
  }

  /** Runs a task to its end; throws when it has not ended after so much virtual time. */
  run(body: () => MaySleep<unknown>, seconds = 60): void {
    const name = `test ${++this.tasks}`;
    const state = this.start(name, body);
    const end = this.k.sim.now() + seconds * second;
    for (let at = this.k.sim.now(); !state.done && at < end; at += second / 10) this.k.sim.run(at);
    if (state.done) return;
    const task = [...this.k.sim.tasks.values()].find((each) => each.name === name);
    throw new Error(`${name} did not end: ${task?.waitingFor ?? 'it died'}\n${this.log()}`);
  }

  /** Lets virtual time go by. */
  wait(seconds: number): void {
    this.k.sim.run(this.k.sim.now() + seconds * second);
  }

  /** Loads a module, which is known from now on. */
  modprobe(name: string): MaySleep<number> {
    const definition = [mlx4_en, mlx4_ib, bonding].find((each) => each.name === name);
    if (definition !== undefined && !this.defined.has(name)) this.define(definition);
    this.defined.add(name);
    return modprobe(this.k, name);
  }

  /** Loads modules in order; every netdev is opened when `open` is given. */
  load(modules: readonly string[], open = false): void {
    const { k } = this;
    for (const name of modules) this.run(() => this.modprobe(name));
    if (!open) return;
    this.run(function* () {
      yield* rtnl_lock(k);
      for (const netdev of [...k.net.devices]) yield* dev_open(netdev);
      yield* rtnl_unlock(k);
      yield* msleep(k, 2500);
    });
  }

  unload(name: string): void {
    const { k } = this;
    this.run(() => delete_module(k, name));
  }

  /** The core's structure of the card. */
  get dev(): mlx4_dev {
    const instance = this.k.modules.find('mlx4_core')!.instance as unknown as {
      readonly core: mlx4_core_module;
    };
    const card = this.k.pci.devices.find((each) => each.name === slot)!;
    const persist = card.drvdata as { readonly dev: mlx4_dev };
    if (persist.dev.priv.module !== instance.core) throw new Error('not the card of mlx4_core');
    return persist.dev;
  }

  /** The card is bonded, whether or not its parts know it already. */
  get isBonded(): boolean {
    return (this.dev.flags.peek & MLX4_FLAG_BONDED) !== 0;
  }

  /** Writes a file of /sys; throws when that is refused. */
  *write(path: string, text: string): MaySleep<void> {
    const result = yield* vfs_write(this.k, `/sys/${path}`, `${text}\n`);
    if (result < 0) throw new Error(`${path}: ${result}`);
  }

  /** Puts both netdevs under bond0; the driver then bonds the card in a work of its own. */
  enslave(): void {
    const { k } = this;
    const write = (path: string, text: string): MaySleep<void> => this.write(path, text);
    const down = function* (name: string): MaySleep<void> {
      yield* rtnl_lock(k);
      yield* dev_close(k.net.devices.find((each) => each.name === name)!);
      yield* rtnl_unlock(k);
    };
    this.k.modules.setOptions('bonding', 'max_bonds=0');
    this.load(['bonding']);
    this.run(function* () {
      yield* write('class/net/bonding_masters', '+bond0');
      yield* write('class/net/bond0/bonding/mode', 'active-backup');
      yield* write('class/net/bond0/bonding/miimon', '100');
      yield* rtnl_lock(k);
      yield* dev_open(k.net.devices.find((each) => each.name === 'bond0')!);
      yield* rtnl_unlock(k);
      for (const name of ['eth0', 'eth1']) {
        yield* down(name);
        yield* write('class/net/bond0/bonding/slaves', `+${name}`);
      }
    });
  }

  /** Takes a netdev out of the bond; the driver then unbonds the card. */
  release(name: string): void {
    this.run(() => this.write('class/net/bond0/bonding/slaves', `-${name}`));
  }

  /** Lets time go by until something holds; throws when it never does. */
  until(what: string, holds: () => boolean, seconds = 30): void {
    for (let waited = 0; waited < seconds && !holds(); waited += 0.005) this.wait(0.005);
    if (!holds()) throw new Error(`never ${what}\n${this.log()}`);
  }

  /** The file of a port's type, below /sys. */
  portTypeFile(port: number): string {
    return `bus/pci/devices/${slot}/mlx4_port${port}`;
  }

  /** A file below /sys/class/infiniband, without its newline. */
  read(path: string): string | number {
    let text: string | number = 0;
    const { k } = this;
    this.run(function* () {
      text = yield* vfs_read(k, `/sys/class/infiniband/${path}`);
    });
    return typeof text === 'number' ? text : (text as string).replace(/\n$/, '');
  }

  /** Names in a directory below /sys/class/infiniband. */
  list(path = ''): string[] {
    const entries = vfs_readdir(this.k, `/sys/class/infiniband/${path}`);
    return typeof entries === 'number' ? [] : entries.map(({ name }) => name);
  }

  /** The kernel's log as text; only lines that fit when a pattern is given. */
  log(pattern?: RegExp): string {
    return this.k.log.records
      .map(({ text }) => text)
      .filter((text) => pattern === undefined || pattern.test(text))
      .join('\n');
  }

  /** How many commands of a name the card has answered. */
  count(name: string): number {
    return this.commands.filter((command) => command.name === name).length;
  }

  /** Headlines of the oopses so far. */
  get oopses(): string[] {
    return this.k.findings.filter(({ kind }) => kind === 'oops').map(({ text }) => text);
  }
}
