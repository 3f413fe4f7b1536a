// Binding mlx4_ib to a card (main.c: mlx4_ib_add, mlx4_ib_probe; facts/driver 1.7, 3.10): domain
// and doorbell page, event queues, who the node is, counters, registration with the RDMA core,
// agents, the netdev notifier. What is read of the bonded flag here stays: phys_port_cnt is never
// updated, so bonding restarts the part.
// Unprotected: the bonded flag, read three times on the way; it may change in between (facts 7.5,
// R3).
// Left out: SR-IOV, flow steering (this driver steers by groups).

import { pageBytes } from '#bus/memory.ts';
import type { AuxiliaryDevice } from '#kernel/base/auxiliary.ts';
import { devlink_port_type_ib_set } from '#kernel/devlink.ts';
import { ENODEV, ENOMEM } from '#kernel/errno.ts';
import { ib_alloc_device, ib_dealloc_device } from '#kernel/infiniband/ib-device.ts';
import type { IbDevice } from '#kernel/infiniband/ib-device.ts';
import { IB_PORT_DOWN } from '#kernel/infiniband/ib-verbs.ts';
import { ib_register_device } from '#kernel/infiniband/register.ts';
import { ib_unregister_device } from '#kernel/infiniband/unregister.ts';
import { mutex_init } from '#kernel/locking/mutex.ts';
import { spin_lock_init } from '#kernel/locking/spinlock.ts';
import {
  register_netdevice_notifier,
  unregister_netdevice_notifier,
} from '#kernel/net/notifier.ts';
import { ioremap, iounmap } from '#kernel/pci/io.ts';
import { pr_warn } from '#kernel/printk.ts';
import { flush_workqueue } from '#kernel/workqueue.ts';
import {
  IB_SMP_ATTR_NODE_DESC,
  IB_SMP_ATTR_NODE_INFO,
  nodeDescriptionBytes,
  nodeInfo,
} from '#prm/mad.ts';
import { Shared } from '#sim/shared.ts';
import type { MaySleep } from '#sim/task.ts';
import { mlx4_config_roce_v2_port } from '../../mlx4_core/fw.ts';
import { mlx4_get_devlink_port, mlx4_register_event_notifier } from '../../mlx4_core/intf.ts';
import { mlx4_is_bonded } from '../../mlx4_core/main/bond.ts';
import { mlx4_has_cap2, MLX4_PORT_TYPE_ETH } from '../../mlx4_core/mlx4.ts';
import type { mlx4_adev, mlx4_dev } from '../../mlx4_core/mlx4.ts';
import { mlx4_pd_alloc, mlx4_pd_free, mlx4_uar_alloc, mlx4_uar_free } from '../../mlx4_core/pd.ts';
import { mlx4_ib_mad_cleanup, mlx4_ib_mad_init, querySmp } from '../mad.ts';
import { DRV_NAME, DRV_VERSION, ib_err, ib_info, partNameOf, queueOf } from '../mlx4_ib.ts';
import type { mlx4_ib_dev, mlx4_ib_module } from '../mlx4_ib.ts';
import {
  addCounters,
  deleteCounters,
  emptyCounters,
  mlx4_ib_alloc_diag_counters,
} from './counters.ts';
import { mlx4_ib_alloc_eqs, mlx4_ib_free_eqs } from './eqs.ts';
import { eventNotifier } from './event.ts';
import { emptyGids } from './gids.ts';
import { netdevNotifier } from './netdev.ts';
import { mlx4_ib_dev_ops } from './ops.ts';
import { ibPorts, transportPorts } from './ports.ts';
import { mlx4_ib_query_sl2vl } from './query.ts';

/** UDP port of RoCE v2 packets. */
const ROCE_V2_UDP_DPORT = 4791;

const functionNames = { list: 'mlx4_ib_add', auxiliary: 'mlx4_ib_probe' } as const;

/** The version line, once per load of the module. */
function printVersion(state: mlx4_ib_module, functionName: string): void {
  if (state.versionPrinted) return;
  state.versionPrinted = true;
  const text = `${DRV_NAME}: Mellanox ConnectX InfiniBand driver v${DRV_VERSION}`;
  ib_info(state, functionName, text);
}

