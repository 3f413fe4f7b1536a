// Queue pair context, path, RSS overlay, state changes and UPDATE_QP (facts/device 5.24, 6.5;
// qp.h). The primary path lies in the QP context, with path_ names; qpPath is the path on its own.
// The RSS context lies over the end of the primary path and the alternate path.
// Left out: bits that only SR-IOV sets (VLAN control, tunnels, QoS vport policy).

import { addr64, be16, be32, bit, bits, bytes, layout, u8 } from './layout.ts';
import type { CommandName } from './opcodes.ts';

export const qpContextBytes = 248;
/** Where the context begins in the mailbox of a state change and of QUERY_QP. */
export const qpContextMailboxOffset = 8;
/** Where it begins in the mailbox of UPDATE_QP. */
export const updateQpContextOffset = 0x20;

/** Optional-parameter mask: first word of the mailbox of a state change. */
export const qpOptParMask = layout('qp_optpar', qpContextMailboxOffset, { opt_par: be32(0x0) });
/** Bits of the optional-parameter mask (qp.h: enum mlx4_qp_optpar). */
export const MLX4_QP_OPTPAR = {
  ALT_ADDR_PATH: 1 << 0,
  RRE: 1 << 1,
  RAE: 1 << 2,
  RWE: 1 << 3,
  PKEY_INDEX: 1 << 4,
  Q_KEY: 1 << 5,
  RNR_TIMEOUT: 1 << 6,
  PRIMARY_ADDR_PATH: 1 << 7,
  SRA_MAX: 1 << 8,
  RRA_MAX: 1 << 9,
  PM_STATE: 1 << 10,
  RETRY_COUNT: 1 << 12,
  RNR_RETRY: 1 << 13,
  ACK_TIMEOUT: 1 << 14,
  SCHED_QUEUE: 1 << 16,
  COUNTER_INDEX: 1 << 20,
  VLAN_STRIPPING: 1 << 21,
} as const;
/** Input modifier of RTS2SQD_QP: bit that asks for an event when the send queue is drained. */
export const MLX4_QP_SQD_EVENT = 0x8000_0000;
/** Opcode modifier of 2RST_QP: no output mailbox. */
export const MLX4_2RST_NO_MAILBOX = 2;

/** An address path: 44 bytes, at these places in the QP context. */
export const qpPathBytes = 44;
export const primaryPathOffset = 0x18;
export const alternatePathOffset = 0x44;
export const qpPath = layout('mlx4_qp_path', qpPathBytes, {
  fl: u8(0x00),
  vlan_control: u8(0x01),
  disable_pkey_check: u8(0x02),
  pkey_index: u8(0x03),
  counter_index: u8(0x04),
  grh_mylmc: u8(0x05),
  rlid: be16(0x06),
  ackto: u8(0x08),
  mgid_index: u8(0x09),
  static_rate: u8(0x0a),
  hop_limit: u8(0x0b),
  tclass_flowlabel: be32(0x0c),
  rgid: bytes(0x10, 16),
  sched_queue: u8(0x20),
  vlan_index: u8(0x21),
  feup: u8(0x22),
  fvl_rx: u8(0x23),
  dmac: bytes(0x26, 6),
});

/** QP context with its primary path in place. */
export const qpContext = layout('mlx4_qp_context', qpContextBytes, {
  state: bits(0x00, 31, 28),
  service_type: bits(0x00, 19, 16),
  pm_state: bits(0x00, 12, 11),
  rss: bit(0x00, 13),
  pd: bits(0x04, 23, 0),
  mtu_msgmax: u8(0x08),
  /** Bits 6:3 log2 of the entries, bits 2:0 log2 of the stride - 4; also the next field. */
  rq_size_stride: u8(0x09),
  sq_size_stride: u8(0x0a),
  rlkey_roce_mode: u8(0x0b),
  usr_page: bits(0x0c, 23, 0),
  local_qpn: be32(0x10),
  remote_qpn: be32(0x14),
  path_fl: u8(0x18),
  path_vlan_control: u8(0x19),
  path_disable_pkey_check: u8(0x1a),
  path_pkey_index: u8(0x1b),
  path_counter_index: u8(0x1c),
  path_grh_mylmc: u8(0x1d),
  path_rlid: be16(0x1e),
  path_ackto: u8(0x20),
  path_mgid_index: u8(0x21),
  path_static_rate: u8(0x22),
  path_hop_limit: u8(0x23),
  path_tclass_flowlabel: be32(0x24),
  path_rgid: bytes(0x28, 16),
  path_sched_queue: u8(0x38),
  path_vlan_index: u8(0x39),
  path_feup: u8(0x3a),
  path_fvl_rx: u8(0x3b),
  path_dmac: bytes(0x3e, 6),
  params1: be32(0x70),
  next_send_psn: be32(0x78),
  cqn_send: bits(0x7c, 23, 0),
  roce_entropy: be16(0x80),
  last_acked_psn: be32(0x88),
  ssn: be32(0x8c),
  params2: be32(0x90),
  rnr_nextrecvpsn: be32(0x94),
  xrcd: be32(0x98),
  cqn_recv: bits(0x9c, 23, 0),
  db_rec_addr: addr64(0xa0),
  qkey: be32(0xa8),
  /** Bit 24: the QP receives from an SRQ; bits 23:0 SRQN. */
  srqn: be32(0xac),
  msn: be32(0xb0),
  rq_wqe_counter: be16(0xb4),
  sq_wqe_counter: be16(0xb6),
  rate_limit_params: be16(0xbc),
  qos_vport: u8(0xbf),
  vlan_strip_disable: bit(0xc0, 30),
  fcs_keep: bit(0xc0, 29),
  inline_scatter: bit(0xc0, 25),
  nummmcpeers_basemkey: be32(0xc4),
  log_page_size: u8(0xc8),
  mtt_base_addr_h: u8(0xcb),
  mtt_base_addr_l: be32(0xcc),
});

