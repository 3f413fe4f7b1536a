// Netdevs of RoCE ports (main.c: mlx4_ib_get_netdev, mlx4_ib_scan_netdevs, mlx4_ib_netdev_event;
// facts/driver 2.11, 4.2). In the list design mlx4_ib asks mlx4_en for the netdev of a port, over
// ctx_list under ctx_lock; with the auxiliary bus it matches parent and dev_port itself, since
// asking would need the lock of the device that is just being probed. iboe.netdevs[] holds no
// reference: only the notifier keeps it true.

import { readMac } from '#bus/mac.ts';
import { ib_get_cached_port_state } from '#kernel/infiniband/cache.ts';
import { ib_dispatch_event } from '#kernel/infiniband/event.ts';
import {
  IB_EVENT_PORT_ACTIVE,
  IB_EVENT_PORT_ERR,
  IB_PORT_ACTIVE,
  IB_PORT_DOWN,
} from '#kernel/infiniband/ib-verbs.ts';
import { bond_option_active_slave_get_rcu } from '#kernel/infiniband/roce-filter.ts';
import { spin_lock_bh, spin_unlock_bh } from '#kernel/locking/spinlock.ts';
import {
  NETDEV_CHANGE,
  NETDEV_CHANGEADDR,
  NETDEV_DOWN,
  NETDEV_REGISTER,
  NETDEV_UNREGISTER,
  NETDEV_UP,
} from '#kernel/net/events.ts';
import { dev_hold } from '#kernel/net/netdevice.ts';
import type { NetDevice } from '#kernel/net/netdevice.ts';
import type { NetdevNotifierInfo } from '#kernel/net/notifier.ts';
import { ASSERT_RTNL } from '#kernel/net/rtnetlink.ts';
import { NOTIFY_DONE } from '#kernel/notifier.ts';
import type { NotifierBlock } from '#kernel/notifier.ts';
import { rcu_read_lock, rcu_read_unlock } from '#kernel/rcu.ts';
import { currentActor } from '#kernel/sched.ts';
import { MLX4_PROT_ETH } from '#prm/steering.ts';
import type { Atomic, MaySleep } from '#sim/task.ts';
import { mlx4_get_protocol_dev } from '../../mlx4_core/intf.ts';
import { mlx4_is_bonded } from '../../mlx4_core/main/bond.ts';
import { derefIbDev, partName } from '../mlx4_ib.ts';
import type { mlx4_ib_dev } from '../mlx4_ib.ts';
import { transportPorts } from './ports.ts';

const isListDesign = (ibdev: mlx4_ib_dev): boolean => ibdev.module.variant.interfaces === 'list';

/** Port that a netdev of this card belongs to, or 0. */
const portOf = (ibdev: mlx4_ib_dev, netdev: NetDevice): number =>
  netdev.parent === ibdev.ib_dev.parent ? netdev.dev_port + 1 : 0;

/** The netdev of a port, without a reference. */
function* findNetdev(ibdev: mlx4_ib_dev, port: number): Atomic<NetDevice | null> {
  if (isListDesign(ibdev)) {
    return (yield* mlx4_get_protocol_dev(ibdev.dev, MLX4_PROT_ETH, port)) as NetDevice | null;
  }
  return ibdev.k.net.devices.find((netdev) => portOf(ibdev, netdev) === port) ?? null;
}

/** While bonded: the active slave of the bond above a port's netdev, if there is one. */
function* activeSlave(netdev: NetDevice): Atomic<NetDevice> {
  const { master } = netdev;
  return master === null ? netdev : ((yield* bond_option_active_slave_get_rcu(master)) ?? netdev);
}

/** The netdev that stands for a port, with a reference of the running context; or null. */
export function* mlx4_ib_get_netdev(ibdev: mlx4_ib_dev, port: number): Atomic<NetDevice | null> {
  const { k, dev } = ibdev;
  yield* rcu_read_lock(k);
  let netdev = yield* findNetdev(ibdev, port);
  if (netdev !== null && (yield* mlx4_is_bonded(dev))) netdev = yield* activeSlave(netdev);
  if (netdev !== null) yield* dev_hold(netdev, currentActor(k), 'mlx4_ib_get_netdev');
  yield* rcu_read_unlock(k);
  return netdev;
}

