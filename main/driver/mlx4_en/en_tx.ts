// Sending (en_tx.c; facts/device 8.1 to 8.6, 6.3.6; facts/driver 8.6, 8.9): a ring of 64-byte
// blocks, the packet inside the descriptor up to inline_thold bytes, else in a slot of the ring's
// buffer; owner bits, stamps, doorbell, completion. Free-running counters count blocks. Runs for
// every packet: one point, the doorbell.
// Left out: LSO, fragments, XDP, BlueFlame writes (the doorbell always works), byte queue limits.

import { minFrameBytes } from '#bus/frame.ts';
import { NETDEV_TX_OK } from '#kernel/net/flags.ts';
import { napi_complete_done, napi_schedule_irqoff } from '#kernel/net/napi.ts';
import type { NetDevice } from '#kernel/net/netdevice.ts';
import { netdev_priv } from '#kernel/net/netdevice.ts';
import { CHECKSUM_PARTIAL } from '#kernel/net/skb.ts';
import type { SkBuff } from '#kernel/net/skb.ts';
import {
  netif_tx_start_queue,
  netif_tx_stop_queue,
  netif_tx_wake_queue,
} from '#kernel/net/queue.ts';
import { dma_alloc_coherent, dma_free_coherent } from '#kernel/pci/dma.ts';
import { iowrite32be } from '#kernel/pci/io.ts';
import { pr_warn } from '#kernel/printk.ts';
import { queue_work } from '#kernel/workqueue.ts';
import {
  cqe,
  errCqe,
  MLX4_CQE_OPCODE_ERROR,
  MLX4_CQE_OPCODE_MASK,
  MLX4_CQE_OWNER_MASK,
} from '#prm/completion.ts';
import { MLX4_SEND_DOORBELL } from '#prm/registers.ts';
import { MLX4_EN_BIT_DESC_OWN, STAMP_STRIDE, STAMP_VAL, TXBB_SIZE } from '#prm/wqe.ts';
import type { Atomic, MaySleep } from '#sim/task.ts';
import { mlx4_alloc_hwq_res, mlx4_free_hwq_res } from '../mlx4_core/alloc.ts';
import { mlx4_cq_set_ci } from '../mlx4_core/cq.ts';
import {
  mlx4_qp_alloc,
  mlx4_qp_free,
  mlx4_qp_release_range,
  mlx4_qp_remove,
  mlx4_qp_reserve_range,
  mlx4_qp_modify_to_reset,
  mlx4_qp_to_ready,
} from '../mlx4_core/qp.ts';
import { mlx4_en_arm_cq } from './en_cq.ts';
import { mlx4_en_fill_qp_context } from './en_resources.ts';
import { effectiveMtu } from './en_rx.ts';
import {
  buildDataDescriptor,
  buildInlineDescriptor,
  descriptorBlocks,
  ownerOpcode,
} from './en_tx_desc.ts';
import { en_dbg, en_err, MLX4_EN_DEFAULT_TX_WORK } from './mlx4_en.ts';
import type { mlx4_en_cq, mlx4_en_priv, mlx4_en_tx_ring } from './mlx4_en.ts';

/** Blocks that stay free so that the card's prefetch never meets the producer. */
const HEADROOM = 2048 / TXBB_SIZE + 1;
const MAX_DESC_TXBBS = 8;
const indexWordAt = cqe.fields.wqe_index.offset;
const ownerAt = cqe.fields.owner_sr_opcode.offset;

/**
 * Memory, a queue pair number and the card's room for it. The queue pair stays in RESET until open.
 */
