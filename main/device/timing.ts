// Declared virtual times of the card. They are this lab's choice (a real card's vary with firmware
// and load); what matters is that every operation takes some, that a slow one can overtake nothing
// it depends on, and that equal runs take equal times.

import type { CommandName } from '#prm/opcodes.ts';

/**
 * How long the vendor id reads 0xffff after a software reset, ns. The driver waits 1 s, then 2 s.
 */
export const resetDarkNs = 500_000_000;
/** From a send doorbell to the first descriptor fetch, ns. */
export const sendDoorbellNs = 400;
/** Descriptors that one QP may send before others get their turn. */
export const sendBurst = 64;
/** Time that a QP waits for its next turn, ns. */
export const sendTurnNs = 200;
/** From a subnet manager's datagram to the answer, ns. */
export const agentNs = 100_000;
/** Commands that may be under way in event mode. */
export const outstandingMax = 16;

const microsecond = 1000;
const defaultNs = 5 * microsecond;

/** Commands that differ from the default. */
const slower: Partial<Record<CommandName, number>> = {
  MLX4_CMD_NOP: 2 * microsecond,
  MLX4_CMD_QUERY_PORT: 3 * microsecond,
  MLX4_CMD_QUERY_CQ: 2 * microsecond,
  MLX4_CMD_QUERY_EQ: 2 * microsecond,
  MLX4_CMD_QUERY_QP: 2 * microsecond,
  MLX4_CMD_RUN_FW: 200 * microsecond,
  MLX4_CMD_INIT_HCA: 100 * microsecond,
  MLX4_CMD_CLOSE_HCA: 50 * microsecond,
  MLX4_CMD_INIT_PORT: 20 * microsecond,
  MLX4_CMD_CLOSE_PORT: 20 * microsecond,
  MLX4_CMD_SET_PORT: 10 * microsecond,
  MLX4_CMD_SENSE_PORT: 20 * microsecond,
  MLX4_CMD_DUMP_ETH_STATS: 15 * microsecond,
  MLX4_CMD_MAD_IFC: 100 * microsecond,
  MLX4_CMD_ACCESS_REG: 20 * microsecond,
  MLX4_CMD_CONFIG_DEV: 10 * microsecond,
  MLX4_CMD_VIRT_PORT_MAP: 10 * microsecond,
};

/** How long a command takes, ns; an unknown opcode is refused after the default time. */
export const commandNs = (name: CommandName | null): number =>
  name === null ? defaultNs : (slower[name] ?? defaultNs);
