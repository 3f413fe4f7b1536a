// BAR2: doorbell pages, then BlueFlame pages (facts/device 1.5, 7). Page n is UAR n; the lowest
// hold the EQ doorbells, four each; any other has a send doorbell and a CQ doorbell. A doorbell of
// a queue that does not exist or that belongs to another page is refused, as a user process could
// ring it. A BlueFlame register takes a whole descriptor. It is in the ring, too, so the card only
// looks for the queue pair's number in it and takes that for a send doorbell.

import type { AccessSize } from '#bus/pci-function.ts';
import {
  MLX4_CQ_DB_REQ_NOT,
  MLX4_CQ_DB_REQ_NOT_SOL,
  MLX4_CQ_DOORBELL,
  MLX4_SEND_DOORBELL,
  blueFlameRegisterBytes,
  cqDoorbell,
  eqDoorbellOffset,
  eqsPerUar,
  reservedUars,
  uarAreaBytes,
  uarPageBytes,
} from '#prm/registers.ts';
import { wqeCtrlBlueFlame } from '#prm/wqe.ts';
import { swap32 } from './bar0.ts';
import type { Hca } from './hca.ts';

const eqDoorbellStride = 8;
const numberMask = 0xff_ffff;
const sequenceShift = cqDoorbell.fields.sequence.low;
const commandShift = cqDoorbell.fields.command.low;
/** A register is two buffers; where in one the number of the queue pair is. */
const blueFlameBufferBytes = blueFlameRegisterBytes / 2;
const blueFlameQpnAt = wqeCtrlBlueFlame.fields.qpn.offset;

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
    } else if (hca.phase !== 'initialised') {
      hca.refuse(`doorbell write at 0x${offset.toString(16)}`, 'the HCA is not initialised');
    } else if (offset >= uarAreaBytes) {
      this.blueFlame(offset - uarAreaBytes, swap32(value));
    } else {
      this.ring(Math.floor(offset / uarPageBytes), offset % uarPageBytes, swap32(value));
    }
  }

  private ring(uar: number, at: number, word: number): void {
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

  /** `at`: place in the BlueFlame area, whose pages have the numbers of the UARs. */
  private blueFlame(at: number, word: number): void {
    const uar = Math.floor(at / uarPageBytes);
    if (!this.hca.options.blueFlame) {
      this.hca.refuse(`BlueFlame write in UAR ${uar}`, 'BlueFlame is not offered');
    } else if (at % blueFlameBufferBytes === blueFlameQpnAt) {
      this.hca.transmitter.doorbell(uar, word >>> 8);
    }
  }

  private ringEq(uar: number, at: number, word: number): void {
    const eqn = uar * eqsPerUar + Math.floor(at / eqDoorbellStride);
    const inPage = at < eqsPerUar * eqDoorbellStride && at % eqDoorbellStride === 0;
    const queue = inPage ? this.hca.events.queues.get(eqn) : undefined;
    if (queue !== undefined) queue.doorbell(word);
    else this.hca.refuse(`EQ doorbell ${eqn}`, 'no such event queue');
  }

  private ringCq(uar: number, consumer: number): void {
    const first = this.cqHalves.get(uar) ?? 0;
    const cqn = first & numberMask;
    const command = (first >>> commandShift) & 7;
    const queue = this.hca.completions.queue(cqn);
    const what = `CQ doorbell of 0x${cqn.toString(16)} in UAR ${uar}`;
    if (queue?.cqn !== cqn || queue.uar !== uar) {
      this.hca.refuse(what, 'no such completion queue in this UAR');
    } else if (command !== MLX4_CQ_DB_REQ_NOT && command !== MLX4_CQ_DB_REQ_NOT_SOL) {
      this.hca.refuse(what, `command ${command}`);
    } else {
      queue.arm((first >>> sequenceShift) & 3, command, consumer);
    }
  }
}
