// Registers of BAR0 and doorbells of BAR2 (facts/device 1.4, 1.5, 2, 3.1, 7; mlx4.h, doorbell.h,
// cq.h). All are big-endian 32-bit words, but for the MSI-X table.
// Left out: the comm channel (SR-IOV) and the health buffer of crdump, whose place is 0 = none.

import { be32, bit, bits, layout } from './layout.ts';

/** BAR0: command and status registers. */
export const bar0Bytes = 0x10_0000;
export const msixTableOffset = 0x7c000;
export const msixPbaOffset = 0x7d000;
export const MLX4_HCR_BASE = 0x80680;
export const MLX4_HCR_SIZE = 0x1c;
export const MLX4_OWNER_BASE = 0x8069c;
export const MLX4_RESET_BASE = 0xf0000;
export const MLX4_RESET_SIZE = 0x400;
export const MLX4_RESET_OFFSET = 0x10;
export const MLX4_SEM_OFFSET = 0x3fc;
/** What the driver writes to the reset register, big-endian. */
export const MLX4_RESET_VALUE = 1;
/** CR access filter (crdump.c); the driver clears bit 6 while it dumps. */
export const CR_ENABLE_BIT_OFFSET = 0xf3f04;
export const CR_ENABLE_BIT = 1 << 6;
/** Places that the lab's card chose; the driver learns them from QUERY_FW. */
export const clearInterruptOffset = 0xf00d8;
export const errorBufferOffset = 0xf8000;
export const errorBufferDwords = 0x10;
export const internalClockOffset = 0xf8080;
/** The clear-interrupt register is two words; pins below 32 are bits of the second one. */
export const clearInterruptBytes = 8;
/** Which word and bit clear the INTx of a pin (QUERY_ADAPTER's inta_pin). */
export const clearInterruptWord = (intaPin: number): number => (intaPin < 32 ? 4 : 0);
export const clearInterruptMask = (intaPin: number): number => (1 << (intaPin & 31)) >>> 0;
/** The internal clock: high word, then low word. */
export const internalClockBytes = 8;

/** The HCR: seven words. */
export const hcr = layout('hcr', MLX4_HCR_SIZE, {
  in_param_h: be32(0x00),
  in_param_l: be32(0x04),
  in_modifier: be32(0x08),
  out_param_h: be32(0x0c),
  out_param_l: be32(0x10),
  token: bits(0x14, 31, 16),
  status: bits(0x18, 31, 24),
  go: bit(0x18, 23),
  event: bit(0x18, 22),
  toggle: bit(0x18, 21),
  opcode_modifier: bits(0x18, 15, 12),
  opcode: bits(0x18, 11, 0),
});

/** Offsets of the HCR's words. */
export const HCR_IN_PARAM_OFFSET = 0x00;
export const HCR_IN_MODIFIER_OFFSET = 0x08;
export const HCR_OUT_PARAM_OFFSET = 0x0c;
export const HCR_TOKEN_OFFSET = 0x14;
export const HCR_STATUS_OFFSET = 0x18;
export const HCR_OPMOD_SHIFT = 12;
export const HCR_T_BIT = 21;
export const HCR_E_BIT = 22;
export const HCR_GO_BIT = 23;
export const HCR_STATUS_SHIFT = 24;
/** Token of a command that is polled for. */
export const CMD_POLL_TOKEN = 0xffff;

/** BAR2: UAR pages, then BlueFlame pages. */
export const bar2Bytes = 0x80_0000;
export const uarAreaBytes = 0x40_0000;
export const uarPageBytes = 4096;
/** UARs below this one hold the EQ doorbells, four each. */
export const reservedUars = 128;

/** Offsets in a UAR page. */
export const MLX4_SEND_DOORBELL = 0x14;
export const MLX4_CQ_DOORBELL = 0x20;
export const eqDoorbellOffset = 0x800;

/** EQs whose doorbells share a UAR page. */
export const eqsPerUar = 4;
/** Where in BAR2 the doorbell of an EQ is. */
export const eqDoorbellAddress = (eqn: number): number =>
  Math.floor(eqn / eqsPerUar) * uarPageBytes + eqDoorbellOffset + 8 * (eqn % eqsPerUar);

/** EQ doorbell: arm and consumer index. */
export const eqDoorbell = layout('eq_doorbell', 4, {
  arm: bit(0, 31),
  consumer_index: bits(0, 23, 0),
});

/** Send doorbell: the card then looks for work on its own; there is no index. */
export const sendDoorbell = layout('send_doorbell', 4, { qpn: bits(0, 31, 8) });

/** CQ doorbell, two words: arms the CQ. */
export const cqDoorbell = layout('cq_doorbell', 8, {
  sequence: bits(0x0, 29, 28),
  command: bits(0x0, 26, 24),
  cqn: bits(0x0, 23, 0),
  consumer_index: bits(0x4, 23, 0),
});
/** CQ doorbell commands: notify on the next solicited completion, on any next one. */
export const MLX4_CQ_DB_REQ_NOT_SOL = 1;
export const MLX4_CQ_DB_REQ_NOT = 2;

/** Doorbell record of a CQ, in host memory: consumer index, and the last arm word. */
export const cqDoorbellRecord = layout('cq_doorbell_record', 8, {
  consumer_index: bits(0x0, 23, 0),
  arm_sequence: bits(0x4, 29, 28),
  arm_command: bits(0x4, 26, 24),
  arm_consumer_index: bits(0x4, 23, 0),
});
/** Doorbell record of a receive queue or SRQ, in host memory: descriptors posted, mod 65536. */
export const rqDoorbellRecord = layout('rq_doorbell_record', 4, { producer: bits(0, 15, 0) });

/** BlueFlame (pd.c): where register `register` of a UAR begins in BAR2. */
export const blueFlameAddress = (uar: number, register: number): number =>
  uarAreaBytes + uar * uarPageBytes + register * blueFlameRegisterBytes;
/** Two buffers of half this size, used in turn. */
export const blueFlameRegisterBytes = 512;
export const blueFlameRegistersPerPage = uarPageBytes / blueFlameRegisterBytes;

/** One MSI-X vector: little-endian words, as PCI defines them. */
export const msixEntryBytes = 16;
export const msixAddressLow = 0;
export const msixAddressHigh = 4;
export const msixData = 8;
export const msixControl = 12;
/** In the control word: this vector is masked. It is after reset. */
export const msixControlMasked = 1;
export const msixVectorsMax = 128;
