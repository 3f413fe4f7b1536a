// The network of one machine (struct net init_net, and what net/core keeps in static variables):
// devices, locks, chains, queues per CPU, tables of IPv4. Made with the kernel; protocols are on
// the notifier chain from then on. The loopback device comes with net_dev_init(), which a boot task
// calls.

import { Resource } from '#detect/graph.ts';
import { Random } from '#sim/random.ts';
import type { Kernel } from '../kernel.ts';
import { mutex_init } from '../locking/mutex.ts';
import type { Mutex } from '../locking/mutex.ts';
import { init_rwsem } from '../locking/rwsem.ts';
import type { RwSemaphore } from '../locking/rwsem.ts';
import { raw_notifier_chain_register, RawNotifierHead } from '../notifier.ts';
import { WaitQueue } from '../wait.ts';
import { ipv6_dev_notf } from './addrconf.ts';
import { arp_netdev_notifier, arp_packet_type, arpOps } from './arp.ts';
import { Fib } from './fib.ts';
import { fib_inetaddr_notifier, fib_netdev_notifier } from './fib-frontend.ts';
import { IcmpLimits } from './icmp.ts';
import { ip_netdev_notifier } from './inetdev.ts';
import type { InIfaddr } from './inetdev.ts';
import { ip_packet_type } from './ipv4.ts';
import { Linkwatch } from './linkwatch.ts';
import { NeighTable } from './neigh.ts';
import { createNetProcFiles } from './net-proc.ts';
import type { NetDevice } from './netdevice.ts';
import type { NetdevNotifierInfo } from './notifier.ts';
import { PingSockets } from './ping.ts';
import { PacketTypes } from './receive.ts';
import type { RtnlLinkOps } from './rtnl-link-ops.ts';
import { SoftnetData } from './softnet.ts';

/** Sysctls of /proc/sys/net, with the kernel's defaults. */
export interface NetSysctls {
  netdev_unregister_timeout_secs: number;
  /** Most packets of one NET_RX run, and its length. */
  netdev_budget: number;
  netdev_budget_usecs: number;
  netdev_max_backlog: number;
  dev_weight: number;
  /** net.ipv4.conf.all.arp_notify: announce addresses when a device comes up. */
  arp_notify: number;
  icmp_echo_ignore_all: number;
}

/** Random numbers of the network (MAC addresses without owner); equal in every run. */
const randomSeed = 0x6e6574;

export class Net {
  readonly k: Kernel;
  /** Registered devices in the order of their ifindex. */
  readonly devices: NetDevice[] = [];
  readonly rtnl_mutex: Mutex;
  readonly pernet_ops_rwsem: RwSemaphore;
  readonly devnet_rename_sem: RwSemaphore;
  readonly netdev_chain: RawNotifierHead<NetdevNotifierInfo>;
  /** IPv4 addresses that come (NETDEV_UP) and go (NETDEV_DOWN). RTNL protects it. */
  readonly inetaddr_chain: RawNotifierHead<InIfaddr>;
  /** net_todo_list: unregistered under the present RTNL section. */
  readonly todo: NetDevice[] = [];
  /** Devices between unregistration and their end. */
  dev_unreg_count = 0;
  readonly netdev_unregistering_wq: WaitQueue;
  /** Held by those who wait for the end of a device; rtnl_link_unregister() waits for it. */
  readonly unregistering: Resource;
  readonly linkwatch: Linkwatch;
  /** By CPU. */
  readonly softnet: readonly SoftnetData[];
  readonly packetTypes = new PacketTypes();
  readonly arp_tbl: NeighTable;
  readonly fib: Fib;
  readonly pings: PingSockets;
  readonly icmpLimits = new IcmpLimits();
  readonly linkOps: RtnlLinkOps[] = [];
  readonly random = new Random(randomSeed);
  /** `lo`, once it is registered. */
  loopback_dev: NetDevice | null = null;
  /** Places whose ASSERT_RTNL() has complained. */
  readonly rtnlWarned = new Set<string>();
  /** The watchdog's WARN_ONCE() has been printed. */
  watchdogWarned = false;
  readonly sysctls: NetSysctls = {
    netdev_unregister_timeout_secs: 10,
    netdev_budget: 300,
    netdev_budget_usecs: 2000,
    netdev_max_backlog: 1000,
    dev_weight: 64,
    arp_notify: 0,
    icmp_echo_ignore_all: 0,
  };
  private lastIfindex = 1;

  constructor(k: Kernel) {
    this.k = k;
    this.rtnl_mutex = mutex_init(k, 'rtnl_mutex');
    this.pernet_ops_rwsem = init_rwsem(k, 'pernet_ops_rwsem');
    this.devnet_rename_sem = init_rwsem(k, 'devnet_rename_sem');
    this.netdev_chain = new RawNotifierHead(k, 'netdev_chain');
    this.inetaddr_chain = new RawNotifierHead(k, 'inetaddr_chain');
    this.netdev_unregistering_wq = new WaitQueue(k, 'netdev_unregistering_wq');
    this.unregistering = new Resource('netdev_unregistering_wq', 'completion');
    this.linkwatch = new Linkwatch(k);
    this.softnet = Array.from({ length: k.options.cpus }, (_, cpu) => new SoftnetData(k, cpu));
    this.arp_tbl = new NeighTable(k, arpOps);
    this.fib = new Fib(k);
    this.pings = new PingSockets(k);
    this.startProtocols();
    createNetProcFiles(this);
    k.vfs.directory('/sys/class/net');
  }

  /** The order is that of the kernel's initcalls: ARP, IPv4 devices, routes, IPv6. */
  private startProtocols(): void {
    for (const block of [
      arp_netdev_notifier,
      ip_netdev_notifier,
      fib_netdev_notifier,
      ipv6_dev_notf,
    ]) {
      raw_notifier_chain_register(this.netdev_chain, block);
    }
    raw_notifier_chain_register(this.inetaddr_chain, fib_inetaddr_notifier);
    this.packetTypes.add(arp_packet_type);
    this.packetTypes.add(ip_packet_type);
  }

  /** dev_new_index(): 1 is kept for `lo`. */
  newIfindex(): number {
    return ++this.lastIfindex;
  }
}
