// Queue pairs as a driver keeps them: one buffer for both queues, send descriptors with owner bits,
// receive descriptors behind a doorbell record (facts/device 6.5, 8).

import { MLX4_INVALID_LKEY } from '#prm/contexts.ts';
import {
  MLX4_QP_ST,
  qpContext,
  qpContextBytes,
  qpContextMailboxOffset,
  queueSizeStride,
  rssContext,
  rssContextOffset,
  schedQueueOf,
} from '#prm/qp-context.ts';
import type { ValuesOf } from '#prm/layout.ts';
import { MLX4_SEND_DOORBELL, uarPageBytes } from '#prm/registers.ts';
import {
  MLX4_EN_BIT_DESC_OWN,
  MLX4_INLINE_SEG,
  MLX4_OPCODE_SEND,
  MLX4_WQE_CTRL_CQ_UPDATE,
  MLX4_WQE_CTRL_SOLICITED,
  TXBB_SIZE,
  txbbsOfSize,
  wqeCtrlSeg,
  wqeDataSeg,
} from '#prm/wqe.ts';
import { driverKey, driverPd, driverUar, logs } from './driver.ts';
import type { BareDriver, Buffer } from './driver.ts';
import type { BareCq } from './queues.ts';

/** A segment of a descriptor: bytes of memory, or data in the descriptor itself. */
export type Segment =
  | { readonly address: number; readonly bytes: number; readonly lkey?: number }
  | { readonly inline: Uint8Array };

/** What a queue pair is made with. */
export interface PairOptions {
  readonly port?: 1 | 2;
  readonly uar?: number;
  /** Places of the send queue, log2, and the bytes of each: a block unless given. */
  readonly logSends?: number;
  readonly sendStride?: number;
  /** Receive descriptors, log2; none unless given. */
  readonly logReceives?: number;
  readonly stride?: number;
  readonly context?: Partial<ValuesOf<typeof qpContext.fields>>;
  /** Makes it an RSS queue pair. */
  readonly rss?: Partial<ValuesOf<typeof rssContext.fields>>;
}

/** How a descriptor is written. */
export interface SendOptions {
  readonly flags?: number;
  readonly opcode?: number;
  readonly insVlan?: number;
  readonly vlanTag?: number;
  /** Size in 16-byte units, when it is not what the segments need. */
  readonly units?: number;
}

/** A queue pair, in RESET at first. */
export class BarePair {
  readonly qpn: number;
  readonly uar: number;
  readonly buffer: Buffer;
  readonly sends: number;
  readonly sendStride: number;
  readonly receives: number;
  readonly stride: number;
  /** Doorbell record of the receive queue. */
  readonly record: number;
  readonly mailbox: Uint8Array;
  producer = 0;
  posted = 0;
  private readonly driver: BareDriver;
  private readonly receiveOffset: number;

  constructor(
    driver: BareDriver,
    qpn: number,
    cq: BareCq,
    receiveCq: BareCq,
    options: PairOptions = {},
  ) {
    const { port = 1, uar = driverUar, logSends = 4, logReceives, stride = 16 } = options;
    const { sendStride = TXBB_SIZE } = options;
    this.driver = driver;
    this.qpn = qpn;
    this.uar = uar;
    this.sends = 2 ** logSends;
    this.sendStride = sendStride;
    this.receives = logReceives === undefined ? 0 : 2 ** logReceives;
    this.stride = stride;
    const sendBytes = this.sends * sendStride;
    this.receiveOffset = stride > sendStride ? 0 : sendBytes;
    this.buffer = driver.buffer(sendBytes + this.receives * stride);
    this.record = driver.rig.memory.allocate(4).address;
    const context = {
      service_type: MLX4_QP_ST.MLX,
      pd: driverPd,
      mtu_msgmax: 0xff,
      rq_size_stride: this.receives === 0 ? 0 : queueSizeStride(this.receives, stride),
      sq_size_stride: queueSizeStride(this.sends, sendStride),
      usr_page: uar,
      local_qpn: qpn,
      path_counter_index: 0xff,
      path_ackto: 1,
      path_sched_queue: schedQueueOf(port, 0),
      cqn_send: cq.cqn,
      cqn_recv: receiveCq.cqn,
      db_rec_addr: this.record,
      log_page_size: this.buffer.logPageSize,
      mtt_base_addr_l: this.buffer.mttOffset,
      rss: options.rss !== undefined,
      ...options.context,
    };
    this.mailbox = new Uint8Array(qpContextMailboxOffset + qpContextBytes);
    qpContext.write(this.mailbox, context, qpContextMailboxOffset);
    const rssAt = qpContextMailboxOffset + rssContextOffset;
    if (options.rss !== undefined) rssContext.write(this.mailbox, options.rss, rssAt);
    driver.mapFor('qp', qpn % 2 ** logs.qp);
    this.stamp();
  }

