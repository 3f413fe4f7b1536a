// Work queue entries (facts/device 8; qp.h, en_tx.c, en_rx.c): what mlx4_en builds, and the
// datagram and remote address segments of mlx4_ib.
// Left out: atomic, bind, fast-register and local-invalidate segments, which the lab never builds.

import { be16, be32, be64, bit, bits, bytes, layout, u8 } from './layout.ts';

/** Basic block of a send queue. */
export const TXBB_SIZE = 64;

export const wqeCtrlBytes = 16;
/** Control segment. With BlueFlame the word at 4 is QPN and size instead. */
export const wqeCtrlSeg = layout('mlx4_wqe_ctrl_seg', wqeCtrlBytes, {
  owner: bit(0x0, 31),
  nec: bit(0x0, 29),
  iip: bit(0x0, 28),
  ilp: bit(0x0, 27),
  /** BlueFlame only; it is in the ring's copy, too, so a card that reads memory ignores it. */
  bf_index: bits(0x0, 23, 8),
  blh: bit(0x0, 6),
  opcode: bits(0x0, 4, 0),
  vlan_tag: be16(0x4),
  ins_vlan: u8(0x6),
  fence_size: u8(0x7),
  srcrb_flags: be32(0x8),
  imm: be32(0xc),
});

/** The word at 4 of the control segment when the WQE goes through BlueFlame. */
export const wqeCtrlBlueFlame = layout('wqe_ctrl_bf', wqeCtrlBytes, {
  qpn: bits(0x4, 31, 8),
  fence_size: u8(0x7),
});
/** fence_size: fence bit, and the size of the WQE in 16-byte units. */
export const MLX4_WQE_CTRL_FENCE = 1 << 6;
export const WQE_SIZE_MASK = 0x3f;
/** Basic blocks of a WQE of so many 16-byte units. */
export const txbbsOfSize = (units: number): number => Math.ceil(units / 4);

/** Owner bit of the first word. */
export const MLX4_EN_BIT_DESC_OWN = 0x8000_0000;
/** Opcodes. */
export const MLX4_OPCODE_NOP = 0x00;
export const MLX4_OPCODE_SEND = 0x0a;
export const MLX4_OPCODE_LSO = 0x0e;
/** First word of an LSO descriptor of mlx4_en, without the owner bit: opcode and BLH. */
export const LSO_WORD = 0x4e;
/** ins_vlan bits. */
export const MLX4_WQE_CTRL_INS_CVLAN = 1 << 6;
export const MLX4_WQE_CTRL_INS_SVLAN = 1 << 7;
/** Bits of srcrb_flags. */
export const MLX4_WQE_CTRL_FORCE_LOOPBACK = 1 << 0;
export const MLX4_WQE_CTRL_SOLICITED = 1 << 1;
export const MLX4_WQE_CTRL_CQ_UPDATE = 3 << 2;
export const MLX4_WQE_CTRL_IP_CSUM = 1 << 4;
export const MLX4_WQE_CTRL_TCP_UDP_CSUM = 1 << 5;
export const MLX4_WQE_CTRL_STRONG_ORDER = 1 << 7;

export const wqeDataBytes = 16;
/** Data segment, of sends and of receive scatter lists. */
export const wqeDataSeg = layout('mlx4_wqe_data_seg', wqeDataBytes, {
  byte_count: be32(0x0),
  lkey: be32(0x4),
  addr_h: be32(0x8),
  addr_l: be32(0xc),
});

/**
 * Head of a descriptor in a shared receive queue (device.h: struct mlx4_wqe_srq_next_seg): which
 * one comes next. Data segments follow. The facts do not have it; it is Linux 6.1's.
 */
export const wqeSrqNextSegBytes = 16;
export const wqeSrqNextSeg = layout('mlx4_wqe_srq_next_seg', wqeSrqNextSegBytes, {
  next_wqe_index: be16(0x2),
});

/** LSO segment: inline headers follow, padded so that data segments start at 16 bytes. */
export const wqeLsoSegBytes = 4;
export const wqeLsoSeg = layout('mlx4_wqe_lso_seg', wqeLsoSegBytes, {
  mss: bits(0x0, 31, 16),
  header_size: bits(0x0, 15, 0),
});
/** Bytes from the LSO segment to the first data segment. */
export const lsoSegSpan = (headerBytes: number): number =>
  Math.ceil((wqeLsoSegBytes + headerBytes) / 16) * 16;

/** Header of an inline segment; the data follows. */
export const wqeInlineSegBytes = 4;
export const wqeInlineSeg = layout('mlx4_wqe_inline_seg', wqeInlineSegBytes, {
  inline: bit(0x0, 31),
  length: bits(0x0, 30, 0),
});
/** An inline segment's header has this bit; the rest is the length. */
export const MLX4_INLINE_SEG = 0x8000_0000;
/** Inline segments may not cross a boundary of this many bytes. */
export const MLX4_INLINE_ALIGN = 64;
/** Bytes of a packet that fit inline into the first basic block. */
export const MLX4_INLINE_FIRST_BYTES = MLX4_INLINE_ALIGN - wqeCtrlBytes - wqeInlineSegBytes;
/** Shortest inline packet; a shorter one is padded with zeros. */
export const MIN_PKT_LEN = 17;

/** Stamp of a block that software owns: all ones but for the owner bit. */
export const STAMP_VAL = 0x7fff_ffff;
export const STAMP_STRIDE = 64;

/** Datagram segment (UD sends of mlx4_ib): address vector, then the destination. */
export const wqeDatagramSegBytes = 48;
export const wqeDatagramSeg = layout('mlx4_wqe_datagram_seg', wqeDatagramSegBytes, {
  av: bytes(0x00, 32),
  dqpn: be32(0x20),
  qkey: be32(0x24),
  vlan: be16(0x28),
  mac: bytes(0x2a, 6),
});

/** Remote address segment (RDMA of mlx4_ib). */
export const wqeRaddrSegBytes = 16;
export const wqeRaddrSeg = layout('mlx4_wqe_raddr_seg', wqeRaddrSegBytes, {
  raddr: be64(0x0),
  rkey: be32(0x8),
});
