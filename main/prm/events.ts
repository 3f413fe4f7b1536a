// Event queue entries (facts/device 6.2; device.h: struct mlx4_eqe, enum mlx4_event).

import { be16, be32, bits, layout, u8 } from './layout.ts';

export const eqeBytes = 32;
/** Bit of the owner byte that says whose entry it is. */
export const eqeOwnerOffset = 0x1f;
export const ownerBit = 0x80;

/** Every EQE. */
export const eqe = layout('eqe', eqeBytes, {
  type: u8(0x01),
  subtype: u8(0x03),
  owner: u8(eqeOwnerOffset),
});

/** COMP and CQ_ERROR. */
export const eqeCq = layout('eqe_cq', eqeBytes, { cqn: bits(0x04, 23, 0), syndrome: u8(0x0f) });
/** QP events. */
export const eqeQp = layout('eqe_qp', eqeBytes, { qpn: bits(0x04, 23, 0) });
/** CMD: a firmware command is done. */
export const eqeCmd = layout('eqe_cmd', eqeBytes, {
  token: be16(0x06),
  status: u8(0x0f),
  out_param_h: be32(0x10),
  out_param_l: be32(0x14),
});
/** PORT_CHANGE. */
export const eqePortChange = layout('eqe_port_change', eqeBytes, { port: bits(0x0c, 31, 28) });
/** PORT_MNG_CHG_EVENT. */
export const eqePortMgmt = layout('eqe_port_mgmt', eqeBytes, {
  port: u8(0x07),
  mstr_sm_lid: be16(0x08),
  port_lid: be16(0x0a),
  changed_attr: be32(0x0c),
});
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
/** Subtype of PORT_MNG_CHG_EVENT: port information changed. */
export const MLX4_DEV_PMC_SUBTYPE_PORT_INFO = 0x15;

/** Asynchronous events that the driver maps to its first EQ, low word (eq.c: MLX4_ASYNC_EVENT_MASK). */
export const MLX4_ASYNC_EVENT_MASK = 0x1d1f46fe;
