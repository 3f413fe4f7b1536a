// A shared receive queue as a driver keeps it: descriptors in a chain, a count in the doorbell
// record (facts/device 6.4, 7.5; mlx4_ib srq.c of Linux 6.1).

import { srqContext } from '#prm/contexts.ts';
import type { ValuesOf } from '#prm/layout.ts';
import { wqeDataSeg, wqeSrqNextSeg } from '#prm/wqe.ts';
import { driverKey, driverPd } from './driver.ts';
import type { BareDriver, Buffer } from './driver.ts';

/** What a queue is made with. */
export interface SrqOptions {
  readonly logEntries?: number;
  readonly context?: Partial<ValuesOf<typeof srqContext.fields>>;
}

const stride = 32;

/** A shared receive queue of descriptors with one segment. */
export class BareSrq {
  readonly srqn: number;
  readonly entries: number;
  readonly buffer: Buffer;
  /** Doorbell record. */
  readonly record: number;
  /** Descriptors that were posted. */
  posted = 0;
  private readonly driver: BareDriver;
  /** Descriptors that can be posted; the order of the chain. */
  private readonly free: number[];

  constructor(driver: BareDriver, srqn: number, options: SrqOptions = {}) {
    const { logEntries = 3, context = {} } = options;
    this.driver = driver;
    this.srqn = srqn;
    this.entries = 2 ** logEntries;
    this.buffer = driver.buffer(this.entries * stride);
    this.record = driver.rig.memory.allocate(4).address;
    this.free = Array.from({ length: this.entries }, (_, at) => at);
    this.free.forEach((at) => this.link(at, (at + 1) % this.entries));
    driver.mapFor('srq', srqn);
    const mailbox = srqContext.make({
      log_size: logEntries,
      srqn,
      logstride: Math.log2(stride) - 4,
      mtt_base_addr_l: this.buffer.mttOffset,
      pd: driverPd,
      db_rec_addr: this.record,
      ...context,
    });
    driver.commands.ok('MLX4_CMD_SW2HW_SRQ', { in: mailbox, inMod: srqn });
  }

  /** Posts buffers of so many bytes and tells the card. Gives index and address of each. */
  post(count: number, bytes = 2048): { readonly index: number; readonly address: number }[] {
    const { memory } = this.driver.rig;
    const made = Array.from({ length: count }, () => {
      const index = this.free.shift()!;
      const { address } = memory.allocate(bytes);
      const segment = wqeDataSeg.make({ byte_count: bytes, lkey: driverKey, addr_l: address });
      memory.write(this.addressOf(index) + wqeSrqNextSeg.sizeBytes, segment);
      return { index, address };
    });
    this.posted += count;
    memory.writeBe32(this.record, this.posted & 0xffff);
    return made;
  }

  /** Puts a descriptor that was used at the end of the chain. */
  giveBack(index: number): void {
    this.link(this.free.at(-1)!, index);
    this.free.push(index);
  }

  /** Writes which descriptor comes after another. */
  link(from: number, to: number): void {
    const head = wqeSrqNextSeg.make({ next_wqe_index: to });
    this.driver.rig.memory.write(this.addressOf(from), head);
  }

  private addressOf(index: number): number {
    return this.buffer.address + index * stride;
  }
}
