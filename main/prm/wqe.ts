// Work queue entries of mlx4_en (facts/device 8; qp.h).

import { be16, be32, bit, bits, layout, u8 } from './layout.ts';

/** Basic block of a send queue. */
export const TXBB_SIZE = 64;

export const wqeCtrlBytes = 16;
/** Control segment. With BlueFlame the word at 4 is QPN and size instead. */
export const wqeCtrlSeg = layout('mlx4_wqe_ctrl_seg', wqeCtrlBytes, {
  owner: bit(0x0, 31),
  iip: bit(0x0, 28),
  ilp: bit(0x0, 27),
  blh: bit(0x0, 6),
  opcode: bits(0x0, 4, 0),
  vlan_tag: be16(0x4),
  ins_vlan: u8(0x6),
  fence_size: u8(0x7),
  srcrb_flags: be32(0x8),
  imm: be32(0xc),
});

/** Owner bit of the first word. */
export const MLX4_EN_BIT_DESC_OWN = 0x8000_0000;
/** Opcodes. */
export const MLX4_OPCODE_NOP = 0x00;
export const MLX4_OPCODE_SEND = 0x0a;
export const MLX4_OPCODE_LSO = 0x0e;
/** ins_vlan bits. */
export const MLX4_WQE_CTRL_INS_CVLAN = 1 << 6;
export const MLX4_WQE_CTRL_INS_SVLAN = 1 << 7;
/** Bits of srcrb_flags. */
export const MLX4_WQE_CTRL_FORCE_LOOPBACK = 1 << 0;
export const MLX4_WQE_CTRL_SOLICITED = 1 << 1;
export const MLX4_WQE_CTRL_CQ_UPDATE = 3 << 2;
export const MLX4_WQE_CTRL_IP_CSUM = 1 << 4;
export const MLX4_WQE_CTRL_TCP_UDP_CSUM = 1 << 5;

export const wqeDataBytes = 16;
/** Data segment, of sends and of receive scatter lists. */
export const wqeDataSeg = layout('mlx4_wqe_data_seg', wqeDataBytes, {
  byte_count: be32(0x0),
  lkey: be32(0x4),
  addr_h: be32(0x8),
  addr_l: be32(0xc),
});

/** An inline segment's header has this bit; the rest is the length. */
export const MLX4_INLINE_SEG = 0x8000_0000;
/** Inline segments may not cross a boundary of this many bytes. */
export const MLX4_INLINE_ALIGN = 64;
/** Shortest inline packet; a shorter one is padded with zeros. */
export const MIN_PKT_LEN = 17;

/** Stamp of a block that software owns: all ones but for the owner bit. */
export const STAMP_VAL = 0x7fff_ffff;
export const STAMP_STRIDE = 64;
