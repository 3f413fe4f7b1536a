// Contexts of EQs, CQs, SRQs and memory regions (facts/device 6.1 to 6.4, 6.6; mlx4.h). A buffer is
// named by mtt_base_addr_h/_l: a byte offset from the MTT table's base, eight bytes per entry; its
// pages have 2^(log_page_size + 12) bytes.

import { addr64, be16, be32, be64, bit, bits, layout, u8 } from './layout.ts';

export const eqContextBytes = 64;
/** EQ context (SW2HW_EQ). */
export const eqContext = layout('mlx4_eq_context', eqContextBytes, {
  status: bits(0x00, 31, 28),
  owner: bits(0x00, 27, 24),
  ec: bit(0x00, 18),
  oi: bit(0x00, 17),
  state: bits(0x00, 11, 8),
  page_offset: be16(0x0a),
  log_eq_size: bits(0x0c, 28, 24),
  eq_period: u8(0x11),
  eq_max_count: u8(0x13),
  intr: u8(0x17),
  log_page_size: u8(0x18),
  mtt_base_addr_h: u8(0x1b),
  mtt_base_addr_l: be32(0x1c),
  consumer_index: be32(0x28),
  producer_index: be32(0x2c),
});
export const MLX4_EQ_STATUS_OK = 0;
export const MLX4_EQ_STATUS_WRITE_FAIL = 10;
export const MLX4_EQ_STATE_ARMED = 9;
export const MLX4_EQ_STATE_FIRED = 10;
export const MLX4_EQ_STATE_ALWAYS_ARMED = 11;

export const cqContextBytes = 64;
/** CQ context (SW2HW_CQ, MODIFY_CQ). */
export const cqContext = layout('mlx4_cq_context', cqContextBytes, {
  status: bits(0x00, 31, 28),
  timestamp: bit(0x00, 19),
  collapsed: bit(0x00, 18),
  oi: bit(0x00, 17),
  state: bits(0x00, 11, 8),
  page_offset: be16(0x0a),
  log_size: bits(0x0c, 28, 24),
  usr_page: bits(0x0c, 23, 0),
  cq_period: be16(0x10),
  cq_max_count: be16(0x12),
  comp_eqn: u8(0x17),
  log_page_size: u8(0x18),
  mtt_base_addr_h: u8(0x1b),
  mtt_base_addr_l: be32(0x1c),
  last_notified_index: be32(0x20),
  solicit_producer_index: be32(0x24),
  consumer_index: be32(0x28),
  producer_index: be32(0x2c),
  db_rec_addr: addr64(0x38),
});
export const MLX4_CQ_STATUS_OK = 0;
export const MLX4_CQ_STATUS_OVERFLOW = 9;
export const MLX4_CQ_STATUS_WRITE_FAIL = 10;
export const MLX4_CQ_STATE_ARMED_SOLICITED = 6;
export const MLX4_CQ_STATE_ARMED = 9;
export const MLX4_CQ_STATE_FIRED = 10;
/** SW2HW_CQ opcode modifiers: the card sets the owner bits of all entries, or software did. */
export const MLX4_SW2HW_CQ_HW_INIT = 0;
export const MLX4_SW2HW_CQ_SW_INIT = 1;
/** MODIFY_CQ opcode modifiers. */
export const MLX4_MODIFY_CQ_RESIZE = 0;
export const MLX4_MODIFY_CQ_MODERATION = 1;

export const srqContextBytes = 48;
/** SRQ context (SW2HW_SRQ). */
export const srqContext = layout('mlx4_srq_context', srqContextBytes, {
  state: bits(0x00, 31, 28),
  log_size: bits(0x00, 27, 24),
  srqn: bits(0x00, 23, 0),
  logstride: u8(0x04),
  xrcd: be16(0x06),
  cqn: bits(0x08, 23, 0),
  log_page_size: u8(0x10),
  mtt_base_addr_h: u8(0x13),
  mtt_base_addr_l: be32(0x14),
  pd: be32(0x18),
  limit_watermark: be16(0x1c),
  wqe_cnt: be16(0x1e),
  wqe_counter: be16(0x22),
  db_rec_addr: addr64(0x28),
});

export const mptEntryBytes = 64;
/** Memory protection entry (SW2HW_MPT). */
export const mptEntry = layout('mlx4_mpt_entry', mptEntryBytes, {
  status: bits(0x00, 31, 28),
  mio: bit(0x00, 17),
  bind_enable: bit(0x00, 15),
  atomic: bit(0x00, 14),
  remote_write: bit(0x00, 13),
  remote_read: bit(0x00, 12),
  local_write: bit(0x00, 11),
  local_read: bit(0x00, 10),
  physical: bit(0x00, 9),
  region: bit(0x00, 8),
  /** Of a window: QPN, with bit 7 for "bound to a QP". */
  qpn: be32(0x04),
  key: be32(0x08),
  remote_enable: bit(0x0c, 28),
  fast_register: bit(0x0c, 27),
  enable_invalidate: bits(0x0c, 25, 24),
  vf: bits(0x0c, 23, 17),
  pd: bits(0x0c, 16, 0),
  start: be64(0x10),
  length: be64(0x18),
  lkey: be32(0x20),
  win_cnt: be32(0x24),
  mtt_rep: u8(0x2b),
  mtt_addr: addr64(0x2c),
  mtt_sz: be32(0x34),
  entity_size: be32(0x38),
  first_byte_offset: be32(0x3c),
});
/** Status of an entry that software owns. */
export const MLX4_MPT_STATUS_SW = 0xf;
/** Status of an entry that nobody uses. */
export const MLX4_MPT_STATUS_FREE = 0x3;
/** Status of an entry that the card uses. */
export const MLX4_MPT_STATUS_HW = 0x0;

/** Bytes of a translation entry: a DMA address with MLX4_MTT_FLAG_PRESENT. */
export const mttEntryBytes = 8;
export const MLX4_MTT_FLAG_PRESENT = 1;
/** A translation entry; the address is a multiple of 4096, so the present bit fits below it. */
export const mttEntry = layout('mtt_entry', mttEntryBytes, {
  address_h: be32(0x0),
  address_l: bits(0x4, 31, 12),
  present: bit(0x4, 0),
});

/** Key of an MPT index: rotated left by eight. */
export const hw_index_to_key = (index: number): number => ((index << 8) | (index >>> 24)) >>> 0;
/** MPT index of a key. */
export const key_to_hw_index = (key: number): number => ((key >>> 8) | (key << 24)) >>> 0;
/** The key that pads receive descriptors. */
export const MLX4_INVALID_LKEY = 0x100;