/** A fresh struct mlx4_ib_dev around a fresh device. */
function emptyDevice(
  state: mlx4_ib_module,
  dev: mlx4_dev,
  ib_dev: IbDevice<mlx4_ib_dev>,
): mlx4_ib_dev {
  const { k } = state;
  const name = ib_dev.instanceName;
  const perPort = <T>(value: () => T): T[] => [0, ...transportPorts(dev)].map(() => value());
  const ibdev = {
    k,
    module: state,
    dev,
    ib_dev,
    num_ports: transportPorts(dev).length,
    send_agent: [],
    sm_ah: perPort(() => null),
    sm_lock: spin_lock_init(k, `sm_lock(${name})`),
    sl2vl: perPort(() => 0n),
    cap_mask_mutex: mutex_init(k, `cap_mask_mutex(${name})`),
    ib_active: new Shared<boolean>(k.sim, `ib_active(${name})`, false),
    iboe: {
      lock: spin_lock_init(k, `iboe.lock(${name})`),
      netdevs: perPort(() => null),
      mac: [],
      nb: null,
      last_port_state: perPort(() => IB_PORT_DOWN),
      gids: perPort(emptyGids),
    },
    counters_table: [],
    eq_table: null,
    reset_flow_resource_lock: spin_lock_init(k, `reset_flow_resource_lock(${name})`),
    qp_list: [],
    diag_counters: [],
    mlx_nb: null,
  } as Partial<mlx4_ib_dev> as mlx4_ib_dev;
  for (let port = 0; port <= ibdev.num_ports; port++) {
    ibdev.counters_table.push(emptyCounters(ibdev, port));
  }
  ib_dev.driverData = ibdev;
  return ibdev;
}

/** Domain, doorbell page and its mapping. 0, or a negative error with everything given back. */
function* allocateCardResources(ibdev: mlx4_ib_dev): MaySleep<number> {
  const { dev } = ibdev;
  const pdn = yield* mlx4_pd_alloc(dev);
  if (pdn < 0) return pdn;
  ibdev.priv_pdn = pdn;
  const uar = yield* mlx4_uar_alloc(dev);
  if (typeof uar === 'number') {
    yield* mlx4_pd_free(dev, pdn);
    return uar;
  }
  ibdev.priv_uar = uar;
  const map = ioremap(dev.persist.pdev, 2, uar.index * pageBytes, pageBytes);
  if (map !== null) {
    ibdev.uar_map = map;
    return 0;
  }
  yield* mlx4_uar_free(dev, uar);
  yield* mlx4_pd_free(dev, pdn);
  return -ENOMEM;
}

/** Text of the node description, up to the first zero byte. */
function descriptionText(data: Uint8Array): string {
  const end = data.subarray(0, nodeDescriptionBytes).indexOf(0);
  const bytes = data.subarray(0, end < 0 ? nodeDescriptionBytes : end);
  return String.fromCharCode(...bytes);
}

/** Who the card is: two queries, whose failure ends the attempt. */
function* init_node_data(ibdev: mlx4_ib_dev): MaySleep<number> {
  const description = yield* querySmp(ibdev, 1, IB_SMP_ATTR_NODE_DESC);
  if (typeof description === 'number') return description;
  ibdev.ib_dev.node_desc = descriptionText(description);
  const node = yield* querySmp(ibdev, 1, IB_SMP_ATTR_NODE_INFO);
  if (typeof node === 'number') return node;
  ibdev.dev.rev_id = nodeInfo.get(node, 'revision');
  ibdev.ib_dev.node_guid = nodeInfo.get(node, 'node_guid');
  return 0;
}

/** The SL to VL map of InfiniBand ports; zero where firmware does not say. */
function* mlx4_init_sl2vl_tbl(ibdev: mlx4_ib_dev): MaySleep<void> {
  const { dev } = ibdev;
  for (let port = 1; port <= dev.caps.num_ports; port++) {
    if (dev.caps.port_type[port] === MLX4_PORT_TYPE_ETH) continue;
    const table = yield* mlx4_ib_query_sl2vl(ibdev, port);
    if (typeof table === 'number') {
      const text = `Unable to get default sl to vl mapping for port ${port}.`;
      ib_err(ibdev.module, 'mlx4_init_sl2vl_tbl', `${text}  Using all zeroes (${table})`);
    }
    ibdev.sl2vl[port] = typeof table === 'number' ? 0n : table;
  }
}

/** How far an attempt got: what giveBack() must undo, the last first. */
type Stage = 'eqs' | 'counters' | 'registered' | 'mad' | 'notifier';
const stages: readonly Stage[] = ['eqs', 'counters', 'registered', 'mad', 'notifier'];

/** Undoes a failed attempt from a stage on downwards (the labels err_notif to err_dealloc). */
function* giveBack(ibdev: mlx4_ib_dev, from: Stage): MaySleep<void> {
  const reached = (stage: Stage): boolean => stages.indexOf(from) >= stages.indexOf(stage);
  const { dev, iboe } = ibdev;
  if (reached('notifier')) {
    if (iboe.nb !== null) yield* unregister_netdevice_notifier(ibdev.k, iboe.nb);
    iboe.nb = null;
    yield* flush_workqueue(queueOf(ibdev.module));
  }
  if (reached('mad')) yield* mlx4_ib_mad_cleanup(ibdev);
  if (reached('registered')) yield* ib_unregister_device(ibdev.ib_dev);
  if (reached('counters')) yield* deleteCounters(ibdev);
  yield* mlx4_ib_free_eqs(ibdev);
  iounmap(ibdev.uar_map);
  yield* mlx4_uar_free(dev, ibdev.priv_uar);
  yield* mlx4_pd_free(dev, ibdev.priv_pdn);
  yield* ib_dealloc_device(ibdev.ib_dev);
}

