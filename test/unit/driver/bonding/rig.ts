// A machine for tests of bonding: a real kernel, the module loaded, and small Ethernet devices
// whose carrier is a switch of the test, or a cable of the fabric. Every event of every netdev is
// noted.

import type { WireEnd, WirePort, LinkOffer, LinkState } from '#bus/wire.ts';
import { moduleDefinition } from '#driver/bonding/bond_main.ts';
import type { bonding, slave } from '#driver/bonding/bonding.ts';
import { bond_slaves } from '#driver/bonding/bonding.ts';
import { parseVariant } from '#driver/variant.ts';
import { vfs_read, vfs_write } from '#kernel/fs/vfs.ts';
import type { Kernel } from '#kernel/kernel.ts';
import { delete_module, modprobe } from '#kernel/module.ts';
import { dev_open } from '#kernel/net/dev.ts';
import { eth_mac_addr } from '#kernel/net/eth.ts';
import { ethtool_op_get_link } from '#kernel/net/ethtool.ts';
import { netdev_cmd_to_name } from '#kernel/net/events.ts';
import { IFF_LIVE_ADDR_CHANGE, NETDEV_TX_OK } from '#kernel/net/flags.ts';
import { netif_carrier_off, netif_carrier_on } from '#kernel/net/linkwatch.ts';
import { netdev_priv, NetDevice } from '#kernel/net/netdevice.ts';
import { register_netdevice_notifier } from '#kernel/net/notifier.ts';
import type { NetdevNotifierInfo } from '#kernel/net/notifier.ts';
import { netif_tx_start_all_queues, netif_tx_stop_all_queues } from '#kernel/net/queue.ts';
import { register_netdev } from '#kernel/net/register.ts';
import { rtnl_lock, rtnl_unlock } from '#kernel/net/rtnetlink.ts';
import { eth_type_trans, SkBuff } from '#kernel/net/skb.ts';
import { netif_rx } from '#kernel/net/softnet.ts';
import { unregister_netdev } from '#kernel/net/unregister.ts';
import { kthread_run } from '#kernel/sched.ts';
import type { Atomic, MaySleep } from '#sim/task.ts';
import { bareKernel } from '#test/support/machine.ts';

export const ms = 1_000_000;

/**
 * A network card of the test. Its carrier is set by hand, or by the cable that it is plugged into.
 */
export class TestNic implements WirePort {
  readonly name: string;
  readonly dev: NetDevice;
  readonly sent: Uint8Array[] = [];
  speedMbps = 40_000;
  duplex: 'full' | 'half' | 'unknown' = 'full';
  private readonly k: Kernel;
  private end: WireEnd | null = null;
  private plugged_ = false;
  private linkUp = true;

  constructor(k: Kernel, name: string, mac: Uint8Array) {
    this.k = k;
    this.name = `port of ${name}`;
    this.dev = new NetDevice(
      k,
      name,
      {
        ndo_open: () => this.open(),
        ndo_stop: () => this.stop(),
        ndo_start_xmit: (skb) => this.xmit(skb),
        ndo_set_mac_address: eth_mac_addr,
      },
      1,
    );
    this.dev.priv_flags |= IFF_LIVE_ADDR_CHANGE;
    this.dev.max_mtu = 9000;
    this.dev.dev_addr = mac;
    this.dev.carrier = false;
    this.dev.ethtool_ops = {
      get_link: ethtool_op_get_link,
      *get_link_ksettings(dev) {
        const nic = dev.priv as TestNic;
        const speed = dev.carrier ? nic.speedMbps : -1;
        return { speed, duplex: nic.duplex, autoneg: false, port: 'FIBRE' };
      },
    };
    this.dev.priv = this;
  }

  /** The far end of a cable appears or goes, for a card that is not plugged into one. */
  setLink(up: boolean): void {
    this.linkUp = up;
    this.raise(() => this.updateCarrier());
  }

  offer(): LinkOffer {
    return { enabled: true, protocol: 'eth', speedsMbps: [this.speedMbps] };
  }

  plugged(end: WireEnd | null): void {
    this.end = end;
    if (!this.plugged_) this.linkUp = false;
    this.plugged_ = true;
  }

  linkChanged(state: LinkState): void {
    this.setLink(state.up);
  }

  frameArrived(frame: Uint8Array): void {
    const { dev } = this;
    if (!dev.running) return;
    this.raise(function* receive(): Atomic<void> {
      const skb = new SkBuff(frame, dev);
      eth_type_trans(skb, dev);
      yield* netif_rx(skb);
    });
  }

  /** Runs as an interrupt handler of CPU 0. */
  private raise(handler: () => Atomic<void>): void {
    this.k.sim.cpus.request(0, 'hardirq', `irq of ${this.dev.name}`, handler);
  }

  private *updateCarrier(): Atomic<void> {
    if (this.dev.running && this.linkUp) yield* netif_carrier_on(this.dev);
    else yield* netif_carrier_off(this.dev);
  }

  private *open(): MaySleep<number> {
    yield* netif_tx_start_all_queues(this.dev);
    yield* this.updateCarrier();
    return 0;
  }

  private *stop(): MaySleep<number> {
    yield* netif_tx_stop_all_queues(this.dev);
    yield* netif_carrier_off(this.dev);
    return 0;
  }

