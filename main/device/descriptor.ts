// Send descriptors as the card reads them (facts/device 8.2 to 8.5): control segment, in a large
// send the headers of its packets, then data and inline segments. The reader fetches a descriptor
// block by block (a ring may wrap in its middle), measures it, and gathers the packet. The places
// of a ring are as large as its stride: mlx4_en's are blocks, of which a descriptor takes several;
// mlx4_ib's hold a whole one. One scratch array; offsets come from the declaration once.

import { readBe32 } from '#bus/bytes.ts';
import { FramePool } from '#bus/frame-pool.ts';
import {
  MLX4_INLINE_SEG,
  MLX4_OPCODE_LSO,
  TXBB_SIZE,
  lsoSegSpan,
  wqeCtrlBytes,
  wqeCtrlSeg,
  wqeDataSeg,
  wqeLsoSegBytes,
} from '#prm/wqe.ts';
import type { Syndrome } from './completions.ts';
import type { MemoryRegions } from './memory-regions.ts';
import type { QueuePair } from './queue-pair.ts';

/** Size units of a descriptor, bytes; the size field has six bits. */
const unitBytes = 16;
const sizeMask = 0x3f;
const descriptorMax = 64 * unitBytes;
const opcodeMask = 0x1f;
/** Longest packet that is gathered at all, and longest large send with its headers. */
const packetMax = 16_384;
const largeMax = 2 ** 17;
const inlineHeaderBytes = 4;

const sizeAt = wqeCtrlSeg.fields.fence_size.offset;
const insVlanAt = wqeCtrlSeg.fields.ins_vlan.offset;
const vlanAt = wqeCtrlSeg.fields.vlan_tag.offset;
const flagsAt = wqeCtrlSeg.fields.srcrb_flags.offset;
const lkeyAt = wqeDataSeg.fields.lkey.offset;
const addressHighAt = wqeDataSeg.fields.addr_h.offset;
const addressLowAt = wqeDataSeg.fields.addr_l.offset;

/** Why a descriptor cannot be sent. */
export interface DescriptorFault {
  readonly syndrome: Syndrome;
  readonly why: string;
}

const fault = (syndrome: Syndrome, why: string): DescriptorFault => ({ syndrome, why });

/** The descriptor at a send queue's index. */
export class Descriptor {
  /** Places of the ring it takes; at least 1. */
  places = 1;
  opcode = 0;
  insVlan = 0;
  vlanTci = 0;
  flags = 0;
  /** Of a large send: bytes of payload in each packet, and of the headers before it; else 0. */
  mss = 0;
  headerBytes = 0;
  private readonly bytes = new Uint8Array(descriptorMax);
  private readonly firstBlock = this.bytes.subarray(0, TXBB_SIZE);
  private readonly regions: MemoryRegions;
  private readonly frames = new FramePool();
  private sizeBytes = 0;

  constructor(regions: MemoryRegions) {
    this.regions = regions;
  }

  /** Fetches the control segment: 'idle' when software owns the block, 'fault' when DMA fails. */
  fetch(qp: QueuePair): 'ready' | 'idle' | 'fault' {
    const { firstBlock } = this;
    if (qp.buffer === null || qp.sqEntries === 0) return 'idle';
    if (!this.readBlock(qp, 0, firstBlock)) return 'fault';
    const owner = firstBlock[0]! >>> 7;
    if (owner !== ((qp.sqIndex & qp.sqEntries) === 0 ? 0 : 1)) return 'idle';
    const units = firstBlock[sizeAt]! & sizeMask;
    this.sizeBytes = units * unitBytes;
    this.places = Math.max(1, Math.ceil(this.sizeBytes / qp.sqStride));
    this.opcode = firstBlock[3]! & opcodeMask;
    this.insVlan = firstBlock[insVlanAt]!;
    this.vlanTci = (firstBlock[vlanAt]! << 8) | firstBlock[vlanAt + 1]!;
    this.flags = readBe32(firstBlock, flagsAt);
    return 'ready';
  }

