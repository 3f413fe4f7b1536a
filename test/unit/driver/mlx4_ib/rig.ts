// A machine for tests of mlx4_ib: kernel, emulated card on a cabled network, the three modules of the driver.
// Bonding is asked of mlx4_core directly, as its bond work does, so that no bond device is needed.

import { ConnectX3 } from '#device/connectx3.ts';
import type { CardOptions } from '#device/options.ts';
import { moduleDefinition as mlx4_core } from '#driver/mlx4_core/module.ts';
import { mlx4_bond, mlx4_unbond } from '#driver/mlx4_core/main/bond.ts';
import type { mlx4_core_module, mlx4_dev } from '#driver/mlx4_core/mlx4.ts';
import { moduleDefinition as mlx4_en } from '#driver/mlx4_en/module.ts';
import { moduleDefinition as mlx4_ib } from '#driver/mlx4_ib/module.ts';
import { parseVariant } from '#driver/variant.ts';
import { randomPolicy } from '#explore/random.ts';
import { untilBlocked } from '#explore/until-blocked.ts';
import type { Fabric } from '#fabric/fabric.ts';
import { buildTopology, defaultTopology } from '#fabric/topology.ts';
import type { TopologySpec } from '#fabric/topology.ts';
import { vfs_read, vfs_readdir, vfs_write } from '#kernel/fs/vfs.ts';
import { Kernel } from '#kernel/kernel.ts';
import { delete_module, modprobe } from '#kernel/module.ts';
import { dev_open } from '#kernel/net/dev.ts';
import { rtnl_lock, rtnl_unlock } from '#kernel/net/rtnetlink.ts';
import { pci_scan } from '#kernel/pci/scan.ts';
import { user_task } from '#kernel/sched.ts';
import { msleep } from '#kernel/time/delay.ts';
import type { CommandName } from '#prm/opcodes.ts';
import type { MaySleep } from '#sim/task.ts';
import { second } from '#test/support/machine.ts';
import { Trace } from '#trace/trace.ts';

export const slot = '0000:06:00.0';
const device = `/sys/bus/pci/devices/${slot}`;

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
  readonly commands: { readonly name: CommandName | null; readonly inModifier: number }[] = [];
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
    for (const definition of [mlx4_core, mlx4_en, mlx4_ib]) {
      this.k.modules.define(definition, variant);
    }
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

  /** Loads modules in order; every netdev is opened when `open` is given. */
  load(modules: readonly string[], open = false): void {
    const { k } = this;
    this.run(function* () {
      for (const name of modules) yield* modprobe(k, name);
      if (!open) return;
      yield* rtnl_lock(k);
      for (const netdev of [...k.net.devices]) yield* dev_open(netdev);
      yield* rtnl_unlock(k);
      yield* msleep(k, 500);
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

  bond(): MaySleep<number> {
    return mlx4_bond(this.dev);
  }

  unbond(): MaySleep<number> {
    return mlx4_unbond(this.dev);
  }

  /** Writes a port's type; gives what write() gave. */
  *setPortType(port: number, type: string): MaySleep<number> {
    return yield* vfs_write(this.k, `${device}/mlx4_port${port}`, `${type}\n`);
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
  count(name: CommandName): number {
    return this.commands.filter((command) => command.name === name).length;
  }

  /** Headlines of the oopses so far. */
  get oopses(): string[] {
    return this.k.findings.filter(({ kind }) => kind === 'oops').map(({ text }) => text);
  }
}
