// Status codes of firmware commands (facts/device 3.6; cmd.c: CMD_STAT_*), what they become in
// Linux, and the closing commands, whose failure the driver takes for a dead card (3.7).
// Left out: the reverse map that an SR-IOV master uses for its virtual functions.

import type { CommandName } from './opcodes.ts';

/** Status by name. */
export const CMD_STAT = {
  OK: 0x00,
  INTERNAL_ERR: 0x01,
  BAD_OP: 0x02,
  BAD_PARAM: 0x03,
  BAD_SYS_STATE: 0x04,
  BAD_RESOURCE: 0x05,
  RESOURCE_BUSY: 0x06,
  EXCEED_LIM: 0x08,
  BAD_RES_STATE: 0x09,
  BAD_INDEX: 0x0a,
  BAD_NVMEM: 0x0b,
  ICM_ERROR: 0x0c,
  BAD_QP_STATE: 0x10,
  BAD_SEG_PARAM: 0x20,
  REG_BOUND: 0x21,
  LAM_NOT_PRE: 0x22,
  BAD_PKT: 0x30,
  BAD_SIZE: 0x40,
  MULTI_FUNC_REQ: 0x50,
} as const;

/** A status byte. */
export type CommandStatus = number;

/** Name of a status byte, for texts. */
export const statusName = (status: CommandStatus): string =>
  Object.entries(CMD_STAT).find(([, value]) => value === status)?.[0] ?? `0x${status.toString(16)}`;

/** Linux error number (negative) of each status, as in the kernel's table. */
export const statusErrno: ReadonlyMap<CommandStatus, number> = new Map([
  [CMD_STAT.OK, 0],
  [CMD_STAT.INTERNAL_ERR, -5], // EIO
  [CMD_STAT.BAD_OP, -1], // EPERM
  [CMD_STAT.BAD_PARAM, -22], // EINVAL
  [CMD_STAT.BAD_SYS_STATE, -6], // ENXIO
  [CMD_STAT.BAD_RESOURCE, -9], // EBADF
  [CMD_STAT.RESOURCE_BUSY, -16], // EBUSY
  [CMD_STAT.EXCEED_LIM, -12], // ENOMEM
  [CMD_STAT.BAD_RES_STATE, -9], // EBADF
  [CMD_STAT.BAD_INDEX, -9], // EBADF
  [CMD_STAT.BAD_NVMEM, -14], // EFAULT
  [CMD_STAT.ICM_ERROR, -23], // ENFILE
  [CMD_STAT.BAD_QP_STATE, -22], // EINVAL
  [CMD_STAT.BAD_SEG_PARAM, -14], // EFAULT
  [CMD_STAT.REG_BOUND, -16], // EBUSY
  [CMD_STAT.LAM_NOT_PRE, -11], // EAGAIN
  [CMD_STAT.BAD_PKT, -22], // EINVAL
  [CMD_STAT.BAD_SIZE, -12], // ENOMEM
  [CMD_STAT.MULTI_FUNC_REQ, -13], // EACCES
]);

/** The negative Linux error number of a status byte; 0 for OK, -5 (EIO) for an unknown one. */
export const mlx4_status_to_errno = (status: CommandStatus): number =>
  statusErrno.get(status) ?? -5;

/** Commands that must succeed even for odd resource states. */
export const closingCommands: ReadonlySet<CommandName> = new Set<CommandName>([
  'MLX4_CMD_CLOSE_HCA',
  'MLX4_CMD_HW2SW_EQ',
  'MLX4_CMD_HW2SW_CQ',
  'MLX4_CMD_HW2SW_SRQ',
  'MLX4_CMD_2RST_QP',
  'MLX4_CMD_SYNC_TPT',
  'MLX4_CMD_UNMAP_ICM',
  'MLX4_CMD_UNMAP_ICM_AUX',
  'MLX4_CMD_UNMAP_FA',
  'MLX4_CMD_HW2SW_MPT',
]);

/**
 * True when the driver takes this status of a closing command for a dead card. The one exception:
 * HW2SW_MPT may answer that a memory window is still bound.
 */
export const isFatalClosingStatus = (name: CommandName, status: CommandStatus): boolean =>
  closingCommands.has(name) &&
  status !== CMD_STAT.OK &&
  !(name === 'MLX4_CMD_HW2SW_MPT' && status === CMD_STAT.REG_BOUND);

/**
 * Commands that the driver reports as done, without touching the card, once the card is given up
 * (internal-error state); every other one fails with -5. QP_ATTACH is one only when it detaches.
 */
export const doneWithoutCard: ReadonlySet<CommandName> = new Set<CommandName>([
  'MLX4_CMD_UNMAP_ICM',
  'MLX4_CMD_UNMAP_ICM_AUX',
  'MLX4_CMD_UNMAP_FA',
  'MLX4_CMD_2RST_QP',
  'MLX4_CMD_HW2SW_EQ',
  'MLX4_CMD_HW2SW_CQ',
  'MLX4_CMD_HW2SW_SRQ',
  'MLX4_CMD_HW2SW_MPT',
  'MLX4_CMD_CLOSE_HCA',
  'MLX4_QP_FLOW_STEERING_DETACH',
  'MLX4_CMD_FREE_RES',
  'MLX4_CMD_CLOSE_PORT',
]);
