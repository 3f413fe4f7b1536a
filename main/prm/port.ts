// Port commands: QUERY_PORT, SET_PORT, filters, statistics (facts/device 5.8, 5.14, 5.16, 5.18 to
// 5.20, 5.30, 9; fw.c, port.c, en_port.c, fw_qos.c). CONFIG_DEV and VIRT_PORT_MAP are in
// firmware.ts. Left out: ALLOCATE_VPP, SET_VPORT_QOS and CONGESTION_CTRL, which the card refuses.

import { addr64, be16, be32, be64, bit, bits, bytes, layout, u8 } from './layout.ts';

/** Port types (enum mlx4_port_type). */
export const MLX4_PORT_TYPE_NONE = 0;
export const MLX4_PORT_TYPE_IB = 1;
export const MLX4_PORT_TYPE_ETH = 2;
export const MLX4_PORT_TYPE_AUTO = 3;

/** SENSE_PORT answers 0 (nothing sensed), MLX4_PORT_TYPE_IB or MLX4_PORT_TYPE_ETH. */
export const SENSE_PORT_MAX = 2;

/** QUERY_PORT output. */
export const queryPort = layout('query_port', 0x28, {
  link_up: bit(0x00, 31),
  autoneg_done: bit(0x00, 30),
  dmfs_optimized: bit(0x00, 29),
  default_sense: bit(0x00, 28),
  suggested_eth: bit(0x00, 27),
  supported_types: bits(0x00, 25, 24),
  autoneg: bit(0x00, 23),
  ib_mtu: bits(0x00, 19, 16),
  eth_mtu: be16(0x02),
  link_speed: u8(0x05),
  port_width: bits(0x04, 11, 8),
  log_max_gid: bits(0x04, 7, 4),
  log_max_pkey: bits(0x04, 3, 0),
  log_max_vlan: bits(0x08, 15, 12),
  log_max_mac: bits(0x08, 11, 8),
  max_tc: bits(0x08, 7, 4),
  max_vl: bits(0x08, 3, 0),
  /** Of a virtual function only; also the next field. */
  current_max_pkeys: be16(0x0c),
  current_max_gids: be16(0x0e),
  def_mac: addr64(0x10),
  transceiver: u8(0x18),
  vendor_oui: bits(0x18, 23, 0),
  wavelength: be16(0x1c),
  transceiver_code: be64(0x20),
});
/** Bits of supported_types. */
export const QUERY_PORT_SUPPORTS_IB = 1;
export const QUERY_PORT_SUPPORTS_ETH = 2;

/** Link speed codes of QUERY_PORT by Mb/s (en_port.h). 10 Gb/s XAUI has another one, below. */
export const linkSpeedCodes: ReadonlyMap<number, number> = new Map([
  [100, 0x04],
  [1000, 0x02],
  [10000, 0x01],
  [20000, 0x08],
  [40000, 0x40],
  [56000, 0x20],
]);
export const MLX4_EN_SPEED_MASK = 0x6f;
export const MLX4_EN_10G_SPEED_XAUI = 0x00;
export const MLX4_EN_OTHER_SPEED = 0x0f;

/** Mb/s of a QUERY_PORT speed byte; -1 for a code that is not known. */
export function linkSpeedMbps(code: number): number {
  const masked = code & MLX4_EN_SPEED_MASK;
  if (masked === MLX4_EN_10G_SPEED_XAUI) return 10000;
  for (const [speed, known] of linkSpeedCodes) if (known === masked) return speed;
  return -1;
}

/** SET_PORT opcode modifiers. */
export const MLX4_SET_PORT_IB_OPCODE = 0;
export const MLX4_SET_PORT_ETH_OPCODE = 1;
export const MLX4_SET_PORT_BEACON_OPCODE = 4;

/** SET_PORT types of the Ethernet form, in bits 15:8 of the input modifier. */
export const MLX4_SET_PORT = {
  GENERAL: 0x0,
  RQP_CALC: 0x1,
  MAC_TABLE: 0x2,
  VLAN_TABLE: 0x3,
  PRIO_MAP: 0x4,
  GID_TABLE: 0x5,
  PRIO2TC: 0x8,
  SCHEDULER: 0x9,
  VXLAN: 0xb,
  ROCE_ADDR: 0xd,
} as const;

