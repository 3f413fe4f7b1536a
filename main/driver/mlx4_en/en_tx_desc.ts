// Building send descriptors (en_tx.c: build_inline_wqe, mlx4_en_build_dma_wqe; facts/device 8.1 to
// 8.6). Pure: bytes into a scratch array; en_tx.ts copies them into the ring. The layout is that of
// #prm/wqe; offsets are taken from its declaration once, because this runs for every packet.
// Left out: LSO headers (the slice of the network stack makes no GSO packets), BlueFlame.

import { writeBe16, writeBe32 } from '#bus/bytes.ts';
import {
  MIN_PKT_LEN,
  MLX4_EN_BIT_DESC_OWN,
  MLX4_INLINE_ALIGN,
  MLX4_INLINE_SEG,
  MLX4_OPCODE_SEND,
  MLX4_WQE_CTRL_CQ_UPDATE,
  MLX4_WQE_CTRL_INS_CVLAN,
  MLX4_WQE_CTRL_IP_CSUM,
  MLX4_WQE_CTRL_SOLICITED,
  MLX4_WQE_CTRL_TCP_UDP_CSUM,
  TXBB_SIZE,
  wqeCtrlBytes,
  wqeCtrlSeg,
  wqeDataBytes,
  wqeDataSeg,
} from '#prm/wqe.ts';

/**
 * Most bytes of an inline packet: with both headers it fills two blocks (parameter inline_thold).
 */
export const MAX_INLINE = 104;
/** Bytes of an inline segment's header. */
const inlineHeaderBytes = 4;
/** Data bytes that fit behind control segment and header in the first block. */
const inlineFirstBytes = MLX4_INLINE_ALIGN - wqeCtrlBytes - inlineHeaderBytes;
/** Largest descriptor built here: an inline packet of MAX_INLINE bytes. */
export const descriptorBytesMax = 2 * TXBB_SIZE;

const vlanAt = wqeCtrlSeg.fields.vlan_tag.offset;
const insVlanAt = wqeCtrlSeg.fields.ins_vlan.offset;
const sizeAt = wqeCtrlSeg.fields.fence_size.offset;
const flagsAt = wqeCtrlSeg.fields.srcrb_flags.offset;
const dataAt = wqeCtrlBytes;
const lkeyAt = dataAt + wqeDataSeg.fields.lkey.offset;
const addressLowAt = dataAt + wqeDataSeg.fields.addr_l.offset;

/** Flags of every descriptor: a completion, with a solicited event. */
const ctrlFlags = MLX4_WQE_CTRL_CQ_UPDATE | MLX4_WQE_CTRL_SOLICITED;
const checksumFlags = MLX4_WQE_CTRL_IP_CSUM | MLX4_WQE_CTRL_TCP_UDP_CSUM;

const roundUp = (value: number, to: number): number => Math.ceil(value / to) * to;

/** Bytes of a descriptor with the packet inside, a multiple of 16. */
export const inlineDescriptorBytes = (length: number): number =>
  length <= inlineFirstBytes
    ? roundUp(Math.max(length, MIN_PKT_LEN) + wqeCtrlBytes + inlineHeaderBytes, 16)
    : roundUp(length + wqeCtrlBytes + 2 * inlineHeaderBytes, 16);

/** Bytes of a descriptor with one data segment. */
export const dataDescriptorBytes = wqeCtrlBytes + wqeDataBytes;

/** What the control segment says besides its size. */
export interface ControlValues {
  /** TCI of a C-VLAN tag to insert, or -1. */
  readonly vlanTci: number;
  /** The card fills in IP and TCP/UDP checksums. */
  readonly checksum: boolean;
}

/** First word of a descriptor: opcode, and the owner bit of this pass over the ring. */
export const ownerOpcode = (producer: number, ringSize: number): number =>
  (producer & ringSize) !== 0 ? (MLX4_EN_BIT_DESC_OWN | MLX4_OPCODE_SEND) >>> 0 : MLX4_OPCODE_SEND;

function buildControl(into: Uint8Array, sizeBytes: number, control: ControlValues): void {
  into.fill(0, 0, wqeCtrlBytes);
  if (control.vlanTci >= 0) {
    writeBe16(into, vlanAt, control.vlanTci);
    into[insVlanAt] = MLX4_WQE_CTRL_INS_CVLAN;
  }
  into[sizeAt] = sizeBytes / 16;
  writeBe32(into, flagsAt, control.checksum ? ctrlFlags | checksumFlags : ctrlFlags);
}

/**
 * Builds a descriptor with the packet inside; the first word stays 0 for the caller. A packet of
 * more than 44 bytes goes on behind a second header at the next block: a segment may not cross it.
 */
export function buildInlineDescriptor(
  into: Uint8Array,
  packet: Uint8Array,
  control: ControlValues,
): number {
  const { length } = packet;
  const sizeBytes = inlineDescriptorBytes(length);
  into.fill(0, dataAt, roundUp(sizeBytes, TXBB_SIZE));
  buildControl(into, sizeBytes, control);
  if (length <= inlineFirstBytes) {
    writeBe32(into, dataAt, MLX4_INLINE_SEG | Math.max(length, MIN_PKT_LEN));
    into.set(packet, dataAt + inlineHeaderBytes);
    return sizeBytes;
  }
  into.set(packet.subarray(0, inlineFirstBytes), dataAt + inlineHeaderBytes);
  const second = MLX4_INLINE_ALIGN;
  into.set(packet.subarray(inlineFirstBytes), second + inlineHeaderBytes);
  writeBe32(into, second, MLX4_INLINE_SEG | (length - inlineFirstBytes));
  writeBe32(into, dataAt, MLX4_INLINE_SEG | inlineFirstBytes);
  return sizeBytes;
}

/** Builds a descriptor that points to the packet at a bus address below 4 GiB. */
export function buildDataDescriptor(
  into: Uint8Array,
  address: number,
  length: number,
  lkey: number,
  control: ControlValues,
): number {
  into.fill(0, dataAt, TXBB_SIZE);
  buildControl(into, dataDescriptorBytes, control);
  writeBe32(into, addressLowAt, address);
  writeBe32(into, lkeyAt, lkey);
  writeBe32(into, dataAt, length);
  return dataDescriptorBytes;
}

/** Blocks of a descriptor. */
export const descriptorBlocks = (sizeBytes: number): number => Math.ceil(sizeBytes / TXBB_SIZE);
