// Making a netdev for a port (en_netdev.c: mlx4_en_init_netdev; facts/driver 8.2). The netdev is in
// pndev[] before it is registered, so events can find it early. Any error destroys what was made;
// the caller clears pndev[].
// Left out: DCB operations (the line about them is printed), PTP clock, VXLAN, RFS.

import { macBytes, writeMac } from '#bus/mac.ts';
import { fcsBytes } from '#bus/frame.ts';
import { pageBytes } from '#bus/memory.ts';
import { devlink_port_type_eth_set } from '#kernel/devlink.ts';
import { EINVAL } from '#kernel/errno.ts';
import { mutex_lock, mutex_unlock } from '#kernel/locking/mutex.ts';
import { spin_lock_init } from '#kernel/locking/spinlock.ts';
import {
  IFF_UNICAST_FLT,
  NETIF_F_HIGHDMA,
  NETIF_F_HW_VLAN_CTAG_RX,
  NETIF_F_HW_VLAN_CTAG_TX,
  NETIF_F_IP_CSUM,
  NETIF_F_IPV6_CSUM,
  NETIF_F_RXCSUM,
  NETIF_F_RXHASH,
} from '#kernel/net/flags.ts';
import { netif_carrier_off } from '#kernel/net/linkwatch.ts';
import { alloc_etherdev_mqs } from '#kernel/net/netdevice.ts';
import type { NetDevice } from '#kernel/net/netdevice.ts';
import { register_netdev } from '#kernel/net/register.ts';
import { INIT_DELAYED_WORK, INIT_WORK, queue_delayed_work } from '#kernel/workqueue.ts';
import { MLX4_STEERING_MODE_A0 } from '#prm/steering.ts';
import { Shared } from '#sim/shared.ts';
import type { MaySleep } from '#sim/task.ts';
import { mlx4_alloc_hwq_res } from '../../mlx4_core/alloc.ts';
import { mlx4_get_devlink_port } from '../../mlx4_core/intf.ts';
import { mlx4_has_cap2, MLX4_SINK_COUNTER_INDEX } from '../../mlx4_core/mlx4.ts';
import { mlx4_INIT_PORT, mlx4_SET_PORT_general } from '../../mlx4_core/port.ts';
import { mlx4_en_ethtool_ops } from '../en_ethtool.ts';
import { mlx4_en_calc_rx_buf } from '../en_rx.ts';
import { descriptorBytesMax } from '../en_tx_desc.ts';
import {
  DRV_NAME,
  en_err,
  en_info,
  en_warn,
  macText,
  MLX4_EN_MSG_LEVEL,
  MLX4_EN_RX_COAL_TARGET,
  MLX4_EN_RX_COAL_TIME,
  MLX4_EN_RX_COAL_TIME_HIGH,
  MLX4_EN_RX_COAL_TIME_LOW,
  MLX4_EN_RX_RATE_HIGH,
  MLX4_EN_RX_RATE_LOW,
  MLX4_EN_TX_COAL_PKTS,
  MLX4_EN_TX_COAL_TIME,
  MLX4_EN_WATCHDOG_TIMEOUT_S,
  portName,
} from '../mlx4_en.ts';
import type { mlx4_en_dev, mlx4_en_port_profile, mlx4_en_priv } from '../mlx4_en.ts';
import { mlx4_en_set_stats_bitmap } from '../mlx4_stats.ts';
import { mlx4_en_destroy_netdev } from './destroy.ts';
import { mlx4_netdev_ops } from './ops.ts';
import { mlx4_en_alloc_resources } from './resources.ts';
import { mlx4_en_do_set_rx_mode } from './rx-mode.ts';
import { tellNetdev } from './told.ts';
import {
  mlx4_en_do_get_stats,
  mlx4_en_linkstate_work,
  mlx4_en_restart,
  mlx4_en_service_task,
  mlx4_en_set_default_moderation,
  statsDelay,
} from './works.ts';

/** A 48-bit address that a netdev may have: unicast and not zero. */
const isValidMac = (mac: number): boolean =>
  mac > 0 && mac < 2 ** 48 && Math.floor(mac / 2 ** 40) % 2 === 0;

const features =
  NETIF_F_IP_CSUM |
  NETIF_F_IPV6_CSUM |
  NETIF_F_RXCSUM |
  NETIF_F_RXHASH |
  NETIF_F_HW_VLAN_CTAG_TX |
  NETIF_F_HW_VLAN_CTAG_RX |
  NETIF_F_HIGHDMA;

