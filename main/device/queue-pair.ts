// One queue pair: state, geometry and the fields of its context that the card uses (facts/device
// 6.5). The context itself stays in the ICM; this is the working copy. Buffer geometry is taken at
// RST2INIT; later transitions send the same context again, of which only path and parameters count.

import {
  MLX4_QP_BIT_FPP,
  MLX4_QP_STATE,
  MLX4_RSS_HASH_TOP,
  qpContext,
  qpContextBytes,
  queueEntries,
  queueStride,
  rssContext,
  rssContextOffset,
  schedQueuePort,
  schedQueuePriority,
} from '#prm/qp-context.ts';
import { TXBB_SIZE } from '#prm/wqe.ts';
import type { QueueBuffer } from './queue-buffer.ts';
import { Spreader } from './rss.ts';
import type { RssSpread } from './rss.ts';

/** Name of a state. */
export type QpStateName = keyof typeof MLX4_QP_STATE;

/** Counter index that means "none". */
export const noCounter = 0xff;
/** Parts of the context's srqn. */
const srqEnabled = 1 << 24;
const srqnMask = 0xff_ffff;

/** A queue pair that is not in reset. */
export class QueuePair {
  /** Whole number; the table is indexed by its low bits. */
  readonly qpn: number;
  readonly context = new Uint8Array(qpContextBytes);
  state: QpStateName = 'RST';
  service = 0;
  pd = 0;
  uar = 0;
  portNumber: 1 | 2 = 1;
  /** User priority of what it sends, 0 to 7. */
  priority = 0;
  /** Use the port itself, not what the port map says (facts/device 10.5). */
  forcedPort = false;
  cqnSend = 0;
  cqnRecv = 0;
  dbRecord = 0;
  counter = noCounter;
  vlanStrip = true;
  /** Number of the shared receive queue that gives the descriptors, or null. */
  srqn: number | null = null;
  /** Of an RSS queue pair: what chooses the ring for a packet. */
  spreader: Spreader | null = null;
  buffer: QueueBuffer | null = null;
  /** Places of the send queue, or 0 without one, and the bytes of each. */
  sqEntries = 0;
  sqStride = 0;
  sqOffset = 0;
  /** Receive descriptors, or 0 without a receive queue. */
  rqEntries = 0;
  rqStride = 0;
  rqOffset = 0;
  /** Places sent and receive descriptors used since RST2INIT. */
  sqIndex = 0;
  rqIndex = 0;
  /** The producer counter as last read from the doorbell record. */
  rqProducer = 0;
  /** A turn to send is asked for already. */
  sendScheduled = false;
  /** A doorbell rang in SQD: the send queue is looked at when the state is RTS again. */
  sendWaits = false;

  constructor(qpn: number) {
    this.qpn = qpn;
  }

  /** Packets are delivered. */
  get receives(): boolean {
    return this.state !== 'RST' && this.state !== 'INIT' && this.state !== 'ERR';
  }

  /** Takes everything from a context: RST2INIT. Gives the bytes of the buffer. */
  load(context: Uint8Array): number {
    this.context.set(context.subarray(0, qpContextBytes));
    this.service = qpContext.get(context, 'service_type');
    this.pd = qpContext.get(context, 'pd');
    this.uar = qpContext.get(context, 'usr_page');
    this.cqnSend = qpContext.get(context, 'cqn_send');
    this.cqnRecv = qpContext.get(context, 'cqn_recv');
    this.dbRecord = qpContext.get(context, 'db_rec_addr');
    const srq = qpContext.get(context, 'srqn');
    this.srqn = (srq & srqEnabled) === 0 ? null : srq & srqnMask;
    this.sqIndex = qpContext.get(context, 'sq_wqe_counter');
    this.rqIndex = qpContext.get(context, 'rq_wqe_counter');
    this.rqProducer = this.rqIndex;
    this.loadPath();
    return this.loadGeometry(context);
  }

  /** Takes from the context what may change after RST2INIT: path, port, VLAN stripping, RSS. */
  loadPath(): void {
    const { context } = this;
    const schedQueue = qpContext.get(context, 'path_sched_queue');
    this.portNumber = schedQueuePort(schedQueue);
    this.priority = schedQueuePriority(schedQueue);
    this.counter = qpContext.get(context, 'path_counter_index');
    this.forcedPort = (qpContext.get(context, 'params2') & MLX4_QP_BIT_FPP) !== 0;
    this.vlanStrip = !qpContext.get(context, 'vlan_strip_disable');
    const spreads = qpContext.get(context, 'rss');
    this.spreader = spreads ? new Spreader(spreadOf(context)) : null;
  }

  /** The context with the live values in it. */
  refresh(): Uint8Array {
    const { context } = this;
    qpContext.set(context, 'state', MLX4_QP_STATE[this.state]);
    qpContext.set(context, 'rq_wqe_counter', this.rqIndex & 0xffff);
    qpContext.set(context, 'sq_wqe_counter', this.sqIndex & 0xffff);
    return context;
  }

  /**
   * Queue with the larger stride first, the send queue when they are equal (6.5.2). A size byte of
   * 0 is one entry of 16 bytes, which nobody uses: it means that there is no such queue.
   */
  private loadGeometry(context: Uint8Array): number {
    const sq = qpContext.get(context, 'sq_size_stride');
    const rq = qpContext.get(context, 'rq_size_stride');
    this.sqStride = queueStride(sq);
    this.sqEntries = this.sqStride < TXBB_SIZE ? 0 : queueEntries(sq);
    const sqBytes = queueEntries(sq) * this.sqStride;
    this.rqStride = queueStride(rq);
    const hasOwn = rq !== 0 && this.srqn === null && this.spreader === null;
    this.rqEntries = hasOwn ? queueEntries(rq) : 0;
    const rqBytes = this.rqEntries * this.rqStride;
    const rqFirst = this.rqStride > this.sqStride;
    this.sqOffset = rqFirst ? rqBytes : 0;
    this.rqOffset = rqFirst ? 0 : sqBytes;
    return sqBytes + rqBytes;
  }
}

function spreadOf(context: Uint8Array): RssSpread {
  const at = rssContextOffset;
  return {
    baseQpn: rssContext.get(context, 'base_qpn', at),
    baseQpnUdp: rssContext.get(context, 'base_qpn_udp', at) & 0xff_ffff,
    defaultQpn: rssContext.get(context, 'default_qpn', at) & 0xff_ffff,
    ringMask: 2 ** (rssContext.get(context, 'log_rings', at) & 0xf) - 1,
    toeplitz: rssContext.get(context, 'hash_fn', at) === MLX4_RSS_HASH_TOP,
    flags: rssContext.get(context, 'flags', at),
    key: rssContext.get(context, 'rss_key', at),
  };
}
