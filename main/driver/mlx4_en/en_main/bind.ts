// Binding mlx4_en to a card and letting it go again (en_main.c), in both designs: the interface
// list of 6.1 (mlx4_en_add, mlx4_en_activate; facts/driver 2) and the auxiliary bus (mlx4_en_probe;
// 3.11). What happens is the same; only the order of activation and the delivery of events differ.
// In all designs but `early-unregister` the netdev notifier stays registered while the netdevs are
// destroyed: the driver hears of its own removal. That variant drops it first (facts 4.4, MID-d).
// Left out: PTP clock, SR-IOV, kdump profile.

import { pageBytes } from '#bus/memory.ts';
import type { AuxiliaryDevice } from '#kernel/base/auxiliary.ts';
import { ENOMEM } from '#kernel/errno.ts';
import { mutex_init, mutex_lock, mutex_unlock } from '#kernel/locking/mutex.ts';
import { spin_lock_init } from '#kernel/locking/spinlock.ts';
import { netdev_priv } from '#kernel/net/netdevice.ts';
import type { NetDevice } from '#kernel/net/netdevice.ts';
import {
  register_netdevice_notifier,
  unregister_netdevice_notifier,
} from '#kernel/net/notifier.ts';
import { NOTIFY_DONE } from '#kernel/notifier.ts';
import { ioremap, iounmap } from '#kernel/pci/io.ts';
import { pr_info, pr_warn } from '#kernel/printk.ts';
import { create_singlethread_workqueue, destroy_workqueue, queue_work } from '#kernel/workqueue.ts';
import { Shared } from '#sim/shared.ts';
import type { Atomic, MaySleep } from '#sim/task.ts';
import {
  mlx4_register_event_notifier,
  mlx4_unregister_event_notifier,
} from '../../mlx4_core/intf.ts';
import {
  MLX4_DEV_EVENT_CATASTROPHIC_ERROR,
  MLX4_DEV_EVENT_PORT_DOWN,
  MLX4_DEV_EVENT_PORT_UP,
  MLX4_DEV_EVENT_SLAVE_INIT,
  MLX4_DEV_EVENT_SLAVE_SHUTDOWN,
  mlx4_has_cap,
} from '../../mlx4_core/mlx4.ts';
import type { mlx4_adev, mlx4_adrv, mlx4_dev, mlx4_interface } from '../../mlx4_core/mlx4.ts';
import { MLX4_PROT_ETH } from '#prm/steering.ts';
import { mlx4_mr_alloc_physical, mlx4_mr_enable, mlx4_mr_free } from '../../mlx4_core/mr.ts';
import { mlx4_pd_alloc, mlx4_pd_free, mlx4_uar_alloc, mlx4_uar_free } from '../../mlx4_core/pd.ts';
import { mlx4_en_destroy_netdev } from '../en_netdev/destroy.ts';
import { mlx4_en_init_netdev } from '../en_netdev/init.ts';
import { netdevNotifier } from '../en_netdev/notifier.ts';
import { mlx4_en_get_profile, mlx4_en_set_num_rx_rings } from '../en_profile.ts';
import { DRV_VERSION, ethPorts, mlx4_err, mlx4_info, mlx4_warn } from '../mlx4_en.ts';
import type { mlx4_en_dev, mlx4_en_module, mlx4_en_priv } from '../mlx4_en.ts';

/** Page size of the driver's doorbell mapping, bytes. */
const uarMapBytes = pageBytes;

/** The version line, once per load of the module (printk_once). */
function printVersion(state: mlx4_en_module): void {
  if (state.versionPrinted) return;
  state.versionPrinted = true;
  pr_info(state.k, `mlx4_en: Mellanox ConnectX HCA Ethernet driver v${DRV_VERSION}`);
}

/** A fresh struct mlx4_en_dev; members that need the card come in allocateCardResources(). */
function emptyDevice(state: mlx4_en_module, dev: mlx4_dev): mlx4_en_dev {
  const { k } = state;
  const { pdev } = dev.persist;
  const card = pdev.function.name;
  const cells = (name: string): Shared<NetDevice | null>[] =>
    [0, 1, 2].map((i) => new Shared<NetDevice | null>(k.sim, `${name}[${i}](${card})`, null));
  return {
    k,
    module: state,
    dev,
    pdev,
    state_lock: mutex_init(k, `state_lock(${card})`),
    pndev: cells('pndev'),
    upper: cells('upper'),
    prof: [null, null, null],
    mac_removed: [false, false, false],
    device_up: false,
    port_cnt: 0,
    LSO_support: mlx4_has_cap(dev, 'BLH'),
    uar_lock: spin_lock_init(k, `uar_lock(${card})`),
    priv_pdn: 0,
    netdev_nb: null,
    mlx_nb: null,
  } as Partial<mlx4_en_dev> as mlx4_en_dev;
}

