// Port commands: QUERY_PORT, SET_PORT, filters, statistics (facts/device 5.8, 5.14, 5.18 to 5.20, 9).

import { addr64, be16, be32, bit, bits, bytes, layout, u8 } from './layout.ts';

/** Port types (enum mlx4_port_type). */
export const MLX4_PORT_TYPE_NONE = 0;
export const MLX4_PORT_TYPE_IB = 1;
export const MLX4_PORT_TYPE_ETH = 2;
export const MLX4_PORT_TYPE_AUTO = 3;

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
  def_mac: addr64(0x10),
  transceiver: u8(0x18),
  vendor_oui: bits(0x18, 23, 0),
  wavelength: be16(0x1c),
});

/** Link speed codes of QUERY_PORT by Mb/s (en_port.h). */
export const linkSpeedCodes: ReadonlyMap<number, number> = new Map([
  [100, 0x04],
  [1000, 0x02],
  [10000, 0x01],
  [20000, 0x08],
  [40000, 0x40],
  [56000, 0x20],
]);
export const MLX4_EN_SPEED_MASK = 0x6f;

/** Mb/s of a QUERY_PORT speed byte; -1 for a code that is not known. */
export function linkSpeedMbps(code: number): number {
  const masked = code & MLX4_EN_SPEED_MASK;
  if (masked === 0x00) return 10000;
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

/** SET_PORT GENERAL. */
export const setPortGeneral = layout('mlx4_set_port_general_context', 0x24, {
  v_user_mac: bit(0x00, 14),
  v_user_mtu: bit(0x00, 13),
  v_phv: bit(0x00, 12),
  v_ignore_fcs: bit(0x00, 9),
  v_roce_mode: bit(0x00, 4),
  v_pptx: bit(0x00, 2),
  v_pprx: bit(0x00, 1),
  v_mtu: bit(0x00, 0),
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

/** Entries of the MAC and VLAN tables. */
export const MLX4_MAX_MAC_NUM = 128;
export const MLX4_MAX_VLAN_NUM = 128;
/** A MAC table entry is valid with bit 63: the top bit of its high word. */
export const MLX4_MAC_VALID_HIGH = 0x8000_0000;
/** A VLAN table entry is valid with bit 31. */
export const MLX4_VLAN_VALID = 0x8000_0000;
/** First regular entry of the VLAN table; below are "no VLAN" and "VLAN miss". */
export const MLX4_VLAN_REGULAR = 2;
/** GID table: 128 raw GIDs. */
export const gidBytes = 16;

/** SET_MCAST_FLTR opcode modifiers. */
export const MLX4_MCAST_CONFIG = 0;
export const MLX4_MCAST_DISABLE = 1;
export const MLX4_MCAST_ENABLE = 2;
/** In the high word of the immediate: clear the list first. */
export const MLX4_MCAST_CLEAR_HIGH = 0x8000_0000;

/** Bit and word of a VLAN in the SET_VLAN_FLTR bitmap. */
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