export function* mlx4_en_create_tx_ring(
  priv: mlx4_en_priv,
  queueIndex: number,
  size: number,
): MaySleep<mlx4_en_tx_ring | number> {
  const { dev } = priv.mdev;
  const buf_size = size * TXBB_SIZE;
  const wqres = yield* mlx4_alloc_hwq_res(dev, buf_size);
  if (typeof wqres === 'number') {
    en_err(priv, 'Failed allocating hwq resources');
    return wqres;
  }
  const qpn = yield* mlx4_qp_reserve_range(dev, 1, 1, 'eth_bf');
  if (qpn < 0) {
    en_err(priv, 'failed reserving qp for TX ring');
    yield* mlx4_free_hwq_res(dev, wqres);
    return qpn;
  }
  const qp = yield* mlx4_qp_alloc(dev, qpn);
  if (typeof qp === 'number') {
    en_err(priv, `Failed allocating qp ${qpn}`);
    yield* mlx4_qp_release_range(dev, qpn, 1);
    yield* mlx4_free_hwq_res(dev, wqres);
    return qp;
  }
  return {
    queue_index: queueIndex,
    size,
    size_mask: size - 1,
    full_size: size - HEADROOM - MAX_DESC_TXBBS,
    buf_size,
    inline_thold: priv.prof.inline_thold,
    wqres,
    buf: wqres.buf,
    data: null,
    dataStride: 0,
    skbs: new Array<SkBuff | null>(size).fill(null),
    nr_txbb: new Uint8Array(size),
    nr_bytes: new Uint32Array(size),
    qpn,
    sp_qp: qp,
    cqn: 0,
    tx_queue: priv.dev.txQueues[queueIndex]!,
    prod: 0,
    cons: 0,
    last_nr_txbb: 1,
    bytes: 0,
    packets: 0,
    tx_csum: 0,
    tso_packets: 0,
    xmit_more: 0,
    queue_stopped: 0,
    wake_queue: 0,
    tx_dropped: 0,
  };
}

export function* mlx4_en_destroy_tx_ring(
  priv: mlx4_en_priv,
  ring: mlx4_en_tx_ring,
): MaySleep<void> {
  const { dev } = priv.mdev;
  yield* mlx4_qp_remove(dev, ring.sp_qp);
  yield* mlx4_qp_free(dev, ring.sp_qp);
  yield* mlx4_qp_release_range(dev, ring.qpn, 1);
  yield* mlx4_free_hwq_res(dev, ring.wqres);
}

/** Empties the ring and brings its queue pair to "ready to send". */
export function* mlx4_en_activate_tx_ring(
  priv: mlx4_en_priv,
  ring: mlx4_en_tx_ring,
  cqn: number,
): MaySleep<number> {
  ring.cqn = cqn;
  ring.prod = 0;
  ring.cons = 0xffff_ffff;
  ring.last_nr_txbb = 1;
  ring.skbs.fill(null);
  ring.nr_txbb.fill(0);
  ring.buf.fill(0, ring.buf_size, 0);
  ring.dataStride = 2 ** Math.ceil(Math.log2(effectiveMtu(priv.dev.mtu)));
  ring.data = dma_alloc_coherent(priv.mdev.pdev, ring.size * ring.dataStride);
  const context = mlx4_en_fill_qp_context(priv, {
    kind: 'tx',
    qpn: ring.qpn,
    cqn,
    size: ring.size,
    stride: TXBB_SIZE,
  });
  return yield* mlx4_qp_to_ready(priv.mdev.dev, ring.wqres.mtt, context, ring.sp_qp);
}

export function* mlx4_en_deactivate_tx_ring(
  priv: mlx4_en_priv,
  ring: mlx4_en_tx_ring,
): MaySleep<void> {
  yield* mlx4_qp_modify_to_reset(priv.mdev.dev, ring.sp_qp);
}

/** Marks every block as software's, before the first pass. */
export function clearTxRing(ring: mlx4_en_tx_ring): void {
  for (let at = 0; at < ring.buf_size; at += STAMP_STRIDE) ring.buf.writeBe32(at, 0xffff_ffff);
}

/** Gives a descriptor's skb back; returns its blocks. */
function mlx4_en_free_tx_desc(ring: mlx4_en_tx_ring, index: number): number {
  ring.skbs[index] = null;
  return ring.nr_txbb[index]!;
}

/** Writes the stamp over the blocks of a descriptor: not the card's on the next pass. */
function mlx4_en_stamp_wqe(ring: mlx4_en_tx_ring, index: number, owner: boolean): void {
  let stamp = owner ? (STAMP_VAL | MLX4_EN_BIT_DESC_OWN) >>> 0 : STAMP_VAL;
  let at = index * TXBB_SIZE;
  for (let blocks = ring.nr_txbb[index]!; blocks > 0; blocks--) {
    ring.buf.writeBe32(at, stamp);
    at += STAMP_STRIDE;
    if (at < ring.buf_size) continue;
    at = 0;
    stamp = (stamp ^ MLX4_EN_BIT_DESC_OWN) >>> 0;
  }
}

