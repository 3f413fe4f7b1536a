// Real counts of a port (DUMP_ETH_STATS, facts/device 5.19) and of the interface counters that
// queue pairs name (QUERY_IF_STAT, 5.20). Octets are without FCS; size classes count it, as on the
// wire. Flow control has a page of its own (flow-control.ts). Left out: octets with framing and
// length-error counters: nothing in the lab makes them.

import { ethStats, ethStatsBytes, ethStatsNoVlan, ethStatsOffset, ifStat } from '#prm/port.ts';
import { rxFramesOffset, rxOctetsOffset, txFramesOffset, txOctetsOffset } from '#prm/port.ts';
import type { EthStatsGroup } from '#prm/port.ts';
import { writeBe32 } from '#bus/bytes.ts';
import { fcsBytes, vlanTci } from '#bus/frame.ts';
import { isBroadcastAt, isMulticastAt } from '#bus/mac.ts';

/** Groups of frames: priorities 0 to 7 of the tag, then frames without a tag. */
const groups = ethStatsNoVlan + 1;
const ifStatBytes = ifStat.sizeBytes;

/** Largest frame of each size class but the last two, FCS included. */
const classMax = [64, 127, 255, 511, 1023, 1518, 1522, 1548] as const;
const sizeClasses = [
  '64',
  '65_127',
  '128_255',
  '256_511',
  '512_1023',
  '1024_1518',
  '1519_1522',
  '1523_1548',
  '1549_mtu',
  'giants',
] as const;
const kinds = ['unicast', 'multicast', 'broadcast'] as const;

/** One direction of a port. */
class Direction {
  readonly octets = new Float64Array(groups);
  readonly frames = new Float64Array(groups);
  private readonly sizes = new Float64Array(sizeClasses.length * groups);
  private readonly kinds = new Float64Array(kinds.length * groups);

  /** Counts a frame; `mtuBytes`: largest one that is no giant, FCS included. */
  count(frame: Uint8Array, mtuBytes: number): void {
    const tci = vlanTci(frame);
    const group = tci === null ? ethStatsNoVlan : tci >>> 13;
    const kind = isMulticastAt(frame) ? (isBroadcastAt(frame) ? 2 : 1) : 0;
    this.octets[group]! += frame.length;
    this.frames[group]!++;
    this.sizes[sizeClass(frame.length + fcsBytes, mtuBytes) * groups + group]!++;
    this.kinds[kind * groups + group]!++;
  }

  /** Writes size classes and kinds. */
  report(into: Uint8Array, side: 'rx' | 'tx'): void {
    for (let group = 0; group < groups; group++) {
      sizeClasses.forEach((name, index) => {
        put(into, `${side}_${name}`, group, this.sizes[index * groups + group]!);
      });
      kinds.forEach((name, index) => {
        put(into, `${side}_${name}`, group, this.kinds[index * groups + group]!);
      });
    }
  }
}

function sizeClass(bytes: number, mtuBytes: number): number {
  if (bytes > mtuBytes) return classMax.length + 1;
  let index = 0;
  while (index < classMax.length && bytes > classMax[index]!) index++;
  return index;
}

/** What a port has counted since the last reset of its counters. */
export class PortStatistics {
  readonly rx = new Direction();
  readonly tx = new Direction();
  txLoopbackFrames = 0;
  txLoopbackOctets = 0;
  /** Frames with a bad FCS. */
  rxCrc = 0;
  /** Frames without a whole header. */
  rxRunts = 0;
  rxTooLong = 0;
  /** Dropped by a filter, by steering, or by the RX port check. */
  rxDropped = 0;
  /** Dropped because no receive descriptor was posted. */
  rxOverflow = 0;
  rxGood = 0;
  txDropped = 0;

  /** The mailbox. */
  report(): Uint8Array {
    const into = new Uint8Array(ethStatsBytes);
    const { rx, tx } = this;
    rx.report(into, 'rx');
    tx.report(into, 'tx');
    ethStats.write(into, {
      rx_octets_novlan: rx.octets[ethStatsNoVlan]!,
      rx_frames_novlan: rx.frames[ethStatsNoVlan]!,
      rx_frames_too_long: this.rxTooLong,
      tx_octets_novlan: tx.octets[ethStatsNoVlan]!,
      tx_frames_novlan: tx.frames[ethStatsNoVlan]!,
      tx_octets_loopback: this.txLoopbackOctets,
      tx_frames_loopback: this.txLoopbackFrames,
      rx_crc: this.rxCrc % 2 ** 32,
      rx_runts: this.rxRunts % 2 ** 32,
      rx_dropped: this.rxDropped % 2 ** 32,
      rx_dropped_overflow: this.rxOverflow % 2 ** 32,
      rx_dropped_length: this.rxTooLong % 2 ** 32,
      rx_good_frames: this.rxGood % 2 ** 32,
      tx_dropped: this.txDropped % 2 ** 32,
    });
    for (let priority = 0; priority < ethStatsNoVlan; priority++) {
      put64(into, rxOctetsOffset(priority), rx.octets[priority]!);
      put64(into, rxFramesOffset(priority), rx.frames[priority]!);
      put64(into, txOctetsOffset(priority), tx.octets[priority]!);
      put64(into, txFramesOffset(priority), tx.frames[priority]!);
    }
    return into;
  }
}

function put(into: Uint8Array, group: EthStatsGroup, index: number, value: number): void {
  put64(into, ethStatsOffset(group, index), value);
}

function put64(into: Uint8Array, at: number, value: number): void {
  writeBe32(into, at, Math.floor(value / 2 ** 32));
  writeBe32(into, at + 4, value % 2 ** 32);
}

/** Interface counters by index: frames and bytes in both directions. */
export class Counters {
  private readonly values: Float64Array;
  private readonly count: number;

  constructor(count: number) {
    this.count = count;
    this.values = new Float64Array(count * 4);
  }

  /** True for a counter that exists. */
  has(index: number): boolean {
    return index < this.count;
  }

  countRx(index: number, bytes: number): void {
    this.add(index * 4, bytes, index);
  }

  countTx(index: number, bytes: number): void {
    this.add(index * 4 + 2, bytes, index);
  }

  /** The mailbox; `reset` starts it again from 0. */
  report(index: number, reset: boolean): Uint8Array {
    const [rxFrames, rxBytes, txFrames, txBytes] = this.values.subarray(index * 4, index * 4 + 4);
    if (reset) this.values.fill(0, index * 4, index * 4 + 4);
    const into = new Uint8Array(ifStatBytes);
    ifStat.write(into, {
      num_ifc: 1,
      rx_frames: rxFrames!,
      rx_bytes: rxBytes!,
      tx_frames: txFrames!,
      tx_bytes: txBytes!,
    });
    return into;
  }

  private add(at: number, bytes: number, index: number): void {
    if (index >= this.count) return;
    this.values[at] = this.values[at]! + 1;
    this.values[at + 1] = this.values[at + 1]! + bytes;
  }
}