/** SET_PORT input modifier of the Ethernet form, and its parts. */
export const setPortModifier = (type: number, portNumber: number): number =>
  (type << 8) | portNumber;
export const setPortType = (inModifier: number): number => (inModifier >> 8) & 0xff;
export const setPortNumber = (inModifier: number): number => inModifier & 0xff;

/** SET_PORT, InfiniBand form. */
export const setPortIb = layout('set_port_ib', 0x2c, {
  change_port_mtu: bit(0x00, 22),
  change_port_vl: bit(0x00, 21),
  change_pkey: bit(0x00, 20),
  mtu_cap: bits(0x00, 15, 12),
  vl_cap: bits(0x00, 7, 4),
  reset_qkey_viol: bit(0x00, 0),
  ib_cap: be32(0x04),
  pkey_table_sz: be16(0x28),
});

/** SET_PORT GENERAL. A field counts only when its v_ bit is set. */
export const setPortGeneral = layout('mlx4_set_port_general_context', 0x24, {
  v_user_mac: bit(0x00, 14),
  v_user_mtu: bit(0x00, 13),
  v_phv: bit(0x00, 12),
  v_ignore_fcs: bit(0x00, 9),
  v_roce_mode: bit(0x00, 4),
  v_pptx: bit(0x00, 2),
  v_pprx: bit(0x00, 1),
  v_mtu: bit(0x00, 0),
  /** Bit 0: ignore the FCS; or the RoCE mode in bits 7:4 (2 = v1 and v2). */
  ignore_fcs: u8(0x04),
  mtu: be16(0x06),
  pptx: u8(0x08),
  pfctx: u8(0x09),
  pprx: u8(0x0c),
  pfcrx: u8(0x0d),
  phv_en: u8(0x14),
  user_mtu: be16(0x1a),
  user_mac: bytes(0x1e, 6),
});
/** Value of pptx and pprx for global pause. */
export const globalPause = 0x80;
/** Value of phv_en: on. */
export const SET_PORT_PHV_EN = 0x80;
/** `mtu` of SET_PORT GENERAL for a netdev MTU: with header, two VLAN tags and FCS. */
export const mtuOnWire = (netdevMtu: number): number => netdevMtu + 14 + 8 + 4;

/** SET_PORT RQP_CALC: A0 steering only. */
export const setPortRqpCalc = layout('mlx4_set_port_rqp_calc_context', 0x1c, {
  base_qpn: be32(0x00),
  n_mac: u8(0x05),
  n_vlan: u8(0x06),
  n_prio: u8(0x07),
  mac_miss: u8(0x0b),
  intra_no_vlan: u8(0x0c),
  no_vlan: u8(0x0d),
  intra_vlan_miss: u8(0x0e),
  vlan_miss: u8(0x0f),
  no_vlan_prio: u8(0x13),
  promisc: bit(0x14, 31),
  promisc_qpn: bits(0x14, 23, 0),
  mcast_mode: bits(0x18, 31, 30),
  mcast_qpn: bits(0x18, 23, 0),
});
/** Multicast modes of RQP_CALC. */
export const MCAST_DIRECT_ONLY = 0;
export const MCAST_DIRECT = 1;
export const MCAST_DEFAULT = 2;

/** SET_PORT VXLAN. */
export const setPortVxlan = layout('mlx4_set_port_vxlan_context', 8, {
  modify_flags: u8(0x4),
  enable_flags: u8(0x6),
  steering: u8(0x7),
});
export const VXLAN_ENABLE_MODIFY = 1 << 7;
export const VXLAN_STEERING_MODIFY = 1 << 6;
export const VXLAN_ENABLE = 1 << 7;
/** Steering selector of VXLAN. */
export const VXLAN_STEER_BY = {
  OUTER_MAC: 1 << 0,
  OUTER_VLAN: 1 << 1,
  VSID_VNI: 1 << 2,
  INNER_MAC: 1 << 3,
  INNER_VLAN: 1 << 4,
} as const;