/**
 * UP or DOWN of a port's netdev becomes a port event, unless the cached state says that the link
 * has not followed, or that it was told before. iboe.lock is held.
 */
function* reportLink(ibdev: mlx4_ib_dev, port: number, event: number): Atomic<void> {
  const { ib_dev, iboe } = ibdev;
  const state = yield* ib_get_cached_port_state(ib_dev, port);
  if (state === null) return;
  const up = event === NETDEV_UP;
  const [now, before] = up ? [IB_PORT_ACTIVE, IB_PORT_DOWN] : [IB_PORT_DOWN, IB_PORT_ACTIVE];
  if (state !== now || iboe.last_port_state[port] !== before) return;
  iboe.last_port_state[port] = state;
  yield* ib_dispatch_event({
    device: ib_dev,
    event: up ? IB_EVENT_PORT_ACTIVE : IB_EVENT_PORT_ERR,
    port_num: port,
  });
}

const updatesMac: ReadonlySet<number> = new Set([
  NETDEV_CHANGEADDR,
  NETDEV_REGISTER,
  NETDEV_UP,
  NETDEV_CHANGE,
]);

/** The port's source MAC for special queue pairs; only SR-IOV has more to do. */
function mlx4_ib_update_qps(ibdev: mlx4_ib_dev, netdev: NetDevice, port: number): void {
  ibdev.iboe.mac[port] = readMac(netdev.dev_addr);
}

/** List design: asks for the netdev of every port anew, whatever the event is about. */
function* mlx4_ib_scan_netdevs(
  ibdev: mlx4_ib_dev,
  netdev: NetDevice,
  event: number,
): MaySleep<void> {
  const { iboe, k } = ibdev;
  ASSERT_RTNL(k, 'drivers/infiniband/hw/mlx4/main.c (2331)');
  let updatePort = 0;
  yield* spin_lock_bh(iboe.lock);
  for (const port of transportPorts(ibdev.dev)) {
    const found = yield* mlx4_get_protocol_dev(ibdev.dev, MLX4_PROT_ETH, port);
    iboe.netdevs[port] = found as NetDevice | null;
    if (found !== netdev) continue;
    if (updatesMac.has(event)) updatePort = port;
    if (event === NETDEV_UP || event === NETDEV_DOWN) yield* reportLink(ibdev, port, event);
  }
  yield* spin_unlock_bh(iboe.lock);
  if (updatePort > 0) mlx4_ib_update_qps(ibdev, netdev, updatePort);
}

/** Auxiliary bus: remembers a netdev of this card until it is unregistered. */
function* mlx4_ib_scan_netdev(
  ibdev: mlx4_ib_dev,
  netdev: NetDevice,
  event: number,
): MaySleep<void> {
  const { iboe, k } = ibdev;
  ASSERT_RTNL(k, 'drivers/infiniband/hw/mlx4/main.c (2321)');
  const port = portOf(ibdev, netdev);
  if (port === 0) return;
  yield* spin_lock_bh(iboe.lock);
  iboe.netdevs[port] = event === NETDEV_UNREGISTER ? null : netdev;
  if (event === NETDEV_UP || event === NETDEV_DOWN) yield* reportLink(ibdev, port, event);
  yield* spin_unlock_bh(iboe.lock);
  if (updatesMac.has(event)) mlx4_ib_update_qps(ibdev, netdev, port);
}

function* mlx4_ib_netdev_event(
  pointer: mlx4_ib_dev,
  event: number,
  info: NetdevNotifierInfo,
): MaySleep<number> {
  const ibdev = derefIbDev(pointer.module, pointer, 'iboe_lock', 'mlx4_ib_netdev_event');
  if (isListDesign(ibdev)) yield* mlx4_ib_scan_netdevs(ibdev, info.dev, event);
  else yield* mlx4_ib_scan_netdev(ibdev, info.dev, event);
  return NOTIFY_DONE;
}

/** The block on the netdev chain. Its registration replays the netdevs that are there. */
export const netdevNotifier = (ibdev: mlx4_ib_dev): NotifierBlock<NetdevNotifierInfo> => ({
  name: `mlx4_ib_netdev_event(${partName(ibdev)})`,
  priority: 0,
  notifier_call: (event, info) => mlx4_ib_netdev_event(ibdev, event, info),
});