/** Frees what was never completed; the queue pair is in RESET. Returns how many packets. */
export function mlx4_en_free_tx_buf(priv: mlx4_en_priv, ring: mlx4_en_tx_ring): number {
  let cons = (ring.cons + ring.last_nr_txbb) >>> 0;
  let count = 0;
  while (cons !== ring.prod) {
    const blocks = mlx4_en_free_tx_desc(ring, cons & ring.size_mask);
    if (blocks === 0) break;
    cons = (cons + blocks) >>> 0;
    count++;
  }
  ring.cons = cons;
  if (ring.data !== null) dma_free_coherent(priv.mdev.pdev, ring.data);
  ring.data = null;
  if (count > 0) en_dbg('DRV', priv, `Freed ${count} uncompleted tx descriptors`);
  return count;
}

/** Bytes in lines of 16, as print_hex_dump() shows them. */
function hexDump(priv: mlx4_en_priv, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; at += 16) {
    const line = Array.from(bytes.subarray(at, at + 16), (b) => b.toString(16).padStart(2, '0'));
    pr_warn(priv.k, `${at.toString(16).padStart(8, '0')}: ${line.join(' ')}`);
  }
}

const hex = (value: number): string => `0x${value.toString(16)}`;

/** A completion in error: everything about it into the log, and a restart of the port. */
function* mlx4_en_handle_err_cqe(
  priv: mlx4_en_priv,
  cq: mlx4_en_cq,
  ring: mlx4_en_tx_ring,
  at: number,
): Atomic<void> {
  const entry = new Uint8Array(errCqe.sizeBytes);
  cq.buf.read(at, entry);
  const { vendor_err_syndrome, syndrome, wqe_index } = errCqe.read(entry);
  const index = wqe_index & ring.size_mask;
  const where = `cqn ${hex(cq.mcq!.cqn)}, ci ${hex(cq.mcq!.cons_index)}`;
  const what = `vendor syndrome: ${hex(vendor_err_syndrome)} syndrome: ${hex(syndrome)}`;
  en_err(priv, `CQE error - ${where}, ${what}`);
  hexDump(priv, entry);
  const size = ring.nr_txbb[index]! * TXBB_SIZE;
  const wqe = `wqe index ${hex(index)}, wqe size ${hex(size)}`;
  en_err(priv, `Related WQE - qpn ${hex(ring.qpn)}, ${wqe}`);
  const descriptor = new Uint8Array(Math.min(size, ring.buf_size - index * TXBB_SIZE));
  ring.buf.read(index * TXBB_SIZE, descriptor);
  hexDump(priv, descriptor);
  if (priv.restarting) return;
  priv.restarting = true;
  en_err(priv, 'Scheduling port restart');
  yield* queue_work(priv.mdev.workqueue, priv.restart_task);
}

const isFull = (ring: mlx4_en_tx_ring): boolean => (ring.prod - ring.cons) >>> 0 > ring.full_size;

/** Frees the descriptors from the last completed one up to `newIndex`. */
function reap(ring: mlx4_en_tx_ring, newIndex: number): number {
  let packets = 0;
  let index = ring.cons & ring.size_mask;
  do {
    const stampIndex = index;
    const stampOwner = (ring.cons & ring.size) !== 0;
    ring.cons = (ring.cons + ring.last_nr_txbb) >>> 0;
    index = ring.cons & ring.size_mask;
    ring.last_nr_txbb = mlx4_en_free_tx_desc(ring, index);
    mlx4_en_stamp_wqe(ring, stampIndex, stampOwner);
    packets++;
  } while (index !== newIndex && ring.last_nr_txbb > 0);
  return packets;
}

/**
 * Takes completions off a transmit queue. Returns how many packets; at most about the work limit.
 */
function* mlx4_en_process_tx_cq(priv: mlx4_en_priv, cq: mlx4_en_cq): Atomic<number> {
  if (!(yield* priv.port_up.read())) return 0;
  const ring = priv.tx_ring[cq.ring]!;
  const mcq = cq.mcq!;
  const { buf, size } = cq;
  const entryBytes = priv.mdev.dev.caps.cqe_size;
  const half = entryBytes - cqe.sizeBytes;
  let done = 0;
  while (done < MLX4_EN_DEFAULT_TX_WORK) {
    const at = (mcq.cons_index & (size - 1)) * entryBytes + half;
    const owner = buf.readU8(at + ownerAt);
    const pass = (mcq.cons_index & size) === 0 ? 0 : MLX4_CQE_OWNER_MASK;
    if ((owner & MLX4_CQE_OWNER_MASK) !== pass) break;
    if ((owner & MLX4_CQE_OPCODE_MASK) === MLX4_CQE_OPCODE_ERROR) {
      yield* mlx4_en_handle_err_cqe(priv, cq, ring, at);
    }
    done += reap(ring, (buf.readBe32(at + indexWordAt) >>> 16) & ring.size_mask);
    mcq.cons_index++;
  }
  if (done === 0) return 0;
  mlx4_cq_set_ci(mcq);
  if (ring.tx_queue.stopped && !isFull(ring)) {
    yield* netif_tx_wake_queue(ring.tx_queue);
    ring.wake_queue++;
  }
  return done;
}