/** SET_PORT PRIO2TC: the byte of priorities 2i (high half) and 2i + 1 (low half). */
export const setPortPrio2tc = layout('mlx4_set_port_prio2tc_context', 4, {
  tc_0: bits(0x0, 31, 28),
  tc_1: bits(0x0, 27, 24),
  tc_2: bits(0x0, 23, 20),
  tc_3: bits(0x0, 19, 16),
  tc_4: bits(0x0, 15, 12),
  tc_5: bits(0x0, 11, 8),
  tc_6: bits(0x0, 7, 4),
  tc_7: bits(0x0, 3, 0),
});

/** SET_PORT SCHEDULER: one of eight entries, by traffic class. */
export const setPortSchedulerEntry = layout('mlx4_port_scheduler_tc_cfg', 8, {
  pg: be16(0x0),
  bw_precentage: be16(0x2),
  max_bw_units: be16(0x4),
  max_bw_value: be16(0x6),
});
/** Units of max_bw_units. */
export const MLX4_RATELIMIT_100M_UNITS = 3;
export const MLX4_RATELIMIT_1G_UNITS = 4;

/** SET_PORT ROCE_ADDR: one of 128 entries. */
export const setPortRoceEntry = layout('set_port_roce_addr', 32, {
  gid: bytes(0x00, 16),
  type: u8(0x1a),
  version: u8(0x1b),
});

/** SET_PORT, beacon form: seconds to blink; 0 off, 0xffff on. */
export const setPortBeacon = layout('set_port_beacon', 4, { duration: be32(0x0) });
export const BEACON_ON = 0xffff;

/** Entries of the MAC and VLAN tables. */
export const MLX4_MAX_MAC_NUM = 128;
export const MLX4_MAX_VLAN_NUM = 128;
/** A MAC table entry is valid with bit 63: the top bit of its high word. */
export const MLX4_MAC_VALID_HIGH = 0x8000_0000;
/** A VLAN table entry is valid with bit 31. */
export const MLX4_VLAN_VALID = 0x8000_0000;
/** First regular entry of the VLAN table; below are "no VLAN" and "VLAN miss". */
export const MLX4_VLAN_REGULAR = 2;
/** Entry of the MAC table. */
export const macTableEntry = layout('mac_table_entry', 8, {
  valid: bit(0x0, 31),
  mac_h: bits(0x0, 15, 0),
  mac_l: be32(0x4),
});
/** Entry of the VLAN table. */
export const vlanTableEntry = layout('vlan_table_entry', 4, {
  valid: bit(0x0, 31),
  vlan: bits(0x0, 11, 0),
});
/** GID table: 128 raw GIDs; all zero = empty. */
export const MLX4_ROCE_MAX_GIDS = 128;
export const gidBytes = 16;

/** SET_MCAST_FLTR: the immediate. */
export const mcastFilterImmediate = layout('set_mcast_fltr', 8, {
  clear: bit(0x0, 31),
  mac_h: bits(0x0, 15, 0),
  mac_l: be32(0x4),
});
/** SET_MCAST_FLTR opcode modifiers. */
export const MLX4_MCAST_CONFIG = 0;
export const MLX4_MCAST_DISABLE = 1;
export const MLX4_MCAST_ENABLE = 2;
/** In the high word of the immediate: clear the list first. */
export const MLX4_MCAST_CLEAR_HIGH = 0x8000_0000;

/** Bytes of the SET_VLAN_FLTR bitmap; VLAN 0 is the lowest bit of its last word. */
export const vlanFilterBytes = 512;
/** Word (of 32 bits) and bit of a VLAN in the bitmap. */
export const vlanFilterWord = (vlan: number): number => 127 - (vlan >> 5);
export const vlanFilterBit = (vlan: number): number => vlan & 31;

/** DUMP_ETH_STATS: bits of the input modifier. */
export const MLX4_DUMP_ETH_STATS_RESET = 1 << 8;
export const MLX4_DUMP_ETH_STATS_FLOW_CONTROL = 1 << 12;

