// What ethtool asks of an mlx4_en netdev (en_ethtool.c; facts/driver 8.11): driver, link, private
// flags, message level, and the table of operations.
// Left out: self tests, flow steering rules, RSS tables, module EEPROM, port beacon, Wake-on-LAN,
// link modes by PTYS (the card offers no ETH_PROT_CTRL: the driver then tells of 10000baseT/Full
// only).

import { ENOMEM } from '#kernel/errno.ts';
import { ethtool_op_get_link, SPEED_UNKNOWN } from '#kernel/net/ethtool.ts';
import type {
  EthtoolDrvinfo,
  EthtoolOps,
  EthtoolStringSet,
  LinkKsettings,
} from '#kernel/net/ethtool.ts';
import { netdev_priv, netif_carrier_ok } from '#kernel/net/netdevice.ts';
import type { NetDevice } from '#kernel/net/netdevice.ts';
import type { MaySleep } from '#sim/task.ts';
import {
  mlx4_en_get_channels,
  mlx4_en_get_coalesce,
  mlx4_en_get_pauseparam,
  mlx4_en_get_ringparam,
  mlx4_en_set_coalesce,
  mlx4_en_set_pauseparam,
} from './en_ethtool/settings.ts';
import { mlx4_en_get_ethtool_stats, statisticsNames } from './en_ethtool/statistics.ts';
import { mlx4_en_QUERY_PORT } from './en_port.ts';
import { DRV_NAME, DRV_VERSION } from './mlx4_en.ts';
import type { mlx4_en_priv } from './mlx4_en.ts';

/** Names of the private flags, by bit. */
const mlx4_en_priv_flags = ['blueflame', 'phv-bit'] as const;

/** Transceiver codes of QUERY_PORT: up to here it is an optical module or a direct cable. */
const fibreMost = 0xc;
/** A connector without a transceiver. */
const copper = 0x80;

function* mlx4_en_get_drvinfo(dev: NetDevice): MaySleep<EthtoolDrvinfo> {
  const { mdev } = netdev_priv<mlx4_en_priv>(dev);
  const { major, minor, subminor } = mdev.dev.caps.fw_ver;
  return {
    driver: DRV_NAME,
    version: DRV_VERSION,
    fw_version: `${major}.${minor}.${subminor}`,
    bus_info: mdev.pdev.name,
  };
}

function portName(transceiver: number): string {
  if (transceiver > 0 && transceiver <= fibreMost) return 'FIBRE';
  return transceiver === copper || transceiver === 0 ? 'TP' : 'Other';
}

function* mlx4_en_get_link_ksettings(dev: NetDevice): MaySleep<LinkKsettings | number> {
  const priv = netdev_priv<mlx4_en_priv>(dev);
  if ((yield* mlx4_en_QUERY_PORT(priv.mdev, priv.port)) !== 0) return -ENOMEM;
  const { transceiver, link_speed } = priv.port_state;
  const up = netif_carrier_ok(dev);
  const modes = ['10000baseT/Full'];
  return {
    speed: up ? link_speed : SPEED_UNKNOWN,
    duplex: up ? 'full' : 'unknown',
    autoneg: false,
    port: portName(transceiver),
    supported: modes,
    advertising: modes,
  };
}

function mlx4_en_get_strings(dev: NetDevice, set: EthtoolStringSet): readonly string[] {
  if (set === 'stats') return statisticsNames(dev);
  return set === 'priv-flags' ? mlx4_en_priv_flags : [];
}

function* mlx4_en_get_priv_flags(dev: NetDevice): MaySleep<number> {
  return netdev_priv<mlx4_en_priv>(dev).pflags;
}

function* mlx4_en_get_msglevel(dev: NetDevice): MaySleep<number> {
  return netdev_priv<mlx4_en_priv>(dev).msg_enable;
}

function* mlx4_en_set_msglevel(dev: NetDevice, level: number): MaySleep<void> {
  netdev_priv<mlx4_en_priv>(dev).msg_enable = level;
}

export const mlx4_en_ethtool_ops: EthtoolOps = {
  get_drvinfo: mlx4_en_get_drvinfo,
  get_link: ethtool_op_get_link,
  get_link_ksettings: mlx4_en_get_link_ksettings,
  get_ringparam: mlx4_en_get_ringparam,
  get_channels: mlx4_en_get_channels,
  get_pauseparam: mlx4_en_get_pauseparam,
  set_pauseparam: mlx4_en_set_pauseparam,
  get_coalesce: mlx4_en_get_coalesce,
  set_coalesce: mlx4_en_set_coalesce,
  get_strings: mlx4_en_get_strings,
  get_ethtool_stats: mlx4_en_get_ethtool_stats,
  get_priv_flags: mlx4_en_get_priv_flags,
  get_msglevel: mlx4_en_get_msglevel,
  set_msglevel: mlx4_en_set_msglevel,
};