/** The completion handler, in hard interrupt context. */
export function* mlx4_en_tx_irq(cq: mlx4_en_cq): Atomic<void> {
  if (yield* cq.priv.port_up.read()) yield* napi_schedule_irqoff(cq.napi!);
  else yield* mlx4_en_arm_cq(cq);
}

/** The NAPI poll function of a transmit queue. */
export function* mlx4_en_poll_tx_cq(cq: mlx4_en_cq, budget: number): Atomic<number> {
  const done = yield* mlx4_en_process_tx_cq(cq.priv, cq);
  if (done >= MLX4_EN_DEFAULT_TX_WORK) return budget;
  const reported = Math.min(done, budget - 1);
  if (yield* napi_complete_done(cq.napi!, reported)) yield* mlx4_en_arm_cq(cq);
  return reported;
}

/** Copies a descriptor into the ring, first word last; it may wrap at the end. */
function writeDescriptor(ring: mlx4_en_tx_ring, scratch: Uint8Array, bytes: number): void {
  const at = (ring.prod & ring.size_mask) * TXBB_SIZE;
  const room = ring.buf_size - at;
  if (bytes > room) ring.buf.write(0, scratch.subarray(room, bytes));
  ring.buf.write(at + 4, scratch.subarray(4, Math.min(bytes, room)));
  ring.buf.writeBe32(at, ownerOpcode(ring.prod, ring.size));
}

/** Puts the packet into the ring and notes what completion needs. */
function post(priv: mlx4_en_priv, ring: mlx4_en_tx_ring, skb: SkBuff): void {
  const { scratch } = priv;
  const { data } = skb;
  const slot = ring.prod & ring.size_mask;
  const control = { vlanTci: skb.vlan_tci, checksum: skb.ip_summed === CHECKSUM_PARTIAL };
  if (control.checksum) ring.tx_csum++;
  let bytes: number;
  if (data.length <= ring.inline_thold) bytes = buildInlineDescriptor(scratch, data, control);
  else {
    const at = slot * ring.dataStride;
    ring.data!.write(at, data);
    const address = ring.data!.address + at;
    bytes = buildDataDescriptor(scratch, address, data.length, priv.mdev.mr.key, control);
  }
  const blocks = descriptorBlocks(bytes);
  writeDescriptor(ring, scratch, blocks * TXBB_SIZE);
  ring.skbs[slot] = skb;
  ring.nr_txbb[slot] = blocks;
  ring.nr_bytes[slot] = data.length;
  ring.bytes += Math.max(data.length, minFrameBytes);
  ring.packets++;
  ring.prod = (ring.prod + blocks) >>> 0;
}

/** ndo_start_xmit, under the queue's lock. */
export function* mlx4_en_xmit(skb: SkBuff, dev: NetDevice): Atomic<number> {
  const priv = netdev_priv<mlx4_en_priv>(dev);
  const ring = priv.tx_ring[skb.queue_mapping] ?? priv.tx_ring[0]!;
  if (!(yield* priv.port_up.read()) || skb.data.length > ring.dataStride) {
    ring.tx_dropped++;
    return NETDEV_TX_OK;
  }
  post(priv, ring, skb);
  const stop = isFull(ring);
  if (stop) {
    yield* netif_tx_stop_queue(ring.tx_queue);
    ring.queue_stopped++;
  }
  yield* iowrite32be(priv.mdev.uar_map, MLX4_SEND_DOORBELL, ring.qpn * 256);
  // A completion may have come between: then nobody else would start the queue again.
  if (stop && !isFull(ring)) {
    yield* netif_tx_start_queue(ring.tx_queue);
    ring.wake_queue++;
  }
  return NETDEV_TX_OK;
}
