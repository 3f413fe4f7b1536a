// Queue pair context, path and RSS overlay (facts/device 6.5; qp.h).

import { addr64, be16, be32, bit, bits, bytes, layout, u8 } from './layout.ts';

export const qpContextBytes = 248;
/** Where the context begins in the mailbox of a state change and of QUERY_QP. */
export const qpContextMailboxOffset = 8;
/** Where it begins in the mailbox of UPDATE_QP. */
export const updateQpContextOffset = 0x20;

/** QP context with its primary path in place. */
export const qpContext = layout('mlx4_qp_context', qpContextBytes, {
  state: bits(0x00, 31, 28),
  service_type: bits(0x00, 19, 16),
  pm_state: bits(0x00, 12, 11),
  rss: bit(0x00, 13),
  pd: bits(0x04, 23, 0),
  mtu_msgmax: u8(0x08),
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

/** Service types. */
export const MLX4_QP_ST = { RC: 0, UC: 1, RD: 2, UD: 3, XRC: 6, MLX: 7 } as const;

/** params2: forced physical port (facts/device 10.5). */
export const MLX4_QP_BIT_FPP = 1 << 3;
/** Path: link type Ethernet, in ackto. */
export const MLX4_LINK_TYPE_ETH = 1;
/** Path: bits of sched_queue. */
export const MLX4_SCHED_QUEUE_BASE = 0x83;
export const schedQueuePort = (schedQueue: number): 1 | 2 => ((schedQueue >> 6) & 1 ? 2 : 1);

/** UPDATE_QP: masks before the context. */
export const updateQp = layout('mlx4_update_qp', 0x20, {
  qp_mask_h: be32(0x00),
  qp_mask_l: be32(0x04),
  primary_addr_path_mask_h: be32(0x08),
  primary_addr_path_mask_l: be32(0x0c),
});
/** Bit 33 of the QP mask, in its high word: VLAN stripping. */
export const MLX4_UPD_QP_MASK_VSD_HIGH = 1 << 1;
