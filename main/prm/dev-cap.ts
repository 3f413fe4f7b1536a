// QUERY_DEV_CAP (facts/device 5.5; fw.c: mlx4_QUERY_DEV_CAP): limits and capability flags. Many
// limits are logs; the field names say so. A byte field holds the byte as it is: where only some of
// its bits are the value, the comment beside it names them.
// Left out: offsets that the driver defines and never reads (0x16, 0x17, 0x21, 0x23, 0x27).

import { addr64, be16, be32, bit, bits, layout, u8 } from './layout.ts';

/** The output mailbox. Flags are two words; MLX4_DEV_CAP_FLAG gives their bits. */
export const queryDevCap = layout('query_dev_cap', 0x100, {
  log_max_srq_sz: u8(0x10),
  log_max_qp_sz: u8(0x11),
  log_rsvd_qp: u8(0x12), // v[3:0]
  log_max_qp: u8(0x13), // v[4:0]
  rsvd_srq: u8(0x14), // log in v[7:4]
  log_max_srq: u8(0x15), // v[4:0]
  log_max_cq_sz: u8(0x19),
  log_rsvd_cq: u8(0x1a), // v[3:0]
  log_max_cq: u8(0x1b), // v[4:0]
  log_max_mpt: u8(0x1d), // v[5:0]
  log_rsvd_eq: u8(0x1e), // v[3:0]
  log_max_eq: u8(0x1f), // v[3:0]
  rsvd_mtt: u8(0x20), // log in v[7:4]
  log_rsvd_mrw: u8(0x22), // v[3:0]
  num_sys_eq: be16(0x26), // v[11:0]
  log_max_ra_req_qp: u8(0x29), // v[5:0]
  log_max_ra_res_qp: u8(0x2b), // v[5:0]
  log_max_gso_sz: u8(0x2d), // v[4:0]; 0 = none
  rss: u8(0x2e), // log of the table in v[3:0], 0 = none; bit 4 Toeplitz, bit 5 XOR
  log_max_rdma: u8(0x2f), // v[5:0]
  rsz_srq: u8(0x33), // bit 0
  port_beacon: u8(0x34), // bit 7
  ack_delay: u8(0x35), // v[4:0]
  mtu_width: u8(0x36), // IB MTU code in v[7:4], width in v[3:0]
  vl_port: u8(0x37), // VLs in v[7:4], number of ports in v[3:0]
  log_max_msg_sz: u8(0x38), // v[4:0]
  log_max_gid: u8(0x3b), // v[3:0]
  stat_rate_support: be16(0x3c),
  ts: u8(0x3e), // bit 7
  log_max_pkey: u8(0x3f), // v[3:0]
  flags_h: be32(0x40),
  flags_l: be32(0x44),
  rsvd_uar: u8(0x48), // a count, in v[7:4]
  log_uar_sz: u8(0x49), // v[5:0] + 20 = log of the bytes
  log_page_sz: u8(0x4b),
  bf: u8(0x4c), // bit 7
  log_bf_reg_sz: u8(0x4d), // v[4:0]
  log_max_bf_regs: u8(0x4e), // v[5:0], per page
  max_sg_sq: u8(0x51),
  max_desc_sz_sq: be16(0x52),
  max_sg_rq: u8(0x55),
  max_desc_sz_rq: be16(0x56),
  user_mac_en: u8(0x5c), // bit 2
  svlan_by_qp: u8(0x5d), // bit 0
  log_max_qp_mcg: u8(0x61),
  rsvd_mcg: u8(0x62), // v[3:0]
  log_max_mcg: u8(0x63),
  rsvd_pd: u8(0x64), // a count, in v[7:4]
  log_max_pd: u8(0x65), // v[5:0]
  rsvd_xrc: u8(0x66), // a count, in v[7:4]
  log_max_xrc: u8(0x67), // v[4:0]
  max_counters: be32(0x68),
  ext_flags: be32(0x70),
  dmfs_ipoib: u8(0x74), // bit 7
  fs_en: u8(0x76), // bit 7; log of the unicast QP range in v[4:0]
  fs_max_num_qp_per_entry: u8(0x77),
  sl2vl_event: u8(0x78), // bit 5
  cq_eq_stride: u8(0x7a),
  qcn: u8(0x7b), // bit 0
  rdmarc_entry_sz: be16(0x80),
  qpc_entry_sz: be16(0x82),
  aux_entry_sz: be16(0x84),
  altc_entry_sz: be16(0x86),
  eqc_entry_sz: be16(0x88),
  cqc_entry_sz: be16(0x8a),
  srq_entry_sz: be16(0x8c),
  c_mpt_entry_sz: be16(0x8e),
  mtt_entry_sz: be16(0x90),
  d_mpt_entry_sz: be16(0x92),
  bmme_flags: be32(0x94),
  reserved_lkey: be32(0x98),
  ext_flags2: be32(0x9c),
  max_icm_sz: addr64(0xa0),
  dmfs_high_rate_qpn_base: bits(0xa8, 23, 0),
  dmfs_high_rate_qpn_range: bits(0xac, 23, 0),
  mad_demux: bit(0xb0, 0),
  map_clock_to_user: bit(0xc0, 23),
  num_rate_limits: be16(0xcc),
  max_rate_limit_unit: bits(0xd0, 31, 30),
  max_rate_limit: bits(0xd0, 27, 16),
  min_rate_limit_unit: bits(0xd0, 15, 14),
  min_rate_limit: bits(0xd0, 11, 0),
  health_buffer: be32(0xe4), // place in BAR0; 0 = none
});

