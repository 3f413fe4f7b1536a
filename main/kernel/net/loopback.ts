// The device `lo` (drivers/net/loopback.c): what is sent comes in again on the same CPU. Number 1;
// user space opens it.

import type { Atomic, MaySleep } from '#sim/task.ts';
import type { Kernel } from '../kernel.ts';
import { alwaysLink } from './ethtool.ts';
import {
  ARPHRD_LOOPBACK,
  IFF_LIVE_ADDR_CHANGE,
  IFF_LOOPBACK,
  IFF_NO_QUEUE,
  NET_RX_SUCCESS,
  NETDEV_TX_OK,
  NETIF_F_HIGHDMA,
  NETIF_F_IP_CSUM,
  NETIF_F_LLTX,
  NETIF_F_LOOPBACK,
  NETIF_F_RXCSUM,
  NETIF_F_SG,
} from './flags.ts';
import { eth_mac_addr } from './eth.ts';
import { NetDevice } from './netdevice.ts';
import type { NetDeviceOps } from './netdevice.ts';
import { register_netdev } from './register.ts';
import { CHECKSUM_UNNECESSARY, eth_type_trans } from './skb.ts';
import type { SkBuff } from './skb.ts';
import { netif_rx } from './softnet.ts';

const LOOPBACK_IFINDEX = 1;

function* loopback_xmit(skb: SkBuff, dev: NetDevice): Atomic<number> {
  const { stats } = dev;
  eth_type_trans(skb, dev);
  skb.ip_summed = CHECKSUM_UNNECESSARY;
  if ((yield* netif_rx(skb)) === NET_RX_SUCCESS) {
    stats.rx_packets++;
    stats.tx_packets++;
    stats.rx_bytes += skb.len;
    stats.tx_bytes += skb.len;
  }
  return NETDEV_TX_OK;
}

const loopback_ops: NetDeviceOps = {
  ndo_start_xmit: loopback_xmit,
  ndo_set_mac_address: eth_mac_addr,
};

/**
 * Registers `lo`; a boot task calls it, before anything else of the network. 0 or a negative error.
 */
export function* net_dev_init(k: Kernel): MaySleep<number> {
  const dev = new NetDevice(k, 'lo', loopback_ops, 1);
  dev.ifindex = LOOPBACK_IFINDEX;
  dev.mtu = 65_536;
  dev.max_mtu = 0;
  dev.type = ARPHRD_LOOPBACK;
  dev.flags = IFF_LOOPBACK;
  dev.priv_flags |= IFF_LIVE_ADDR_CHANGE | IFF_NO_QUEUE;
  dev.broadcast = new Uint8Array(6);
  dev.hw_features = 0;
  dev.features =
    NETIF_F_SG |
    NETIF_F_IP_CSUM |
    NETIF_F_RXCSUM |
    NETIF_F_HIGHDMA |
    NETIF_F_LLTX |
    NETIF_F_LOOPBACK;
  dev.ethtool_ops = { get_link: alwaysLink };
  dev.needs_free_netdev = true;
  const err = yield* register_netdev(dev);
  if (err === 0) k.net.loopback_dev = dev;
  return err;
}