/** PD, UAR and the memory region for everything. A negative error, with everything given back. */
function* allocateCardResources(mdev: mlx4_en_dev): MaySleep<number> {
  const { dev } = mdev;
  const pd = yield* mlx4_pd_alloc(dev);
  if (pd < 0) return pd;
  mdev.priv_pdn = pd;
  const uar = yield* mlx4_uar_alloc(dev);
  if (typeof uar === 'number') {
    yield* mlx4_pd_free(dev, pd);
    return uar;
  }
  mdev.priv_uar = uar;
  const map = ioremap(mdev.pdev, 2, uar.index * uarMapBytes, uarMapBytes);
  if (map === null) {
    yield* freeCardResources(mdev, 'uar');
    return -ENOMEM;
  }
  mdev.uar_map = map;
  if (!mdev.LSO_support) {
    mlx4_warn(mdev, 'LSO not supported, please upgrade to later FW version to enable LSO');
  }
  const mr = yield* mlx4_mr_alloc_physical(dev, pd);
  if (typeof mr === 'number') {
    mlx4_err(mdev, 'Failed allocating memory region');
    yield* freeCardResources(mdev, 'map');
    return mr;
  }
  mdev.mr = mr;
  const err = yield* mlx4_mr_enable(dev, mr);
  if (err !== 0) {
    mlx4_err(mdev, 'Failed enabling memory region');
    yield* freeCardResources(mdev, 'mr');
  }
  return err;
}

/** Gives resources back, from the last that was allocated. */
function* freeCardResources(mdev: mlx4_en_dev, last: 'mr' | 'map' | 'uar'): MaySleep<void> {
  const { dev } = mdev;
  if (last === 'mr') yield* mlx4_mr_free(dev, mdev.mr);
  if (last !== 'uar') iounmap(mdev.uar_map);
  yield* mlx4_uar_free(dev, mdev.priv_uar);
  yield* mlx4_pd_free(dev, mdev.priv_pdn);
}

/** What add and probe have in common, up to the point where the card may have netdevs. */
function* setUpDevice(state: mlx4_en_module, dev: mlx4_dev): MaySleep<mlx4_en_dev | number> {
  printVersion(state);
  const mdev = emptyDevice(state, dev);
  const err = yield* allocateCardResources(mdev);
  if (err !== 0) return err;
  mlx4_en_get_profile(mdev);
  mdev.port_cnt = ethPorts(mdev).length;
  mlx4_en_set_num_rx_rings(mdev);
  const card = mdev.pdev.function.name;
  mdev.workqueue = create_singlethread_workqueue(state.k, 'mlx4_en', `mlx4_en@${card}`);
  mdev.device_up = true;
  if (state.variant.eventDelivery === 'chain') yield* registerForEvents(mdev);
  return mdev;
}

/** Event chain: events may come from here on, before the netdevs exist. */
function* registerForEvents(mdev: mlx4_en_dev): MaySleep<void> {
  mdev.mlx_nb = {
    name: `mlx4_en_event(${mdev.pdev.function.name})`,
    priority: 0,
    notifier_call: (event, param) => mlx4_en_event_notifier(mdev, event, param),
  };
  const err = yield* mlx4_register_event_notifier(mdev.dev, mdev.mlx_nb);
  if (err !== 0) pr_warn(mdev.k, `failed to register mlx4 event notifier (${err})`);
}

/** A netdev for every Ethernet port, then the notifier: its replay tells of them all. */
function* makeNetdevs(mdev: mlx4_en_dev, complaint: string): MaySleep<void> {
  for (const port of ethPorts(mdev)) {
    mlx4_info(mdev, `Activating port:${port}`);
    const err = yield* mlx4_en_init_netdev(mdev, port, mdev.prof[port]!);
    if (err !== 0) yield* mdev.pndev[port]!.write(null);
  }
  mdev.netdev_nb = netdevNotifier(mdev);
  const err = yield* register_netdevice_notifier(mdev.k, mdev.netdev_nb);
  if (err === 0) return;
  mdev.netdev_nb = null;
  mlx4_err(mdev, complaint);
}

/** List design: intf->add(). Null when the card cannot have an Ethernet part. */
function* mlx4_en_add(state: mlx4_en_module, dev: mlx4_dev): MaySleep<mlx4_en_dev | null> {
  const mdev = yield* setUpDevice(state, dev);
  return typeof mdev === 'number' ? null : mdev;
}

/** List design: intf->activate(), when the interface is on the card's list already. */
function* mlx4_en_activate(mdev: mlx4_en_dev): MaySleep<void> {
  yield* makeNetdevs(mdev, 'Failed to create notifier');
}

