// Completion queue entries (facts/device 6.3.3 to 6.3.6; cq.h). With 64-byte entries the CQE is the
// second half of the entry. Who owns an entry: ownerOfPass() in events.ts.

import { be16, be32, bit, bits, layout, u8 } from './layout.ts';

export const cqeBytes = 32;
/** Bytes of an entry with the 64B_CQE capability; the CQE begins at half of it. */
export const cqeBytesLong = 64;
/** Byte that holds owner bit, direction and opcode. */
export const cqeOwnerOffset = 0x1f;

/** A good completion. */
export const cqe = layout('mlx4_cqe', cqeBytes, {
  l2_tunnel_ipok: bit(0x00, 31),
  svlan_present: bit(0x00, 30),
  cvlan_present: bit(0x00, 29),
  l2_tunnel: bit(0x00, 27),
  l2_tunnel_csum: bit(0x00, 26),
  l2_tunnel_ipv4: bit(0x00, 25),
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

/** A receive completion of a CQ with timestamps: no VLAN tag, no source address. */
export const tsCqe = layout('mlx4_ts_cqe', cqeBytes, {
  qpn: bits(0x00, 23, 0),
  immed_rss_invalid: be32(0x04),
  g_mlpath_rqpn: be32(0x08),
  timestamp_hi: be32(0x0c),
  status: be16(0x10),
  ipv6_ext_mask: u8(0x12),
  badfcs_enc: u8(0x13),
  byte_cnt: be32(0x14),
  wqe_index: be16(0x18),
  checksum: be16(0x1a),
  timestamp_lo: be16(0x1d),
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
/** Opcodes of receive completions; a send completion has the opcode of its WQE. */
export const MLX4_RECV_OPCODE_RDMA_WRITE_IMM = 0x00;
export const MLX4_RECV_OPCODE_SEND = 0x01;
export const MLX4_RECV_OPCODE_SEND_IMM = 0x02;
export const MLX4_RECV_OPCODE_SEND_INVAL = 0x03;

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
export const MLX4_CQE_SNAP = 0x02;
export const MLX4_CQE_LLC = 0x01;

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