  /**
   * The packet, in bytes of its own, or why there is none: of a large send its headers and all of
   * its payload. `padBytes`: shortest length.
   */
  gather(qp: QueuePair, padBytes: number): Uint8Array | DescriptorFault {
    if (this.sizeBytes <= wqeCtrlBytes) return fault('LOCAL_LENGTH_ERR', 'no segments');
    if (this.places > qp.sqEntries) return fault('LOCAL_QP_OP_ERR', 'larger than the ring');
    for (let at: number = TXBB_SIZE; at < this.sizeBytes; at += TXBB_SIZE) {
      const part = this.bytes.subarray(at, at + TXBB_SIZE);
      if (!this.readBlock(qp, at, part)) return fault('LOCAL_PROT_ERR', 'fetch failed');
    }
    const begin = this.readLsoHead();
    const length = this.measure(begin);
    if (typeof length !== 'number') return length;
    if (length > packetMax) return this.copy(qp, begin, new Uint8Array(length));
    return this.copy(qp, begin, this.frames.take(Math.max(length, padBytes)), length);
  }

  /** Where the segments begin: in a large send behind its headers. */
  private readLsoHead(): number {
    [this.mss, this.headerBytes] = [0, 0];
    if (this.opcode !== MLX4_OPCODE_LSO) return wqeCtrlBytes;
    const word = readBe32(this.bytes, wqeCtrlBytes);
    [this.mss, this.headerBytes] = [word >>> 16, word & 0xffff];
    return wqeCtrlBytes + lsoSegSpan(this.headerBytes);
  }

  /** Reads the block that is `at` bytes into the descriptor. */
  private readBlock(qp: QueuePair, at: number, into: Uint8Array): boolean {
    const begin = (qp.sqIndex & (qp.sqEntries - 1)) * qp.sqStride;
    const place = (begin + at) & (qp.sqEntries * qp.sqStride - 1);
    return qp.buffer!.read(qp.sqOffset + place, into);
  }

  /** Bytes of the packet, headers of a large send included. */
  private measure(begin: number): number | DescriptorFault {
    const longest = this.mss > 0 ? largeMax : packetMax;
    let length = this.headerBytes;
    if (begin > this.sizeBytes) return fault('LOCAL_LENGTH_ERR', 'headers beyond the descriptor');
    for (let at = begin; at < this.sizeBytes;) {
      const count = readBe32(this.bytes, at);
      const inline = count >= MLX4_INLINE_SEG;
      const bytes = inline ? count - MLX4_INLINE_SEG : count;
      if (inline) {
        const end = at + inlineHeaderBytes + bytes;
        const crosses = end > this.sizeBytes || end > at - (at % TXBB_SIZE) + TXBB_SIZE;
        if (crosses) return fault('LOCAL_QP_OP_ERR', 'inline data crosses a block');
      }
      length += bytes;
      if (bytes === 0 || length > longest) return fault('LOCAL_LENGTH_ERR', 'segment length');
      at += inline ? roundUp(inlineHeaderBytes + bytes) : unitBytes;
    }
    return length;
  }

  private copy(
    qp: QueuePair,
    begin: number,
    frame: Uint8Array,
    length = frame.length,
  ): Uint8Array | DescriptorFault {
    const { bytes } = this;
    let filled = this.headerBytes;
    const headersAt = wqeCtrlBytes + wqeLsoSegBytes;
    frame.set(bytes.subarray(headersAt, headersAt + filled));
    for (let at = begin; filled < length;) {
      const count = readBe32(bytes, at);
      if (count >= MLX4_INLINE_SEG) {
        const inline = count - MLX4_INLINE_SEG;
        const from = at + inlineHeaderBytes;
        frame.set(bytes.subarray(from, from + inline), filled);
        filled += inline;
        at += roundUp(inlineHeaderBytes + inline);
        continue;
      }
      const lkey = readBe32(bytes, at + lkeyAt);
      const address =
        readBe32(bytes, at + addressHighAt) * 2 ** 32 + readBe32(bytes, at + addressLowAt);
      const into = frame.subarray(filled, filled + count);
      if (!this.regions.read(lkey, qp.pd, address, into)) {
        return fault('LOCAL_PROT_ERR', 'a memory key does not allow it, or the fetch failed');
      }
      filled += count;
      at += unitBytes;
    }
    return frame;
  }
}

const roundUp = (bytes: number): number => Math.ceil(bytes / unitBytes) * unitBytes;
