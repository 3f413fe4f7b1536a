// One completion queue (facts/device 6.3, 7.3): ring with owner bits, doorbell record, arming with
// sequence numbers, moderation by count and period, overrun.
// Left out: collapsed queues, timestamps, 64-byte entries (none is offered), resizing.

import {
  MLX4_CQ_STATE_ARMED,
  MLX4_CQ_STATE_ARMED_SOLICITED,
  MLX4_CQ_STATE_FIRED,
  MLX4_CQ_STATUS_OVERFLOW,
  MLX4_CQ_STATUS_WRITE_FAIL,
  cqContext,
  cqContextBytes,
} from '#prm/contexts.ts';
import { MLX4_CQ_ERROR_OVERRUN } from '#prm/events.ts';
import { MLX4_CQ_DB_REQ_NOT } from '#prm/registers.ts';
import type { Events } from './events.ts';
import type { HostLink } from './host-link.ts';
import { OwnerRing } from './owner-ring.ts';
import type { QueueBuffer } from './queue-buffer.ts';

const indexMask = 2 ** 24 - 1;
const syndromeAccess = 2;
const microsecondNs = 1000;

type Armed = 'no' | 'solicited' | 'next';

/** What a completion queue is built on. */
export interface CqBase {
  readonly link: HostLink;
  readonly events: Events;
  /** Calls back unless the card was reset in between. */
  readonly after: (delayNs: number, fn: () => void) => void;
}

/** A completion queue that the hardware owns. */
export class CompletionQueue {
  readonly cqn: number;
  readonly uar: number;
  readonly eqn: number;
  readonly ring: OwnerRing;
  /** The context as software gave it; live values are put in by refresh(). */
  readonly context: Uint8Array;
  /** 0 while the queue is healthy, else the context's status. */
  errorStatus = 0;
  private readonly base: CqBase;
  private readonly dbRecord: number;
  private readonly ignoreOverrun: boolean;
  private consumer = 0;
  private armed: Armed = 'no';
  /** Consumer index of the last arm: entries from there on are news. */
  private armedFrom = 0;
  private armSequence = 0;
  /** Sequence number of the last arm that was served; an arm that carries it again is stale. */
  private servedSequence = 0;
  private maxCount: number;
  private periodNs: number;
  private timerRuns = false;
  /** When the oldest entry that waits for moderation came. */
  private waitsSinceNs = 0;
  private waits = false;
  private removed = false;

  constructor(cqn: number, context: Uint8Array, buffer: QueueBuffer, base: CqBase) {
    this.cqn = cqn;
    this.context = context.slice(0, cqContextBytes);
    this.base = base;
    this.ring = new OwnerRing(buffer, 2 ** cqContext.get(context, 'log_size'));
    this.uar = cqContext.get(context, 'usr_page');
    this.eqn = cqContext.get(context, 'comp_eqn');
    this.dbRecord = cqContext.get(context, 'db_rec_addr');
    this.ignoreOverrun = cqContext.get(context, 'oi');
    this.maxCount = cqContext.get(context, 'cq_max_count');
    this.periodNs = cqContext.get(context, 'cq_period') * microsecondNs;
  }

  /**
   * Writes a completion. `keep`: direction and opcode bits of the last byte. False when the queue
   * is in error or gets there by this.
   */
  put(entry: Uint8Array, keep: number, solicited: boolean): boolean {
    if (this.errorStatus !== 0) return false;
    const { ring } = this;
    if (((ring.producer - this.consumer) & indexMask) >= ring.entries && !this.ignoreOverrun) {
      const consumer = this.base.link.readBe32(this.dbRecord);
      if (consumer < 0) return this.fail(MLX4_CQ_STATUS_WRITE_FAIL, syndromeAccess);
      this.consumer = consumer & indexMask;
      if (((ring.producer - this.consumer) & indexMask) >= ring.entries) {
        return this.fail(MLX4_CQ_STATUS_OVERFLOW, MLX4_CQ_ERROR_OVERRUN);
      }
    }
    if (!ring.put(entry, keep)) return this.fail(MLX4_CQ_STATUS_WRITE_FAIL, syndromeAccess);
    if (this.armed === 'next' || (this.armed === 'solicited' && solicited)) this.moderate();
    return true;
  }

  /** The CQ doorbell: asks for one event when there is an entry at `consumer` or behind it. */
  arm(sequence: number, command: number, consumer: number): void {
    this.consumer = consumer;
    if (sequence === this.servedSequence) return;
    this.armed = command === MLX4_CQ_DB_REQ_NOT ? 'next' : 'solicited';
    this.armedFrom = consumer;
    this.armSequence = sequence;
    if (this.armed === 'next' && this.newEntries > 0) this.moderate();
  }

  /** Sets moderation: fire after `count` entries or `periodUs` microseconds. */
  setModeration(count: number, periodUs: number): void {
    cqContext.set(this.context, 'cq_max_count', count);
    cqContext.set(this.context, 'cq_period', periodUs);
    this.maxCount = count;
    this.periodNs = periodUs * microsecondNs;
    if (!this.waits) return;
    // What waits must not wait for the old, longer period.
    this.timerRuns = false;
    this.moderate();
  }

  /** The context with the live values in it. */
  refresh(): Uint8Array {
    const { context, armed } = this;
    const next = armed === 'next' ? MLX4_CQ_STATE_ARMED : MLX4_CQ_STATE_ARMED_SOLICITED;
    cqContext.set(context, 'state', armed === 'no' ? MLX4_CQ_STATE_FIRED : next);
    cqContext.set(context, 'status', this.errorStatus);
    cqContext.set(context, 'consumer_index', this.consumer);
    cqContext.set(context, 'producer_index', this.ring.producer & indexMask);
    cqContext.set(context, 'last_notified_index', this.armedFrom);
    return context;
  }

  /** Hardware gives the queue back: nothing fires any more. */
  remove(): void {
    this.removed = true;
    this.waits = false;
    this.armed = 'no';
  }

  private get newEntries(): number {
    return (this.ring.producer - this.armedFrom) & indexMask;
  }

  private moderate(): void {
    if (this.maxCount <= 1 || this.periodNs === 0 || this.newEntries >= this.maxCount) {
      this.fire();
      return;
    }
    if (!this.waits) {
      this.waits = true;
      this.waitsSinceNs = this.base.link.now();
    }
    if (!this.timerRuns) this.startTimer(this.periodNs);
  }

  /** One timer at a time; it may have been started for entries that a count has reported since. */
  private startTimer(delayNs: number): void {
    this.timerRuns = true;
    this.base.after(delayNs, () => {
      this.timerRuns = false;
      if (this.removed || !this.waits) return;
      const leftNs = this.waitsSinceNs + this.periodNs - this.base.link.now();
      if (leftNs > 0) this.startTimer(leftNs);
      else this.fire();
    });
  }

  private fire(): void {
    this.armed = 'no';
    this.waits = false;
    this.servedSequence = this.armSequence;
    this.base.events.postComp(this.eqn, this.cqn);
  }

  private fail(status: number, syndrome: number): false {
    this.errorStatus = status;
    this.waits = false;
    this.armed = 'no';
    this.base.link.error(`CQ 0x${this.cqn.toString(16)} in error, syndrome ${syndrome}`);
    this.base.events.postCqError(this.cqn, syndrome);
    return false;
  }
}
