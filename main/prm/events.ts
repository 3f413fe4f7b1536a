// Event queue entries (facts/device 6.2; device.h: struct mlx4_eqe, enum mlx4_event). With 64-byte
// entries the EQE is the second half of the entry.
// Left out: the data of COMM_CHANNEL, VEP_UPDATE and FLR_EVENT (SR-IOV).

import { be16, be32, be64, bits, layout, u8 } from './layout.ts';

export const eqeBytes = 32;
/** Bytes of an entry with the 64B_EQE capability; the EQE begins at half of it. */
export const eqeBytesLong = 64;
/** The owner byte, and the bit in it that says whose entry it is. */
export const eqeOwnerOffset = 0x1f;
export const ownerBit = 0x80;
/**
 * The owner bit of a valid entry at a running index, in EQs and CQs of `size` entries: 0 in the
 * first pass, 1 in the second, and so on. The card writes it, the driver compares with it.
 */
export const ownerOfPass = (index: number, size: number): 0 | 0x80 =>
  Math.floor(index / size) % 2 === 1 ? 0x80 : 0;

/** Every EQE. */
export const eqe = layout('eqe', eqeBytes, {
  type: u8(0x01),
  subtype: u8(0x03),
  slave_id: u8(0x1c),
  owner: u8(eqeOwnerOffset),
});

/** COMP and CQ_ERROR. */
export const eqeCq = layout('eqe_cq', eqeBytes, { cqn: bits(0x04, 23, 0), syndrome: u8(0x0f) });
/** Syndrome of CQ_ERROR: overrun; any other is an access violation. */
export const MLX4_CQ_ERROR_OVERRUN = 1;
/** QP events. */
export const eqeQp = layout('eqe_qp', eqeBytes, { qpn: bits(0x04, 23, 0) });
/** SRQ events. */
export const eqeSrq = layout('eqe_srq', eqeBytes, { srqn: bits(0x04, 23, 0) });
/** CMD: a firmware command is done. */
export const eqeCmd = layout('eqe_cmd', eqeBytes, {
  token: be16(0x06),
  status: u8(0x0f),
  out_param_h: be32(0x10),
  out_param_l: be32(0x14),
});
/** PORT_CHANGE. */
export const eqePortChange = layout('eqe_port_change', eqeBytes, { port: bits(0x0c, 31, 28) });
/** PORT_MNG_CHG_EVENT, subtype PORT_INFO. */
export const eqePortMgmt = layout('eqe_port_mgmt', eqeBytes, {
  port: u8(0x07),
  mstr_sm_lid: be16(0x08),
  port_lid: be16(0x0a),
  changed_attr: be32(0x0c),
  mstr_sm_sl: u8(0x13),
  gid_prefix: be64(0x14),
});
/** PORT_MNG_CHG_EVENT, subtypes GUID_INFO and PKEY_TABLE. */
export const eqePortTable = layout('eqe_port_table', eqeBytes, {
  port: u8(0x07),
  block_ptr: be32(0x08),
  tbl_entries_mask: be32(0x0c),
});
/** Bits of changed_attr. */
export const MLX4_EQ_PORT_INFO = {
  MSTR_SM_LID_CHANGE: 1 << 0,
  GID_PFX_CHANGE: 1 << 1,
  LID_CHANGE: 1 << 2,
  CLIENT_REREG: 1 << 3,
  MSTR_SM_SL_CHANGE: 1 << 4,
} as const;
/** FATAL_WARNING, temperature. */
export const eqeWarming = layout('eqe_warming', eqeBytes, {
  current_temperature: be16(0x04),
  warning_threshold: be16(0x06),
});
/** RECOVERABLE_ERROR_EVENT. */
export const eqeBadCable = layout('eqe_bad_cable', eqeBytes, { port: u8(0x07) });

/** Event types (enum mlx4_event). */
export const MLX4_EVENT_TYPE = {
  COMP: 0x00,
  PATH_MIG: 0x01,
  COMM_EST: 0x02,
  SQ_DRAINED: 0x03,
  CQ_ERROR: 0x04,
  WQ_CATAS_ERROR: 0x05,
  EEC_CATAS_ERROR: 0x06,
  PATH_MIG_FAILED: 0x07,
  LOCAL_CATAS_ERROR: 0x08,
  PORT_CHANGE: 0x09,
  CMD: 0x0a,
  ECC_DETECT: 0x0e,
  EQ_OVERFLOW: 0x0f,
  WQ_INVAL_REQ_ERROR: 0x10,
  WQ_ACCESS_ERROR: 0x11,
  SRQ_CATAS_ERROR: 0x12,
  SRQ_QP_LAST_WQE: 0x13,
  SRQ_LIMIT: 0x14,
  COMM_CHANNEL: 0x18,
  VEP_UPDATE: 0x19,
  OP_REQUIRED: 0x1a,
  FATAL_WARNING: 0x1b,
  FLR_EVENT: 0x1c,
  PORT_MNG_CHG_EVENT: 0x1d,
  RECOVERABLE_ERROR_EVENT: 0x3e,
  NONE: 0xff,
} as const;

/** Subtypes of PORT_CHANGE. */
export const MLX4_PORT_CHANGE_SUBTYPE_DOWN = 1;
export const MLX4_PORT_CHANGE_SUBTYPE_ACTIVE = 4;
/** Subtypes of PORT_MNG_CHG_EVENT. */
export const MLX4_DEV_PMC_SUBTYPE_GUID_INFO = 0x14;
export const MLX4_DEV_PMC_SUBTYPE_PORT_INFO = 0x15;
export const MLX4_DEV_PMC_SUBTYPE_PKEY_TABLE = 0x16;
export const MLX4_DEV_PMC_SUBTYPE_SL_TO_VL_MAP = 0x17;
/** Subtype of FATAL_WARNING. */
export const MLX4_FATAL_WARNING_SUBTYPE_WARMING = 0;
/** Subtypes of RECOVERABLE_ERROR_EVENT. */
export const MLX4_RECOVERABLE_ERROR_EVENT_SUBTYPE_BAD_CABLE = 1;
export const MLX4_RECOVERABLE_ERROR_EVENT_SUBTYPE_UNSUPPORTED_CABLE = 2;

/**
 * Asynchronous events that the driver maps to its first EQ, low word (eq.c: MLX4_ASYNC_EVENT_MASK).
 */
export const MLX4_ASYNC_EVENT_MASK = 0x1d1f46fe;
/** Bits that capabilities add: PORT_MNG_CHG_EV in the low word, RECOVERABLE_ERROR_EVENT above. */
export const MLX4_ASYNC_EVENT_MASK_PORT_MNG = 0x2000_0000;
export const MLX4_ASYNC_EVENT_MASK_RECOVERABLE_HIGH = 0x4000_0000;
/** MAP_EQ: bit of the input modifier that unmaps; the EQN is in the low bits. */
export const MLX4_MAP_EQ_UNMAP = 0x8000_0000;