/** RSS context: lies over the QP context from 0x3c on. */
export const rssContextOffset = 0x3c;
export const rssContext = layout('mlx4_rss_context', 0x38, {
  log_rings: bits(0x00, 31, 24),
  base_qpn: bits(0x00, 23, 0),
  default_qpn: be32(0x04),
  hash_fn: u8(0x0a),
  flags: u8(0x0b),
  rss_key: bytes(0x0c, 40),
  base_qpn_udp: be32(0x34),
});
export const MLX4_RSS_HASH_XOR = 0;
export const MLX4_RSS_HASH_TOP = 1;
export const MLX4_RSS_UDP_IPV6 = 1 << 0;
export const MLX4_RSS_UDP_IPV4 = 1 << 1;
export const MLX4_RSS_TCP_IPV6 = 1 << 2;
export const MLX4_RSS_IPV6 = 1 << 3;
export const MLX4_RSS_TCP_IPV4 = 1 << 4;
export const MLX4_RSS_IPV4 = 1 << 5;
/** What mlx4_en sets without UDP: IPv4, TCP/IPv4, IPv6, TCP/IPv6. */
export const MLX4_RSS_FLAGS_WITHOUT_UDP = 0x3c;

/** States (enum mlx4_qp_state). */
export const MLX4_QP_STATE = {
  RST: 0,
  INIT: 1,
  RTR: 2,
  RTS: 3,
  SQER: 4,
  SQD: 5,
  ERR: 6,
  SQ_DRAINING: 7,
} as const;

/** Name of a state. */
export type QpStateName = keyof typeof MLX4_QP_STATE;

/** A change of state: which command makes it. */
export interface QpTransition {
  readonly from: QpStateName;
  readonly to: QpStateName;
  readonly command: CommandName;
}

const fromAny = (to: QpStateName, command: CommandName): QpTransition[] =>
  (['RST', 'INIT', 'RTR', 'RTS', 'SQER', 'SQD', 'ERR'] as const).map((from) => ({
    from,
    to,
    command,
  }));

/** All changes of state (qp.c: __mlx4_qp_modify). 2ERR and 2RST work from every state. */
export const qpTransitions: readonly QpTransition[] = [
  { from: 'RST', to: 'INIT', command: 'MLX4_CMD_RST2INIT_QP' },
  { from: 'INIT', to: 'INIT', command: 'MLX4_CMD_INIT2INIT_QP' },
  { from: 'INIT', to: 'RTR', command: 'MLX4_CMD_INIT2RTR_QP' },
  { from: 'RTR', to: 'RTS', command: 'MLX4_CMD_RTR2RTS_QP' },
  { from: 'RTS', to: 'RTS', command: 'MLX4_CMD_RTS2RTS_QP' },
  { from: 'RTS', to: 'SQD', command: 'MLX4_CMD_RTS2SQD_QP' },
  { from: 'SQER', to: 'RTS', command: 'MLX4_CMD_SQERR2RTS_QP' },
  { from: 'SQD', to: 'RTS', command: 'MLX4_CMD_SQD2RTS_QP' },
  { from: 'SQD', to: 'SQD', command: 'MLX4_CMD_SQD2SQD_QP' },
  ...fromAny('ERR', 'MLX4_CMD_2ERR_QP'),
  ...fromAny('RST', 'MLX4_CMD_2RST_QP'),
];

/** Service types. MLX is raw Ethernet. */
export const MLX4_QP_ST = { RC: 0, UC: 1, RD: 2, UD: 3, XRC: 6, MLX: 7 } as const;