  private *xmit(skb: SkBuff): Atomic<number> {
    this.dev.stats.tx_packets++;
    this.dev.stats.tx_bytes += skb.len;
    this.sent.push(skb.data);
    this.end?.send(skb.data.slice());
    return NETDEV_TX_OK;
  }
}

/** An event as it was noted. */
export interface NotedEvent {
  readonly name: string;
  readonly dev: string;
  readonly info: NetdevNotifierInfo;
}

/** A kernel with bonding. */
export class BondMachine {
  readonly k: Kernel;
  readonly events: NotedEvent[] = [];

  constructor(options: Parameters<typeof bareKernel>[0] = {}) {
    this.k = bareKernel({ pointsMax: 100_000_000, ...options });
    this.k.modules.define(moduleDefinition, parseVariant('v6.1'));
    this.run(() =>
      register_netdevice_notifier(this.k, {
        name: 'observer',
        priority: 0,
        notifier_call: (event, info) => this.note(event, info),
      }),
    );
  }

  /** Loads bonding; `args` as in `modprobe bonding max_bonds=0`. */
  load(args = 'max_bonds=0'): number {
    return this.run(() => modprobe(this.k, 'bonding', args));
  }

  unload(): number {
    return this.run(() => delete_module(this.k, 'bonding'));
  }

  /** A registered card with the MAC 00:02:c9:a0:b0:<last>. */
  nic(name: string, last: number): TestNic {
    const nic = new TestNic(this.k, name, Uint8Array.of(0x00, 0x02, 0xc9, 0xa0, 0xb0, last));
    const err = this.run(() => register_netdev(nic.dev));
    if (err !== 0) throw new Error(`register_netdev(${name}): ${err}`);
    return nic;
  }

  /**
   * Runs a body as a task; other tasks go on meanwhile. Fails when it has not ended after 100 s.
   */
  run<T>(body: () => MaySleep<T>): T {
    const box: { value?: T } = {};
    const { sim } = this.k;
    kthread_run(this.k, 'user', 'sh', function* user() {
      box.value = yield* body();
      sim.stop();
    });
    sim.run(sim.now() + 100e9);
    if (!('value' in box)) throw new Error('the task did not end');
    return box.value;
  }

  /** Lets the machine go on for a while. */
  wait(milliseconds: number): void {
    const { sim } = this.k;
    sim.after(milliseconds * ms, () => undefined);
    sim.run(sim.now() + milliseconds * ms);
  }

  /** Writes a file; 0 or the negative error. */
  write(path: string, text: string): number {
    const result = this.run(() => vfs_write(this.k, path, `${text}\n`));
    return result > 0 ? 0 : result;
  }

  read(path: string): string {
    const text = this.run(() => vfs_read(this.k, path));
    if (typeof text === 'number') throw new Error(`${path}: ${text}`);
    return text;
  }

  /** Sets an option of bond0. */
  set(option: string, value: string): number {
    return this.write(`/sys/class/net/bond0/bonding/${option}`, value);
  }

  get(option: string): string {
    return this.read(`/sys/class/net/bond0/bonding/${option}`).trim();
  }

  /** Makes bond0 with options, and opens it. */
  bond(options: Record<string, string> = {}, up = true): bonding {
    if (this.write('/sys/class/net/bonding_masters', '+bond0') !== 0) throw new Error('no bond0');
    for (const [name, value] of Object.entries(options)) {
      const err = this.set(name, value);
      if (err !== 0) throw new Error(`${name}=${value}: ${err}`);
    }
    if (up) this.open(this.dev('bond0'));
    return netdev_priv<bonding>(this.dev('bond0'));
  }

  open(dev: NetDevice): number {
    return this.rtnl(() => dev_open(dev));
  }

  /** Runs a body under RTNL. */
  rtnl<T>(body: () => MaySleep<T>): T {
    const { k } = this;
    return this.run(function* underRtnl() {
      yield* rtnl_lock(k);
      const value = yield* body();
      yield* rtnl_unlock(k);
      return value;
    });
  }

  unregister(nic: TestNic): void {
    this.run(() => unregister_netdev(nic.dev));
  }

  dev(name: string): NetDevice {
    const found = this.k.net.devices.find((dev) => dev.name === name);
    if (found === undefined) throw new Error(`no netdev ${name}`);
    return found;
  }

  slave(bond: bonding, nic: TestNic): slave {
    const found = bond_slaves(bond).find((each) => each.dev === nic.dev);
    if (found === undefined) throw new Error(`${nic.dev.name} is no slave`);
    return found;
  }

  /** Names of the events of one netdev since the last call, in order. */
  eventsOf(dev: string): string[] {
    return this.events.filter((event) => event.dev === dev).map((event) => event.name);
  }

  forget(): void {
    this.events.length = 0;
  }

  /** Lines of the log since the given index that are about bonding. */
  lines(from = 0): string[] {
    return this.k.log.records
      .slice(from)
      .map((record) => record.text)
      .filter((text) => /^bond(ing|\d)/.test(text));
  }

  get logLength(): number {
    return this.k.log.records.length;
  }

  private *note(event: number, info: NetdevNotifierInfo): MaySleep<number> {
    const name = netdev_cmd_to_name(event);
    const direction = info.linking === undefined ? '' : info.linking ? '(linking)' : '(!linking)';
    this.events.push({ name: `${name}${direction}`, dev: info.dev.name, info });
    return 0;
  }
}
