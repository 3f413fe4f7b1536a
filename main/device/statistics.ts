// Real counts of a port (DUMP_ETH_STATS, facts/device 5.19) and of the interface counters that
// queue pairs name (QUERY_IF_STAT, 5.20). Octets are without FCS.
// Left out: size histograms, pause counters: nothing in the lab reads them.

import { ethStats, ethStatsBytes, ifStat } from '#prm/port.ts';
import { rxFramesOffset, rxOctetsOffset, txFramesOffset, txOctetsOffset } from '#prm/port.ts';
import { writeBe32 } from '#bus/bytes.ts';
import { isBroadcastAt, isMulticastAt } from '#bus/mac.ts';
import { vlanTci } from '#bus/frame.ts';

/** Priority group of frames without a tag; 0 to 7 are the tag's priorities. */
const noVlan = 8;
const ifStatBytes = ifStat.sizeBytes;

/** One direction of a port. */
class Direction {
  readonly octets = new Float64Array(noVlan + 1);
  readonly frames = new Float64Array(noVlan + 1);
  unicast = 0;
  multicast = 0;
  broadcast = 0;

  count(frame: Uint8Array): void {
    const tci = vlanTci(frame);
    const group = tci === null ? noVlan : tci >>> 13;
    this.octets[group] = this.octets[group]! + frame.length;
    this.frames[group] = this.frames[group]! + 1;
    if (!isMulticastAt(frame)) this.unicast++;
    else if (isBroadcastAt(frame)) this.broadcast++;
    else this.multicast++;
  }
}

/** What a port has counted since the last reset of its counters. */
export class PortStatistics {
  readonly rx = new Direction();
  readonly tx = new Direction();
  txLoopbackFrames = 0;
  txLoopbackOctets = 0;
  /** Frames with a bad FCS. */
  rxCrc = 0;
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
    ethStats.write(into, {
      rx_broadcast_novlan: rx.broadcast,
      rx_multicast_novlan: rx.multicast,
      rx_unicast_novlan: rx.unicast,
      rx_octets_novlan: rx.octets[noVlan]!,
      rx_frames_novlan: rx.frames[noVlan]!,
      rx_frames_too_long: this.rxTooLong,
      tx_broadcast_novlan: tx.broadcast,
      tx_multicast_novlan: tx.multicast,
      tx_unicast_novlan: tx.unicast,
      tx_octets_novlan: tx.octets[noVlan]!,
      tx_frames_novlan: tx.frames[noVlan]!,
      tx_octets_loopback: this.txLoopbackOctets,
      tx_frames_loopback: this.txLoopbackFrames,
      rx_crc: this.rxCrc % 2 ** 32,
      rx_dropped: this.rxDropped % 2 ** 32,
      rx_dropped_overflow: this.rxOverflow % 2 ** 32,
      rx_dropped_length: this.rxTooLong % 2 ** 32,
      rx_good_frames: this.rxGood % 2 ** 32,
      tx_dropped: this.txDropped % 2 ** 32,
    });
    for (let priority = 0; priority < noVlan; priority++) {
      put64(into, rxOctetsOffset(priority), rx.octets[priority]!);
      put64(into, rxFramesOffset(priority), rx.frames[priority]!);
      put64(into, txOctetsOffset(priority), tx.octets[priority]!);
      put64(into, txFramesOffset(priority), tx.frames[priority]!);
    }
    return into;
  }
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