export const ethStatsBytes = 0xbc0;
/** Statistics: the fields that the driver reads. Groups by priority have helpers below. */
export const ethStats = layout('mlx4_en_stat_out_mbox', ethStatsBytes, {
  rx_broadcast_novlan: addr64(0x310),
  rx_multicast_novlan: addr64(0x358),
  rx_unicast_novlan: addr64(0x3a0),
  rx_octets_novlan: addr64(0x478),
  rx_frames_novlan: addr64(0x540),
  rx_in_range_length_error: addr64(0x578),
  rx_out_range_length_error: addr64(0x580),
  rx_frames_too_long: addr64(0x588),
  rx_control: addr64(0x558),
  rx_pcs_errors: addr64(0x590),
  tx_broadcast_novlan: addr64(0x8f8),
  tx_multicast_novlan: addr64(0x948),
  tx_unicast_novlan: addr64(0x998),
  tx_octets_novlan: addr64(0xa78),
  tx_octets_loopback: addr64(0xa90),
  tx_frames_novlan: addr64(0xb58),
  tx_frames_loopback: addr64(0xb70),
  rx_jabbers: be32(0xb88),
  rx_crc: be32(0xb8c),
  rx_runts: be32(0xb90),
  rx_short: be32(0xb94),
  rx_dropped: be32(0xb98),
  rx_dropped_overflow: be32(0xb9c),
  rx_dropped_length: be32(0xba0),
  rx_good_frames: be32(0xba4),
  tx_dropped: be32(0xba8),
});

/** Offsets of a priority's octets and frames (0 to 7). */
export const rxOctetsOffset = (priority: number): number => 0x3b8 + 0x18 * priority;
export const rxFramesOffset = (priority: number): number => 0x480 + 0x18 * priority;
export const txOctetsOffset = (priority: number): number => 0x9b8 + 0x18 * priority;
export const txFramesOffset = (priority: number): number => 0xa98 + 0x18 * priority;

/**
 * Groups of the statistics: place of their first counter. RX groups have nine counters of 8 bytes
 * (priorities 0 to 7, no VLAN), TX groups ten (and loopback).
 */
export const ethStatsGroup = {
  rx_64: 0x000,
  rx_65_127: 0x048,
  rx_128_255: 0x090,
  rx_256_511: 0x0d8,
  rx_512_1023: 0x120,
  rx_1024_1518: 0x168,
  rx_1519_1522: 0x1b0,
  rx_1523_1548: 0x1f8,
  rx_1549_mtu: 0x240,
  rx_giants: 0x288,
  rx_broadcast: 0x2d0,
  rx_multicast: 0x318,
  rx_unicast: 0x360,
  tx_64: 0x598,
  tx_65_127: 0x5e8,
  tx_128_255: 0x638,
  tx_256_511: 0x688,
  tx_512_1023: 0x6d8,
  tx_1024_1518: 0x728,
  tx_1519_1522: 0x778,
  tx_1523_1548: 0x7c8,
  tx_1549_mtu: 0x818,
  tx_giants: 0x868,
  tx_broadcast: 0x8b8,
  tx_multicast: 0x908,
  tx_unicast: 0x958,
} as const;
/** Name of a group of statistics. */
export type EthStatsGroup = keyof typeof ethStatsGroup;
/** Index in a group for untagged frames, and (TX) for frames looped back. */
export const ethStatsNoVlan = 8;
export const ethStatsLoopback = 9;
/** Place of one counter of a group; `index` is a priority, ethStatsNoVlan or ethStatsLoopback. */
export const ethStatsOffset = (group: EthStatsGroup, index: number): number =>
  ethStatsGroup[group] + 8 * index;

/** Flow control page of DUMP_ETH_STATS: one of eight entries, by priority. */
export const flowStatsBytes = 64;
export const flowStats = layout('mlx4_en_flow_stats', flowStatsBytes, {
  rx_pause: addr64(0x00),
  rx_pause_duration: addr64(0x08),
  rx_pause_transition: addr64(0x10),
  tx_pause: addr64(0x18),
  tx_pause_duration: addr64(0x20),
  tx_pause_transition: addr64(0x28),
});

/** QUERY_IF_STAT output, basic mode. */
export const ifStat = layout('mlx4_counter', 0x30, {
  counter_mode: u8(0x03),
  num_ifc: be32(0x04),
  rx_frames: addr64(0x10),
  rx_bytes: addr64(0x18),
  tx_frames: addr64(0x20),
  tx_bytes: addr64(0x28),
});
/** In the input modifier: reset after reading. */
export const MLX4_IF_STAT_RESET = 0x8000_0000;
