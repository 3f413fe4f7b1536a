// BAR2: doorbell pages (facts/device 1.5, 7). Page n is UAR n; the lowest hold the EQ doorbells,
// four each; any other has a send doorbell and a CQ doorbell. A doorbell of a queue that does not
// exist or that belongs to another page is refused, as a user process could ring it.
// Left out: BlueFlame in the upper half (not offered): a write there is refused.

import type { AccessSize } from '#bus/pci-function.ts';
import {
  MLX4_CQ_DOORBELL,
  MLX4_SEND_DOORBELL,
  cqDoorbell,
  eqDoorbellOffset,
  reservedUars,
  uarAreaBytes,
  uarPageBytes,
} from '#prm/registers.ts';
import { swap32 } from './bar0.ts';
import type { Hca } from './hca.ts';

/** EQ doorbells per page, and bytes from one to the next. */
const eqsPerPage = 4;
const eqDoorbellStride = 8;
const numberMask = 0xff_ffff;
const sequenceShift = cqDoorbell.fields.sequence.low;
const commandShift = cqDoorbell.fields.command.low;

/** The doorbells of one card, from one reset to the next. */
export class Bar2 {
  private readonly hca: Hca;
  /** First halves of CQ doorbells, by UAR: the 64-bit write may come as two. */
  private readonly cqHalves = new Map<number, number>();

  constructor(hca: Hca) {
    this.hca = hca;
  }

  /** A bus write. Doorbells are whole words; anything narrower is refused. */
  write(offset: number, size: AccessSize, value: number): void {
    const { hca } = this;
    if (size !== 4 || (offset & 3) !== 0) {
      hca.refuse(`doorbell write at 0x${offset.toString(16)}`, `${size} bytes`);
      return;
    }
    if (offset >= uarAreaBytes) {
      hca.refuse(`BlueFlame write at 0x${offset.toString(16)}`, 'BlueFlame is not offered');
      return;
    }
    if (hca.phase !== 'initialised') {
      hca.refuse(`doorbell write at 0x${offset.toString(16)}`, 'the HCA is not initialised');
      return;
    }
    this.ring(offset / uarPageBytes, offset % uarPageBytes, swap32(value));
  }

  private ring(place: number, at: number, word: number): void {
    const uar = Math.floor(place);
    if (uar < reservedUars && at >= eqDoorbellOffset) {
      this.ringEq(uar, at - eqDoorbellOffset, word);
    } else if (at === MLX4_SEND_DOORBELL) {
      this.hca.transmitter.doorbell(uar, word >>> 8);
    } else if (at === MLX4_CQ_DOORBELL) {
      this.cqHalves.set(uar, word);
    } else if (at === MLX4_CQ_DOORBELL + 4) {
      this.ringCq(uar, word & numberMask);
    } else {
      this.hca.refuse(`doorbell write in UAR ${uar}`, `nothing at 0x${at.toString(16)}`);
    }
  }

  private ringEq(uar: number, at: number, word: number): void {
    const eqn = uar * eqsPerPage + Math.floor(at / eqDoorbellStride);
    const queue = at % eqDoorbellStride === 0 ? this.hca.events.queues.get(eqn) : undefined;
    if (queue !== undefined && at < eqsPerPage * eqDoorbellStride) queue.doorbell(word);
    else this.hca.refuse(`EQ doorbell ${eqn}`, 'no such event queue');
  }

  private ringCq(uar: number, consumer: number): void {
    const first = this.cqHalves.get(uar) ?? 0;
    const cqn = first & numberMask;
    const queue = this.hca.completions.queue(cqn);
    if (queue === undefined || queue.cqn !== cqn || queue.uar !== uar) {
      const what = `CQ doorbell of 0x${cqn.toString(16)} in UAR ${uar}`;
      this.hca.refuse(what, 'no such completion queue in this UAR');
      return;
    }
    queue.arm((first >>> sequenceShift) & 3, (first >>> commandShift) & 7, consumer);
  }
}
