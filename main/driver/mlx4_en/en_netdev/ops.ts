// The table of ndo callbacks (en_netdev.c: mlx4_netdev_ops). Left out: VLAN filters (the slice of
// the network stack has no 8021q device), XDP, tunnels, time stamps, SR-IOV.

import type { NetDeviceOps } from '#kernel/net/netdevice.ts';
import { mlx4_en_xmit } from '../en_tx.ts';
import { mlx4_en_set_mac } from './mac.ts';
import {
  mlx4_en_change_mtu,
  mlx4_en_close,
  mlx4_en_get_stats64,
  mlx4_en_open,
  mlx4_en_set_features,
} from './open.ts';
import { mlx4_en_set_rx_mode } from './rx-mode.ts';
import { mlx4_en_tx_timeout } from './tx-timeout.ts';

export const mlx4_netdev_ops: NetDeviceOps = {
  ndo_open: mlx4_en_open,
  ndo_stop: mlx4_en_close,
  ndo_start_xmit: mlx4_en_xmit,
  ndo_set_rx_mode: mlx4_en_set_rx_mode,
  ndo_set_mac_address: mlx4_en_set_mac,
  ndo_change_mtu: mlx4_en_change_mtu,
  ndo_get_stats: mlx4_en_get_stats64,
  ndo_tx_timeout: mlx4_en_tx_timeout,
  ndo_set_features: mlx4_en_set_features,
};