/** Bits of the 64-bit capability flags (device.h: MLX4_DEV_CAP_FLAG_*). */
export const MLX4_DEV_CAP_FLAG = {
  RC: 0,
  UC: 1,
  UD: 2,
  XRC: 3,
  SRQ: 6,
  IPOIB_CSUM: 7,
  BAD_PKEY_CNTR: 8,
  BAD_QKEY_CNTR: 9,
  DPDP: 12,
  BLH: 15,
  MEM_WINDOW: 16,
  APM: 17,
  ATOMIC: 18,
  RAW_MCAST: 19,
  UD_AV_PORT: 20,
  UD_MCAST: 21,
  IBOE: 30,
  UC_LOOPBACK: 32,
  FCS_KEEP: 34,
  WOL_PORT1: 37,
  WOL_PORT2: 38,
  UDP_RSS: 40,
  VEP_UC_STEER: 41,
  VEP_MC_STEER: 42,
  COUNTERS: 48,
  RSS_IP_FRAG: 52,
  SET_ETH_SCHED: 53,
  SENSE_SUPPORT: 55,
  PORT_MNG_CHG_EV: 59,
  '64B_EQE': 61,
  '64B_CQE': 62,
} as const;

/** Name of a capability flag. */
export type DevCapFlag = keyof typeof MLX4_DEV_CAP_FLAG;

/** A second-word flag: where the mailbox has it. */
interface Flag2 {
  /** Bit in the driver's flags2. */
  readonly bit: number;
  /** Word of the mailbox and bit in it (31 = most significant). */
  readonly word: number;
  readonly wordBit: number;
}

const flag2 = (bitNumber: number, word: number, wordBit: number): Flag2 => ({
  bit: bitNumber,
  word,
  wordBit,
});

/** Flags that the driver gathers from other places (device.h: MLX4_DEV_CAP_FLAG2_*). */
export const MLX4_DEV_CAP_FLAG2 = {
  RSS_TOP: flag2(1, 0x2c, 12),
  RSS_XOR: flag2(2, 0x2c, 13),
  FS_EN: flag2(3, 0x74, 15),
  REASSIGN_MAC_EN: flag2(4, 0x9c, 22),
  TS: flag2(5, 0x3c, 15),
  VLAN_CONTROL: flag2(6, 0x70, 26),
  FSM: flag2(7, 0x70, 20),
  UPDATE_QP: flag2(8, 0x70, 16),
  DMFS_IPOIB: flag2(9, 0x74, 31),
  VXLAN_OFFLOADS: flag2(10, 0x9c, 11),
  MAD_DEMUX: flag2(11, 0xb0, 0),
  CQE_STRIDE: flag2(12, 0x78, 14),
  EQE_STRIDE: flag2(13, 0x78, 15),
  ETH_PROT_CTRL: flag2(14, 0x78, 13),
  ETH_BACKPL_AN_REP: flag2(15, 0x9c, 0),
  CONFIG_DEV: flag2(16, 0x94, 29),
  '80_VFS': flag2(18, 0x70, 21),
  RECOVERABLE_ERROR_EVENT: flag2(20, 0x9c, 7),
  PORT_REMAP: flag2(21, 0x94, 24),
  QCN: flag2(22, 0x78, 0),
  FLOWSTATS_EN: flag2(24, 0x70, 28),
  QOS_VPP: flag2(25, 0x78, 12),
  ETS_CFG: flag2(26, 0x9c, 13),
  PORT_BEACON: flag2(27, 0x34, 31),
  IGNORE_FCS: flag2(28, 0x94, 26),
  PHV_EN: flag2(29, 0x94, 15),
  SKIP_OUTER_VLAN: flag2(30, 0x94, 14),
  UPDATE_QP_SRC_CHECK_LB: flag2(31, 0x70, 18),
  LB_SRC_CHK: flag2(32, 0x70, 19),
  ROCE_V1_V2: flag2(33, 0x94, 19),
  DMFS_UC_MC_SNIFFER: flag2(34, 0x74, 13),
  DIAG_PER_PORT: flag2(35, 0x9c, 17),
  SVLAN_BY_QP: flag2(36, 0x5c, 16),
  SL_TO_VL_CHANGE_EVENT: flag2(37, 0x78, 29),
  USER_MAC_EN: flag2(38, 0x5c, 26),
  DRIVER_VERSION_TO_FW: flag2(39, 0x9c, 8),
  SW_CQ_INIT: flag2(40, 0x70, 23),
} as const satisfies Record<string, Flag2>;