/** The netdev notifier, whose registration replays every netdev; and the UDP port of RoCE v2. */
function* registerNotifier(ibdev: mlx4_ib_dev): MaySleep<number> {
  const { dev, iboe, k } = ibdev;
  iboe.nb = netdevNotifier(ibdev);
  const err = yield* register_netdevice_notifier(k, iboe.nb);
  if (err !== 0) {
    iboe.nb = null;
    return err;
  }
  if (!mlx4_has_cap2(dev, 'ROCE_V1_V2')) return 0;
  return yield* mlx4_config_roce_v2_port(dev, ROCE_V2_UDP_DPORT);
}

/** From registration with the core on. 0, or a negative error with everything given back. */
function* registerPart(ibdev: mlx4_ib_dev): MaySleep<number> {
  const { dev, ib_dev } = ibdev;
  for (const [port, mac] of dev.caps.def_mac.entries()) ibdev.iboe.mac[port] = mac;
  mlx4_ib_alloc_diag_counters(ibdev);
  let err = yield* ib_register_device(ib_dev, 'mlx4_%d', dev.persist.pdev);
  if (err !== 0) {
    yield* giveBack(ibdev, 'counters');
    return err;
  }
  err = yield* mlx4_ib_mad_init(ibdev);
  if (err !== 0) {
    yield* giveBack(ibdev, 'registered');
    return err;
  }
  err = yield* registerNotifier(ibdev);
  if (err !== 0) {
    yield* giveBack(ibdev, 'notifier');
    return err;
  }
  yield* ibdev.ib_active.write(true);
  for (const port of ibPorts(dev)) {
    devlink_port_type_ib_set(mlx4_get_devlink_port(dev, port), () => ib_dev.name);
  }
  return 0;
}

/** What add and probe have in common: a part that is registered, or a negative error. */
function* bindPart(state: mlx4_ib_module, dev: mlx4_dev): MaySleep<mlx4_ib_dev | number> {
  const functionName = functionNames[state.variant.interfaces];
  const { pdev } = dev.persist;
  printVersion(state, functionName);
  if (transportPorts(dev).length === 0) return -ENODEV;
  const ib_dev = yield* ib_alloc_device<mlx4_ib_dev>(
    state.k,
    partNameOf(dev),
    pdev,
    mlx4_ib_dev_ops(state),
  );
  const ibdev = emptyDevice(state, dev, ib_dev);
  let err = yield* allocateCardResources(ibdev);
  if (err !== 0) {
    yield* ib_dealloc_device(ib_dev);
    return err;
  }
  ib_dev.local_dma_lkey = dev.caps.reserved_lkey;
  ib_dev.phys_port_cnt = (yield* mlx4_is_bonded(dev)) ? 1 : ibdev.num_ports;
  yield* mlx4_ib_alloc_eqs(ibdev);
  err = yield* init_node_data(ibdev);
  if (err !== 0) {
    yield* giveBack(ibdev, 'eqs');
    return err;
  }
  yield* mlx4_init_sl2vl_tbl(ibdev);
  yield* addCounters(ibdev, functionName);
  err = yield* registerPart(ibdev);
  return err === 0 ? ibdev : err;
}

/** Event chain: asks for the card's events, as the very last step. */
function* registerForEvents(ibdev: mlx4_ib_dev): MaySleep<void> {
  if (ibdev.module.variant.eventDelivery !== 'chain') return;
  ibdev.mlx_nb = eventNotifier(ibdev);
  const err = yield* mlx4_register_event_notifier(ibdev.dev, ibdev.mlx_nb);
  if (err !== 0) pr_warn(ibdev.k, `failed to register mlx4 event notifier (${err})`);
}

/** List design: intf->add(). Null when the card cannot have this part now; nobody asks why. */
export function* mlx4_ib_add(state: mlx4_ib_module, dev: mlx4_dev): MaySleep<mlx4_ib_dev | null> {
  const ibdev = yield* bindPart(state, dev);
  if (typeof ibdev === 'number') return null;
  yield* registerForEvents(ibdev);
  return ibdev;
}

/** Auxiliary design. */
export function* mlx4_ib_probe(state: mlx4_ib_module, adev: AuxiliaryDevice): MaySleep<number> {
  const ibdev = yield* bindPart(state, (adev as mlx4_adev).mdev);
  if (typeof ibdev === 'number') return ibdev;
  yield* registerForEvents(ibdev);
  adev.drvdata = ibdev;
  return 0;
}