/** Entries and stride in bytes of rq_size_stride or sq_size_stride. */
export const queueEntries = (sizeStride: number): number => 2 ** ((sizeStride >> 3) & 0xf);
export const queueStride = (sizeStride: number): number => 2 ** ((sizeStride & 7) + 4);
/** The byte for a number of entries and a stride, both powers of two, the stride from 16. */
export const queueSizeStride = (entries: number, stride: number): number =>
  (Math.log2(entries) << 3) | (Math.log2(stride) - 4);

/** params1 (of the sender) and params2 (of the receiver): what is enabled. */
export const MLX4_QP_BIT_SRE = 1 << 15;
export const MLX4_QP_BIT_SWE = 1 << 14;
export const MLX4_QP_BIT_SAE = 1 << 13;
export const MLX4_QP_BIT_RRE = 1 << 15;
export const MLX4_QP_BIT_RWE = 1 << 14;
export const MLX4_QP_BIT_RAE = 1 << 13;
export const MLX4_QP_BIT_RIC = 1 << 4;
/** params2: forced physical port (facts/device 10.5). */
export const MLX4_QP_BIT_FPP = 1 << 3;
/** Path: bits of fl. */
export const MLX4_FL_CV = 1 << 6;
export const MLX4_FL_SV = 1 << 5;
export const MLX4_FL_ETH_HIDE_CQE_VLAN = 1 << 2;
export const MLX4_FL_ETH_SRC_CHECK_MC_LB = 1 << 1;
export const MLX4_FL_ETH_SRC_CHECK_UC_LB = 1 << 0;
/** Path: bit 7 of vlan_control, the source check goes by the counter. */
export const MLX4_CTRL_ETH_SRC_CHECK_IF_COUNTER = 1 << 7;
/** Path: bits of feup: force Ethernet user priority, source MAC, VLAN. */
export const MLX4_FEUP_FORCE_ETH_UP = 1 << 6;
export const MLX4_FSM_FORCE_ETH_SRC_MAC = 1 << 5;
export const MLX4_FVL_FORCE_ETH_VLAN = 1 << 3;
/** Path: link type Ethernet, in ackto. */
export const MLX4_LINK_TYPE_ETH = 1;
/** Path: bits of sched_queue. */
export const MLX4_SCHED_QUEUE_BASE = 0x83;
/** Port (1 or 2) and user priority of sched_queue. */
export const schedQueuePort = (schedQueue: number): 1 | 2 => ((schedQueue >> 6) & 1 ? 2 : 1);

export const schedQueuePriority = (schedQueue: number): number => (schedQueue >> 3) & 7;
/** sched_queue of a port and a user priority (0 to 7), as mlx4_en fills it. */
export const schedQueueOf = (portNumber: 1 | 2, priority: number): number =>
  MLX4_SCHED_QUEUE_BASE | ((portNumber - 1) << 6) | (priority << 3);

/** UPDATE_QP: masks before the context. */
export const updateQp = layout('mlx4_update_qp', 0x20, {
  qp_mask_h: be32(0x00),
  qp_mask_l: be32(0x04),
  primary_addr_path_mask_h: be32(0x08),
  primary_addr_path_mask_l: be32(0x0c),
  secondary_addr_path_mask_h: be32(0x10),
  secondary_addr_path_mask_l: be32(0x14),
});
/** Bits of the QP mask (32 to 35). */
export const MLX4_UPD_QP_MASK = { PM_STATE: 32, VSD: 33, QOS_VPP: 34, RATE_LIMIT: 35 } as const;
/** Bits of the path masks: these plus 32. */
export const MLX4_UPD_QP_PATH_MASK = {
  PKEY_INDEX: 0,
  FSM: 1,
  MAC_INDEX: 2,
  FVL: 3,
  CV: 4,
  VLAN_INDEX: 5,
  ETH_HIDE_CQE_VLAN: 6,
  ETH_TX_BLOCK_UNTAGGED: 7,
  ETH_TX_BLOCK_1P: 8,
  ETH_TX_BLOCK_TAGGED: 9,
  ETH_RX_BLOCK_UNTAGGED: 10,
  ETH_RX_BLOCK_1P: 11,
  ETH_RX_BLOCK_TAGGED: 12,
  FEUP: 13,
  SCHED_QUEUE: 14,
  IF_COUNTER_INDEX: 15,
  FVL_RX: 16,
  ETH_SRC_CHECK_UC_LB: 18,
  ETH_SRC_CHECK_MC_LB: 19,
  SV: 22,
} as const;
/** Bit 33 of the QP mask, in its high word: VLAN stripping. */
export const MLX4_UPD_QP_MASK_VSD_HIGH = 1 << 1;