/** Auxiliary design. */
function* mlx4_en_probe(state: mlx4_en_module, adev: AuxiliaryDevice): MaySleep<number> {
  const { mdev: dev } = adev as mlx4_adev;
  const mdev = yield* setUpDevice(state, dev);
  if (typeof mdev === 'number') return mdev;
  yield* makeNetdevs(mdev, 'Failed to create netdev notifier');
  adev.drvdata = mdev;
  return 0;
}

function* dropNetdevNotifier(mdev: mlx4_en_dev): MaySleep<void> {
  if (mdev.netdev_nb === null) return;
  yield* unregister_netdevice_notifier(mdev.k, mdev.netdev_nb);
  mdev.netdev_nb = null;
}

/** Both designs: everything back, the netdevs first. */
function* mlx4_en_remove(mdev: mlx4_en_dev): MaySleep<void> {
  if (mdev.module.variant.netdevNotifierUnregister === 'early') yield* dropNetdevNotifier(mdev);
  if (mdev.mlx_nb !== null) yield* mlx4_unregister_event_notifier(mdev.dev, mdev.mlx_nb);
  yield* mutex_lock(mdev.state_lock);
  mdev.device_up = false;
  yield* mutex_unlock(mdev.state_lock);
  for (const port of ethPorts(mdev)) {
    const netdev = yield* mdev.pndev[port]!.read();
    if (netdev !== null) yield* mlx4_en_destroy_netdev(netdev);
  }
  yield* destroy_workqueue(mdev.workqueue);
  yield* freeCardResources(mdev, 'mr');
  yield* dropNetdevNotifier(mdev);
}

/** A device event, maybe in a hard interrupt: port changes go to the linkstate work. */
function* mlx4_en_event(mdev: mlx4_en_dev, event: number, port: number): Atomic<void> {
  if (event === MLX4_DEV_EVENT_CATASTROPHIC_ERROR) {
    mlx4_err(mdev, 'Internal error detected, restarting device');
    return;
  }
  if (event === MLX4_DEV_EVENT_SLAVE_INIT || event === MLX4_DEV_EVENT_SLAVE_SHUTDOWN) return;
  if (!(port >= 1 && port <= mdev.dev.caps.num_ports)) return;
  const netdev = yield* mdev.pndev[port]!.read();
  if (netdev === null) return;
  if (event !== MLX4_DEV_EVENT_PORT_UP && event !== MLX4_DEV_EVENT_PORT_DOWN) {
    mlx4_warn(mdev, `Unhandled event ${event} for port ${port}`);
    return;
  }
  const priv = netdev_priv<mlx4_en_priv>(netdev);
  // To prevent races, the state is only noted here; the work asks the card.
  priv.link_state = event === MLX4_DEV_EVENT_PORT_UP ? 'up' : 'down';
  yield* queue_work(mdev.workqueue, priv.linkstate_task);
}

/** List design: the netdev of a port, for mlx4_ib. No reference is taken. */
function* mlx4_en_get_netdev(mdev: mlx4_en_dev, port: number): Atomic<NetDevice | null> {
  return yield* mdev.pndev[port]!.read();
}

/** The same as a block on the card's event chain; `param` is a port number for port events. */
function* mlx4_en_event_notifier(mdev: mlx4_en_dev, event: number, param: unknown): Atomic<number> {
  yield* mlx4_en_event(mdev, event, typeof param === 'number' ? param : 0);
  return NOTIFY_DONE;
}

/** What the list design registers. */
export const mlx4_en_interface = (state: mlx4_en_module): mlx4_interface => ({
  name: 'mlx4_en',
  protocol: MLX4_PROT_ETH,
  flags: 0,
  module: state.module,
  add: (dev) => mlx4_en_add(state, dev),
  remove: (_dev, context) => mlx4_en_remove(context as mlx4_en_dev),
  event: (_dev, context, event, param) =>
    mlx4_en_event(context as mlx4_en_dev, event, typeof param === 'number' ? param : 0),
  get_dev: (_dev, context, port) => mlx4_en_get_netdev(context as mlx4_en_dev, port),
  activate: (_dev, context) => mlx4_en_activate(context as mlx4_en_dev),
});

/** What the auxiliary design registers. */
export const mlx4_en_adrv = (state: mlx4_en_module): mlx4_adrv => ({
  name: 'eth',
  protocol: MLX4_PROT_ETH,
  flags: 0,
  id_table: ['mlx4_core.eth'],
  probe: (adev) => mlx4_en_probe(state, adev),
  remove: (adev) => mlx4_en_remove(adev.drvdata as mlx4_en_dev),
});
