// One event queue (facts/device 6.2): ring, consumer index and arming from the doorbell, one
// interrupt per arm. A full queue loses events: EQ_OVERFLOW is reported once, through whatever EQ
// it is mapped to. Left out: EQ moderation (the driver leaves it 0), 64-byte entries (not offered).

import {
  MLX4_EQ_STATE_ALWAYS_ARMED,
  MLX4_EQ_STATE_ARMED,
  MLX4_EQ_STATE_FIRED,
  MLX4_EQ_STATUS_WRITE_FAIL,
  eqContext,
  eqContextBytes,
} from '#prm/contexts.ts';
import { eqDoorbell } from '#prm/registers.ts';
import type { Interrupts } from './interrupts.ts';
import { OwnerRing } from './owner-ring.ts';
import type { QueueBuffer } from './queue-buffer.ts';

/** Consumer indices of doorbells have 24 bits. */
const indexMask = 2 ** 24 - 1;
const armShift = eqDoorbell.fields.arm.low;
const ownerHardware = 1;

/** An event queue that the hardware owns. */
export class EventQueue {
  readonly eqn: number;
  readonly ring: OwnerRing;
  readonly vector: number;
  /** The context as software gave it; live values are put in by refresh(). */
  readonly context: Uint8Array;
  consumer = 0;
  armed: boolean;
  /** Events lost because the queue was full. */
  lost = 0;
  private readonly interrupts: Interrupts;
  private readonly ignoreOverrun: boolean;
  private readonly alwaysArmed: boolean;
  private failed = false;

  constructor(eqn: number, context: Uint8Array, buffer: QueueBuffer, interrupts: Interrupts) {
    this.eqn = eqn;
    this.context = context.slice(0, eqContextBytes);
    this.interrupts = interrupts;
    this.ring = new OwnerRing(buffer, 2 ** eqContext.get(context, 'log_eq_size'));
    this.vector = eqContext.get(context, 'intr');
    this.ignoreOverrun = eqContext.get(context, 'oi');
    const state = eqContext.get(context, 'state');
    this.alwaysArmed = state === MLX4_EQ_STATE_ALWAYS_ARMED;
    this.armed = state === MLX4_EQ_STATE_ARMED || this.alwaysArmed;
  }

  /** Its memory could not be written: it takes no more events. */
  get broken(): boolean {
    return this.failed;
  }

  /** Writes an event and interrupts when armed. False when the event is lost. */
  post(entry: Uint8Array): boolean {
    const { ring } = this;
    const waiting = (ring.producer - this.consumer) & indexMask;
    if (this.failed || (waiting >= ring.entries && !this.ignoreOverrun)) {
      this.lost++;
      return false;
    }
    if (!ring.put(entry)) {
      this.failed = true;
      this.lost++;
      return false;
    }
    if (this.armed) this.fire();
    return true;
  }

  /** The EQ doorbell: consumer index, and whether the next event interrupts. */
  doorbell(value: number): void {
    this.consumer = value & indexMask;
    if (((value >>> armShift) & 1) === 0) return;
    if (((this.ring.producer - this.consumer) & indexMask) !== 0) this.fire();
    else this.armed = true;
  }

  /** The context with the live values in it. */
  refresh(): Uint8Array {
    const { context } = this;
    eqContext.set(context, 'owner', ownerHardware);
    eqContext.set(context, 'state', this.armed ? MLX4_EQ_STATE_ARMED : MLX4_EQ_STATE_FIRED);
    if (this.failed) eqContext.set(context, 'status', MLX4_EQ_STATUS_WRITE_FAIL);
    eqContext.set(context, 'consumer_index', this.consumer);
    eqContext.set(context, 'producer_index', this.ring.producer & indexMask);
    return context;
  }

  private fire(): void {
    this.armed = this.alwaysArmed;
    this.interrupts.fire(this.vector);
  }
}