/** struct mlx4_en_priv as it is before anything was allocated. */
function makePriv(
  mdev: mlx4_en_dev,
  port: number,
  prof: mlx4_en_port_profile,
  dev: NetDevice,
): mlx4_en_priv {
  const { k } = mdev;
  const where = portName(mdev, port);
  const site = { module: DRV_NAME };
  const priv: mlx4_en_priv = {
    k,
    mdev,
    prof,
    dev,
    port,
    port_up: new Shared<boolean>(k.sim, `port_up(${where})`, false),
    registered: false,
    allocated: false,
    restarting: false,
    link_state: 'down',
    port_state: { link_state: false, link_speed: 0, transceiver: 0, autoneg: false },
    rx_mode_task: INIT_WORK(
      k,
      `mlx4_en_do_set_rx_mode(${where})`,
      () => mlx4_en_do_set_rx_mode(priv),
      site,
    ),
    restart_task: INIT_WORK(k, `mlx4_en_restart(${where})`, () => mlx4_en_restart(priv), site),
    linkstate_task: INIT_WORK(
      k,
      `mlx4_en_linkstate_work(${where})`,
      () => mlx4_en_linkstate_work(priv),
      site,
    ),
    stats_task: INIT_DELAYED_WORK(
      k,
      `mlx4_en_do_get_stats(${where})`,
      () => mlx4_en_do_get_stats(priv),
      site,
    ),
    service_task: INIT_DELAYED_WORK(
      k,
      `mlx4_en_service_task(${where})`,
      () => mlx4_en_service_task(priv),
      site,
    ),
    stats_lock: spin_lock_init(k, `stats_lock(${where})`),
    res: null,
    tx_ring: [],
    rx_ring: [],
    tx_cq: [],
    rx_cq: [],
    rss_map: { base_qpn: 0, qps: [], indir_qp: null, rss_qp: null },
    drop_qp: null,
    base_qpn: 0,
    mac_qpn: 0,
    counter_index: MLX4_SINK_COUNTER_INDEX(mdev.dev),
    msg_enable: MLX4_EN_MSG_LEVEL,
    flags: 0,
    pflags: 0,
    rx_skb_size: 0,
    num_frags: 0,
    mac_hash: new Set(),
    current_mac: mdev.dev.caps.def_mac[port] ?? 0,
    mc_list: [],
    curr_list: [],
    rx_frames: MLX4_EN_RX_COAL_TARGET,
    rx_usecs: MLX4_EN_RX_COAL_TIME,
    tx_frames: MLX4_EN_TX_COAL_PKTS,
    tx_usecs: MLX4_EN_TX_COAL_TIME,
    adaptive_rx_coal: true,
    pkt_rate_low: MLX4_EN_RX_RATE_LOW,
    pkt_rate_high: MLX4_EN_RX_RATE_HIGH,
    rx_usecs_low: MLX4_EN_RX_COAL_TIME_LOW,
    rx_usecs_high: MLX4_EN_RX_COAL_TIME_HIGH,
    sample_interval: 0,
    last_moder_time: [],
    last_moder_jiffies: 0,
    tx_timeouts: 0,
    hw_stats: new Map(),
    stats_bitmap: [],
    scratch: new Uint8Array(descriptorBytesMax),
  };
  return priv;
}

/** Rings, the dummy translation entry, and what the network core needs to know. */
function* setUpNetdev(priv: mlx4_en_priv): MaySleep<number> {
  const { dev, mdev, port, k } = priv;
  const { caps } = mdev.dev;
  if (!isValidMac(priv.current_mac)) {
    writeMac(dev.dev_addr, 0, priv.current_mac);
    en_err(priv, `Port: ${port}, invalid mac burned: ${macText(priv.current_mac)}, quitting`);
    return -EINVAL;
  }
  dev.dev_addr = new Uint8Array(macBytes);
  writeMac(dev.dev_addr, 0, priv.current_mac);
  dev.perm_addr = dev.dev_addr.slice();
  mlx4_en_calc_rx_buf(priv);
  const err = yield* mlx4_en_alloc_resources(priv);
  if (err !== 0) return err;
  const res = yield* mlx4_alloc_hwq_res(mdev.dev, pageBytes);
  if (typeof res === 'number') {
    en_err(priv, 'Failed to allocate page for rx qps');
    return res;
  }
  priv.res = res;
  priv.allocated = true;
  dev.ops = mlx4_netdev_ops;
  dev.ethtool_ops = mlx4_en_ethtool_ops;
  dev.watchdog_timeo = MLX4_EN_WATCHDOG_TIMEOUT_S * k.HZ;
  dev.features = features;
  dev.hw_features = features;
  dev.max_mtu = caps.eth_mtu_cap[port] ?? dev.max_mtu;
  if (caps.steering_mode !== MLX4_STEERING_MODE_A0) dev.priv_flags |= IFF_UNICAST_FLT;
  return 0;
}

