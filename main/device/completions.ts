// Writing completions (facts/device 6.3.4): the completion queues of a card and the entries that
// sends, receives and errors leave in them. Runs for every packet: offsets are taken from the
// declaration once, the entry is one scratch array.

import { writeBe16, writeBe32 } from '#bus/bytes.ts';
import {
  MLX4_CQE_IS_SEND_MASK,
  MLX4_CQE_OPCODE_ERROR,
  MLX4_CQE_SYNDROME,
  MLX4_RECV_OPCODE_SEND,
  cqe,
  cqeBytes,
  errCqe,
} from '#prm/completion.ts';
import type { CompletionQueue } from './completion-queue.ts';
import type { HostLink } from './host-link.ts';

/** Name of an error syndrome. */
export type Syndrome = keyof typeof MLX4_CQE_SYNDROME;

const at = {
  qpn: cqe.fields.qpn.offset,
  hash: cqe.fields.immed_rss_invalid.offset,
  remoteQpn: cqe.fields.g_mlpath_rqpn.offset,
  vlan: cqe.fields.sl_vid.offset,
  remoteLid: cqe.fields.rlid.offset,
  status: cqe.fields.status.offset,
  byteCount: cqe.fields.byte_cnt.offset,
  wqeIndex: cqe.fields.wqe_index.offset,
  checksum: cqe.fields.checksum.offset,
} as const;
/** Where the service level is in sl_vid. */
const serviceLevelLow = 12;
const cvlanBit = 2 ** cqe.fields.cvlan_present.low;
const svlanBit = 2 ** cqe.fields.svlan_present.low;
const syndromeAt = errCqe.fields.syndrome.offset;

/** Who sent an InfiniBand packet that came without a global route header, on path 0. */
export interface RemoteEnd {
  readonly qpn: number;
  readonly lid: number;
  readonly serviceLevel: number;
}

/** What a receive completion says. One object is used again for every packet. */
export interface ReceiveReport {
  qpn: number;
  /** RSS hash; of an InfiniBand packet the index of its partition key. */
  hash: number;
  /** Null for an Ethernet frame. */
  remote: RemoteEnd | null;
  /** Stripped tag, and its kind. */
  tci: number;
  tag: 'none' | 'cvlan' | 'svlan';
  status: number;
  byteCount: number;
  wqeIndex: number;
  checksum: number;
}

/** A report that says nothing yet. */
export const newReport = (): ReceiveReport => ({
  qpn: 0,
  hash: 0,
  remote: null,
  tci: 0,
  tag: 'none',
  status: 0,
  byteCount: 0,
  wqeIndex: 0,
  checksum: 0,
});

/** All completion queues of a card. */
export class Completions {
  /** Queues by slot (low bits of the number). */
  readonly queues = new Map<number, CompletionQueue>();
  slotMask = 0;
  private readonly link: HostLink;
  private readonly entry = new Uint8Array(cqeBytes);

  constructor(link: HostLink) {
    this.link = link;
  }

  /** The queue with this number, or undefined. */
  queue(cqn: number): CompletionQueue | undefined {
    return this.queues.get(cqn & this.slotMask);
  }

  /** A send is done: `wqeIndex` is the first block of the descriptor. */
  sent(cqn: number, qpn: number, wqeIndex: number, opcode: number, solicited: boolean): boolean {
    const { entry } = this;
    entry.fill(0);
    writeBe32(entry, at.qpn, qpn);
    writeBe16(entry, at.wqeIndex, wqeIndex);
    return this.put(cqn, MLX4_CQE_IS_SEND_MASK | opcode, solicited);
  }

  /** A frame, or a packet of InfiniBand, is in memory. */
  received(cqn: number, report: ReceiveReport): boolean {
    const { entry } = this;
    entry.fill(0);
    let word = report.qpn;
    if (report.tag !== 'none') {
      word += report.tag === 'cvlan' ? cvlanBit : svlanBit;
      writeBe16(entry, at.vlan, report.tci);
    }
    if (report.remote !== null) {
      writeBe32(entry, at.remoteQpn, report.remote.qpn);
      writeBe16(entry, at.vlan, report.remote.serviceLevel << serviceLevelLow);
      writeBe16(entry, at.remoteLid, report.remote.lid);
    }
    writeBe32(entry, at.qpn, word);
    writeBe32(entry, at.hash, report.hash);
    writeBe16(entry, at.status, report.status);
    writeBe32(entry, at.byteCount, report.byteCount);
    writeBe16(entry, at.wqeIndex, report.wqeIndex);
    writeBe16(entry, at.checksum, report.checksum);
    return this.put(cqn, MLX4_RECV_OPCODE_SEND, false);
  }

  /** A work request failed. */
  failed(
    cqn: number,
    qpn: number,
    wqeIndex: number,
    side: 'send' | 'receive',
    syndrome: Syndrome,
  ): boolean {
    const { entry } = this;
    entry.fill(0);
    writeBe32(entry, at.qpn, qpn);
    writeBe16(entry, at.wqeIndex, wqeIndex);
    entry[syndromeAt] = MLX4_CQE_SYNDROME[syndrome];
    const direction = side === 'send' ? MLX4_CQE_IS_SEND_MASK : 0;
    return this.put(cqn, direction | MLX4_CQE_OPCODE_ERROR, true);
  }

  private put(cqn: number, keep: number, solicited: boolean): boolean {
    const queue = this.queue(cqn);
    if (queue !== undefined) return queue.put(this.entry, keep, solicited);
    this.link.error(`completion for CQ 0x${cqn.toString(16)}, which does not exist`);
    return false;
  }
}