  /** RESET to RTS. */
  ready(): this {
    const { commands } = this.driver;
    for (const name of ['RST2INIT', 'INIT2RTR', 'RTR2RTS'] as const) {
      commands.ok(`MLX4_CMD_${name}_QP`, { in: this.mailbox, inMod: this.qpn });
    }
    return this;
  }

  /** Writes a descriptor; the doorbell is another step. */
  post(segments: readonly Segment[], options: SendOptions = {}): void {
    const flags = options.flags ?? MLX4_WQE_CTRL_CQ_UPDATE | MLX4_WQE_CTRL_SOLICITED;
    const body = bodyOf(segments);
    const units = options.units ?? 1 + body.length / 16;
    const bytes = new Uint8Array(16 + body.length);
    bytes.set(body, 16);
    wqeCtrlSeg.write(bytes, {
      owner: (this.producer & this.sends) !== 0,
      opcode: options.opcode ?? MLX4_OPCODE_SEND,
      vlan_tag: options.vlanTag ?? 0,
      ins_vlan: options.insVlan ?? 0,
      fence_size: units,
      srcrb_flags: flags,
    });
    // The first word last: until then the block is software's.
    for (let block = txbbsOfSize(bytes.length / 16) - 1; block >= 0; block--) {
      const part = bytes.subarray(block * TXBB_SIZE, (block + 1) * TXBB_SIZE);
      this.driver.rig.memory.write(this.blockAddress(block), part);
    }
    this.producer += Math.max(1, Math.ceil((units * 16) / this.sendStride));
  }

  /** Rings the send doorbell. */
  ring(): void {
    const at = this.uar * uarPageBytes + MLX4_SEND_DOORBELL;
    this.driver.rig.writeBe32(2, at, this.qpn * 256);
  }

  /** Sends a frame that lies in memory. */
  send(frame: Uint8Array, options: SendOptions = {}): void {
    const { memory } = this.driver.rig;
    const { address } = memory.allocate(frame.length);
    memory.write(address, frame);
    this.post([{ address, bytes: frame.length }], options);
    this.ring();
  }

  /** Posts receive buffers of so many bytes each, and tells the card. Gives their addresses. */
  receive(count: number, bytes: readonly number[]): number[][] {
    const { memory } = this.driver.rig;
    const addresses: number[][] = [];
    for (let i = 0; i < count; i++) {
      const list = new Uint8Array(this.stride);
      const mine = bytes.map((length) => memory.allocate(length).address);
      for (let at = 0; at < this.stride; at += 16) {
        const address = mine[at / 16];
        const length = bytes[at / 16];
        if (address === undefined || length === undefined) {
          wqeDataSeg.write(list, { lkey: MLX4_INVALID_LKEY }, at);
        } else {
          wqeDataSeg.write(list, { byte_count: length, lkey: driverKey, addr_l: address }, at);
        }
      }
      const slot = this.posted++ % this.receives;
      memory.write(this.buffer.address + this.receiveOffset + slot * this.stride, list);
      addresses.push(mine);
    }
    memory.writeBe32(this.record, this.posted & 0xffff);
    return addresses;
  }

  /** Where a block behind the place that is filled next lies. */
  private blockAddress(block: number): number {
    const at = this.producer * this.sendStride + block * TXBB_SIZE;
    return this.buffer.address + (at % (this.sends * this.sendStride));
  }

  /** Marks every block as software's. */
  private stamp(): void {
    const blocks = (this.sends * this.sendStride) / TXBB_SIZE;
    for (let block = 0; block < blocks; block++) {
      this.driver.rig.memory.writeBe32(this.blockAddress(block), 0xffff_ffff);
    }
  }
}

/** Segments back to back, each at a multiple of 16 bytes. */
function bodyOf(segments: readonly Segment[]): Uint8Array {
  const parts = segments.map((segment) => {
    if (!('inline' in segment)) {
      const { address, bytes, lkey = driverKey } = segment;
      const [high, low] = [Math.floor(address / 2 ** 32), address % 2 ** 32];
      return wqeDataSeg.make({ byte_count: bytes, lkey, addr_h: high, addr_l: low });
    }
    const { inline } = segment;
    const part = new Uint8Array(Math.ceil((4 + inline.length) / 16) * 16);
    new DataView(part.buffer).setUint32(0, MLX4_INLINE_SEG + inline.length);
    part.set(inline, 4);
    return part;
  });
  const body = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  parts.reduce((at, part) => {
    body.set(part, at);
    return at + part.length;
  }, 0);
  return body;
}

/** Word of a block that software owns in the first pass. */
export const softwareOwned = MLX4_EN_BIT_DESC_OWN;
