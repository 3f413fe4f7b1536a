// Completion queue entries (facts/device 6.3.4; cq.h).

import { be16, be32, bit, bits, layout, u8 } from './layout.ts';

export const cqeBytes = 32;
/** Byte that holds owner bit, direction and opcode. */
export const cqeOwnerOffset = 0x1f;

/** A good completion. */
export const cqe = layout('mlx4_cqe', cqeBytes, {
  svlan_present: bit(0x00, 30),
  cvlan_present: bit(0x00, 29),
  qpn: bits(0x00, 23, 0),
  immed_rss_invalid: be32(0x04),
  g_mlpath_rqpn: be32(0x08),
  sl_vid: be16(0x0c),
  rlid: be16(0x0e),
  status: be16(0x10),
  ipv6_ext_mask: u8(0x12),
  badfcs_enc: u8(0x13),
  byte_cnt: be32(0x14),
  wqe_index: be16(0x18),
  checksum: be16(0x1a),
  owner_sr_opcode: u8(cqeOwnerOffset),
});

/** A completion in error. */
export const errCqe = layout('mlx4_err_cqe', cqeBytes, {
  my_qpn: bits(0x00, 23, 0),
  wqe_index: be16(0x18),
  vendor_err_syndrome: u8(0x1a),
  syndrome: u8(0x1b),
  owner_sr_opcode: u8(cqeOwnerOffset),
});

export const MLX4_CQE_OWNER_MASK = 0x80;
export const MLX4_CQE_IS_SEND_MASK = 0x40;
export const MLX4_CQE_OPCODE_MASK = 0x1f;
export const MLX4_CQE_OPCODE_ERROR = 0x1e;
export const MLX4_CQE_OPCODE_RESIZE = 0x16;
export const MLX4_RECV_OPCODE_SEND = 0x01;

/** Status bits (u16 at 0x10). */
export const MLX4_CQE_STATUS = {
  IPV4: 1 << 6,
  IPV4F: 1 << 7,
  IPV6: 1 << 8,
  IPV4OPT: 1 << 9,
  TCP: 1 << 10,
  UDP: 1 << 11,
  IPOK: 1 << 12,
} as const;

/** badfcs_enc bits. */
export const MLX4_CQE_BAD_FCS = 0x10;
export const MLX4_CQE_STATUS_L4_CSUM = 0x04;

/** Syndromes of error completions. */
export const MLX4_CQE_SYNDROME = {
  LOCAL_LENGTH_ERR: 0x01,
  LOCAL_QP_OP_ERR: 0x02,
  LOCAL_PROT_ERR: 0x04,
  WR_FLUSH_ERR: 0x05,
  MW_BIND_ERR: 0x06,
  BAD_RESP_ERR: 0x10,
  LOCAL_ACCESS_ERR: 0x11,
  REMOTE_INVAL_REQ_ERR: 0x12,
  REMOTE_ACCESS_ERR: 0x13,
  REMOTE_OP_ERR: 0x14,
  TRANSPORT_RETRY_EXC_ERR: 0x15,
  RNR_RETRY_EXC_ERR: 0x16,
  REMOTE_ABORTED_ERR: 0x22,
} as const;
