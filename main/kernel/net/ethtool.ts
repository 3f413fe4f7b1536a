// What a driver offers to ethtool (include/linux/ethtool.h: struct ethtool_ops), as values and not
// as ioctl buffers. Everything is called under RTNL and may sleep. What is missing is -EOPNOTSUPP
// for the user. Left out: flow rules, RSS tables, module EEPROM, time stamping, PHY statistics.

import type { MaySleep } from '#sim/task.ts';
import type { NetDevice } from './netdevice.ts';

/** `ethtool -i`. */
export interface EthtoolDrvinfo {
  driver: string;
  version: string;
  fw_version: string;
  bus_info: string;
  n_stats?: number;
  n_priv_flags?: number;
}

/** Speed of a link that is down or whose driver does not say. */
export const SPEED_UNKNOWN = -1;

/** `ethtool DEVICE`. */
export interface LinkKsettings {
  /** Mb/s, or SPEED_UNKNOWN. */
  readonly speed: number;
  readonly duplex: 'half' | 'full' | 'unknown';
  readonly autoneg: boolean;
  /** `FIBRE`, `TP`, `DA`, `AUI`, `Other` … */
  readonly port: string;
  /** Names of link modes, for example `40000baseCR4/Full`. */
  readonly supported?: readonly string[];
  readonly advertising?: readonly string[];
}

/** `ethtool -g`. */
export interface EthtoolRingparam {
  readonly rx_max_pending: number;
  readonly tx_max_pending: number;
  readonly rx_pending: number;
  readonly tx_pending: number;
}

/** `ethtool -l`. */
export interface EthtoolChannels {
  readonly max_rx: number;
  readonly max_tx: number;
  readonly max_combined?: number;
  readonly rx_count: number;
  readonly tx_count: number;
  readonly combined_count?: number;
}

/** `ethtool -a`. */
export interface EthtoolPauseparam {
  readonly autoneg: boolean;
  readonly rx_pause: boolean;
  readonly tx_pause: boolean;
}

/** `ethtool -c`. */
export interface EthtoolCoalesce {
  readonly rx_coalesce_usecs: number;
  readonly rx_max_coalesced_frames: number;
  readonly tx_coalesce_usecs: number;
  readonly tx_max_coalesced_frames: number;
  readonly use_adaptive_rx_coalesce: boolean;
  readonly pkt_rate_low?: number;
  readonly rx_coalesce_usecs_low?: number;
  readonly pkt_rate_high?: number;
  readonly rx_coalesce_usecs_high?: number;
  readonly rate_sample_interval?: number;
  readonly tx_max_coalesced_frames_irq?: number;
}

/** Sets of names (enum ethtool_stringset). */
export type EthtoolStringSet = 'stats' | 'priv-flags' | 'test';

/** A finished self test: a number for each name of the set `test`, 0 for passed. */
export interface EthtoolTestResult {
  readonly failed: boolean;
  readonly data: readonly number[];
}

/** struct ethtool_ops. Numbers that are returned are 0 or negative errors. */
export interface EthtoolOps {
  get_drvinfo?(dev: NetDevice): MaySleep<EthtoolDrvinfo>;
  get_link?(dev: NetDevice): MaySleep<boolean>;
  get_link_ksettings?(dev: NetDevice): MaySleep<LinkKsettings | number>;
  set_link_ksettings?(dev: NetDevice, wanted: LinkKsettings): MaySleep<number>;
  nway_reset?(dev: NetDevice): MaySleep<number>;
  get_ringparam?(dev: NetDevice): MaySleep<EthtoolRingparam>;
  set_ringparam?(dev: NetDevice, wanted: EthtoolRingparam): MaySleep<number>;
  get_channels?(dev: NetDevice): MaySleep<EthtoolChannels>;
  set_channels?(dev: NetDevice, wanted: EthtoolChannels): MaySleep<number>;
  get_pauseparam?(dev: NetDevice): MaySleep<EthtoolPauseparam>;
  set_pauseparam?(dev: NetDevice, wanted: EthtoolPauseparam): MaySleep<number>;
  get_coalesce?(dev: NetDevice): MaySleep<EthtoolCoalesce>;
  set_coalesce?(dev: NetDevice, wanted: EthtoolCoalesce): MaySleep<number>;
  /** Names of a set, in order; empty for a set that the driver does not have. */
  get_strings?(dev: NetDevice, set: EthtoolStringSet): readonly string[];
  /** Values of the set `stats`, in the order of its names. */
  get_ethtool_stats?(dev: NetDevice): MaySleep<readonly number[]>;
  /** Bits in the order of the set `priv-flags`. */
  get_priv_flags?(dev: NetDevice): MaySleep<number>;
  set_priv_flags?(dev: NetDevice, flags: number): MaySleep<number>;
  get_msglevel?(dev: NetDevice): MaySleep<number>;
  set_msglevel?(dev: NetDevice, level: number): MaySleep<void>;
  /** `offline`: may disturb traffic. */
  self_test?(dev: NetDevice, offline: boolean): MaySleep<EthtoolTestResult>;
}

/** get_link of drivers whose carrier is the truth. */
export function* ethtool_op_get_link(dev: NetDevice): MaySleep<boolean> {
  return dev.carrier;
}

/** get_link of devices that have no link to lose. */
export function* alwaysLink(_dev: NetDevice): MaySleep<boolean> {
  return true;
}
