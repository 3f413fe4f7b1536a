// One shared receive queue (facts/device 4.5, 6.4, 7.5): a buffer of descriptors that several queue
// pairs take from. They form a chain: the head of each names the next one, since software gives
// them back in any order (mlx4_ib srq.c: mlx4_ib_post_srq_recv, mlx4_ib_free_srq_wqe; Linux 6.1,
// the facts do not have it). The first one is number 0. How many are posted stands in the doorbell
// record, as of any receive queue. An armed limit fires once, when fewer are left.
// Left out: XRC domains; the state nibble of a broken queue, which no source names.

import { readBe16 } from '#bus/bytes.ts';
import { srqContext, srqContextBytes } from '#prm/contexts.ts';
import { wqeSrqNextSeg } from '#prm/wqe.ts';
import type { HostLink } from './host-link.ts';
import type { QueueBuffer } from './queue-buffer.ts';

/** State nibble of a context that hardware owns. */
const hardwareOwned = 0;
const counterMask = 0xffff;
const nextAt = wqeSrqNextSeg.fields.next_wqe_index.offset;

/** Entries and bytes of each, from a context. */
export const srqGeometry = (
  context: Uint8Array,
): { readonly entries: number; readonly stride: number } => ({
  entries: 2 ** srqContext.get(context, 'log_size'),
  stride: 2 ** (srqContext.get(context, 'logstride') + 4),
});

/** A shared receive queue that hardware owns. */
export class SharedReceiveQueue {
  readonly srqn: number;
  /** Protection domain in which the keys of its descriptors count. */
  readonly pd: number;
  readonly stride: number;
  /** The chain led astray, or cannot be read: nothing is taken any more. */
  broken = false;
  private readonly context = new Uint8Array(srqContextBytes);
  private readonly link: HostLink;
  private readonly buffer: QueueBuffer;
  private readonly entries: number;
  private readonly record: number;
  /** Index of the next descriptor in the chain. */
  private next = 0;
  /** Descriptors taken, and posted as last read from the doorbell record; modulo 2^16. */
  private taken: number;
  private posted: number;
  private limit: number;

  /** `context`: as SW2HW_SRQ gave it. */
  constructor(srqn: number, context: Uint8Array, buffer: QueueBuffer, link: HostLink) {
    this.srqn = srqn;
    this.link = link;
    this.buffer = buffer;
    this.context.set(context.subarray(0, srqContextBytes));
    const { entries, stride } = srqGeometry(context);
    this.entries = entries;
    this.stride = stride;
    this.pd = srqContext.get(context, 'pd');
    this.record = srqContext.get(context, 'db_rec_addr');
    this.taken = srqContext.get(context, 'wqe_counter');
    this.posted = this.taken;
    this.limit = srqContext.get(context, 'limit_watermark');
  }

  /** A descriptor is there. The doorbell record is read only when the card knows of none. */
  get ready(): boolean {
    if (this.broken) return false;
    if (this.posted === this.taken) this.readRecord();
    return this.posted !== this.taken;
  }

  /**
   * Takes the next descriptor of a queue that is ready into `list` (`stride` bytes, its head
   * included). Gives its index; -1 when it cannot be read or names a next one that does not exist,
   * and the queue is broken then.
   */
  take(list: Uint8Array): number {
    const index = this.next;
    const read = this.buffer.read(index * this.stride, list);
    const next = readBe16(list, nextAt);
    if (!read || next >= this.entries) {
      this.broken = true;
      return -1;
    }
    this.next = next;
    this.taken = (this.taken + 1) & counterMask;
    return index;
  }

  /** Sets the limit; 0 disarms. */
  arm(limit: number): void {
    this.limit = limit;
  }

  /** True once, when fewer descriptors than an armed limit are left. */
  ranLow(): boolean {
    if (this.limit === 0 || this.left >= this.limit) return false;
    this.readRecord();
    if (this.left >= this.limit) return false;
    this.limit = 0;
    return true;
  }

  /** The context with the live values in it. */
  refresh(): Uint8Array {
    srqContext.set(this.context, 'state', hardwareOwned);
    srqContext.set(this.context, 'limit_watermark', this.limit);
    srqContext.set(this.context, 'wqe_counter', this.taken);
    return this.context;
  }

  private get left(): number {
    return (this.posted - this.taken) & counterMask;
  }

  /** A record that cannot be read posts nothing. */
  private readRecord(): void {
    const record = this.link.readBe32(this.record);
    if (record >= 0) this.posted = record & counterMask;
  }
}