/** Name of a gathered flag that is one bit of the mailbox. */
export type DevCapFlag2 = keyof typeof MLX4_DEV_CAP_FLAG2;

/**
 * The gathered flags that are no bit of their own: the driver sets them when a number is not zero.
 * FS_A0 also wants FS_EN. Value: bit in flags2.
 */
export const MLX4_DEV_CAP_FLAG2_BY_VALUE = {
  RSS: 0,
  SYS_EQS: 17,
  FS_A0: 19,
  QP_RATE_LIMIT: 23,
} as const;

/** Name of a flag that follows from a number. */
export type DevCapFlag2ByValue = keyof typeof MLX4_DEV_CAP_FLAG2_BY_VALUE;

/** Bits of `bmme_flags` (device.h: MLX4_BMME_FLAG_*). */
export const MLX4_BMME_FLAG = {
  WIN_TYPE_2B: 1,
  LOCAL_INV: 6,
  REMOTE_INV: 7,
  TYPE_2_WIN: 9,
  RESERVED_LKEY: 10,
  FAST_REG_WR: 11,
  ROCE_V1_V2: 19,
  PORT_REMAP: 24,
  VSD_INIT2RTR: 28,
} as const;

const wordAt = (mailbox: Uint8Array, at: number): number =>
  ((mailbox[at]! << 24) | (mailbox[at + 1]! << 16) | (mailbox[at + 2]! << 8) | mailbox[at + 3]!) >>>
  0;

/** True when the mailbox has the flag. */
export function hasDevCapFlag(mailbox: Uint8Array, name: DevCapFlag): boolean {
  const at = MLX4_DEV_CAP_FLAG[name];
  const word = queryDevCap.get(mailbox, at >= 32 ? 'flags_h' : 'flags_l');
  return ((word >>> (at % 32)) & 1) === 1;
}

/** Sets the flag in a mailbox that is being built. */
export function setDevCapFlag(mailbox: Uint8Array, name: DevCapFlag): void {
  const at = MLX4_DEV_CAP_FLAG[name];
  const field = at >= 32 ? 'flags_h' : 'flags_l';
  queryDevCap.set(mailbox, field, (queryDevCap.get(mailbox, field) | (1 << (at % 32))) >>> 0);
}

/** True when the mailbox has the gathered flag. */
export function hasDevCapFlag2(mailbox: Uint8Array, name: DevCapFlag2): boolean {
  const { word, wordBit } = MLX4_DEV_CAP_FLAG2[name];
  return ((wordAt(mailbox, word) >>> wordBit) & 1) === 1;
}

/** Sets the gathered flag in a mailbox that is being built. */
export function setDevCapFlag2(mailbox: Uint8Array, name: DevCapFlag2): void {
  const { word, wordBit } = MLX4_DEV_CAP_FLAG2[name];
  const at = word + 3 - (wordBit >> 3);
  mailbox[at] = mailbox[at]! | (1 << (wordBit & 7));
}

/** True when the driver derives the flag from the mailbox's numbers. */
export function hasDevCapFlag2ByValue(mailbox: Uint8Array, name: DevCapFlag2ByValue): boolean {
  switch (name) {
    case 'RSS':
      return (queryDevCap.get(mailbox, 'rss') & 0xf) !== 0;
    case 'SYS_EQS':
      return (queryDevCap.get(mailbox, 'num_sys_eq') & 0xfff) !== 0;
    case 'FS_A0':
      return (
        hasDevCapFlag2(mailbox, 'FS_EN') && queryDevCap.get(mailbox, 'dmfs_high_rate_qpn_range') > 0
      );
    case 'QP_RATE_LIMIT':
      return queryDevCap.get(mailbox, 'num_rate_limits') !== 0;
  }
}