/** The port's parameters on the card; it is initialised while the netdev is still down. */
function* setUpPort(priv: mlx4_en_priv): MaySleep<number> {
  const { mdev, port, prof } = priv;
  let err = yield* mlx4_SET_PORT_general(mdev.dev, port, priv.rx_skb_size + fcsBytes, prof);
  if (err !== 0) {
    const text = `Failed setting port general configurations for port ${port}`;
    en_err(priv, `${text}, with error ${err}`);
    return err;
  }
  en_warn(priv, 'Initializing port');
  err = yield* mlx4_INIT_PORT(mdev.dev, port);
  if (err !== 0) en_err(priv, 'Failed Initializing port');
  return err;
}

function* registerNetdev(priv: mlx4_en_priv): MaySleep<number> {
  const { k, dev, mdev, port, prof } = priv;
  priv.stats_bitmap = mlx4_en_set_stats_bitmap({
    flowStats: mlx4_has_cap2(mdev.dev, 'FLOWSTATS_EN'),
    rxPfc: prof.rx_ppp,
    txPfc: prof.tx_ppp,
    rxPause: prof.rx_pause !== 0,
    txPause: prof.tx_pause !== 0,
  });
  const devlinkPort = mlx4_get_devlink_port(mdev.dev, port);
  if (k.is612) devlink_port_type_eth_set(devlinkPort, () => dev.name);
  const err = yield* register_netdev(dev);
  if (err !== 0) {
    en_err(priv, `Netdev registration failed for port ${port}`);
    return err;
  }
  priv.registered = true;
  tellNetdev(priv, true);
  if (!k.is612) devlink_port_type_eth_set(devlinkPort, () => dev.name);
  return 0;
}

/** The steps that may fail, in order. */
function* buildNetdev(priv: mlx4_en_priv): MaySleep<number> {
  const { dev, mdev, port } = priv;
  if (!mlx4_has_cap2(mdev.dev, 'ETS_CFG')) en_info(priv, 'enabling only PFC DCB ops');
  let err = yield* setUpNetdev(priv);
  if (err !== 0) return err;
  yield* mdev.pndev[port]!.write(dev);
  yield* mdev.upper[port]!.write(null);
  yield* netif_carrier_off(dev);
  mlx4_en_set_default_moderation(priv);
  en_warn(priv, `Using ${priv.tx_ring.length} TX rings`);
  en_warn(priv, `Using ${priv.rx_ring.length} RX rings`);
  // The loopback state needs no command on a card without loopback control.
  yield* mutex_lock(mdev.state_lock);
  yield* mutex_unlock(mdev.state_lock);
  err = yield* setUpPort(priv);
  if (err !== 0) return err;
  yield* queue_delayed_work(mdev.workqueue, priv.stats_task, statsDelay(priv));
  yield* queue_delayed_work(mdev.workqueue, priv.service_task, statsDelay(priv));
  return yield* registerNetdev(priv);
}

/** A netdev for a port. 0, or a negative error with nothing left behind. */
export function* mlx4_en_init_netdev(
  mdev: mlx4_en_dev,
  port: number,
  prof: mlx4_en_port_profile,
): MaySleep<number> {
  const dev = alloc_etherdev_mqs(mdev.k, 'eth%d', prof.tx_ring_num);
  dev.parent = mdev.pdev;
  dev.dev_port = port - 1;
  const priv = makePriv(mdev, port, prof, dev);
  dev.priv = priv;
  const err = yield* buildNetdev(priv);
  if (err !== 0) yield* mlx4_en_destroy_netdev(dev);
  return err;
}
