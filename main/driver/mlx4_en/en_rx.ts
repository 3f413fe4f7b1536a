// Receiving (en_rx.c; facts/driver 8.9, facts/device 6.3, 8.7): rings of descriptors that each
// point to a buffer, NAPI polling of the completion queue, checksum, refill. Buffers belong to
// their descriptor for the life of the ring and the frame is copied out, where Linux swaps pages:
// the card sees no difference. Runs for every packet: offsets come from #prm once, words are read
// from memory as they are, and the only points are those of locks and doorbells.
// Left out: XDP, time stamps, LRO, loopback filtering by source address (SR-IOV only).

import { ENOMEM } from '#kernel/errno.ts';
import { NETIF_F_HW_VLAN_CTAG_RX, NETIF_F_RXCSUM, NETIF_F_RXHASH } from '#kernel/net/flags.ts';
import { napi_complete_done, napi_gro_receive, napi_schedule_irqoff } from '#kernel/net/napi.ts';
import { CHECKSUM_NONE, CHECKSUM_UNNECESSARY, eth_type_trans, SkBuff } from '#kernel/net/skb.ts';
import { dma_alloc_coherent, dma_free_coherent } from '#kernel/pci/dma.ts';
import {
  cqe,
  errCqe,
  MLX4_CQE_BAD_FCS,
  MLX4_CQE_OPCODE_ERROR,
  MLX4_CQE_OPCODE_MASK,
  MLX4_CQE_OWNER_MASK,
  MLX4_CQE_STATUS,
} from '#prm/completion.ts';
import { TXBB_SIZE, wqeDataBytes, wqeDataSeg } from '#prm/wqe.ts';
import type { Atomic, MaySleep } from '#sim/task.ts';
import { mlx4_alloc_hwq_res, mlx4_free_hwq_res } from '../mlx4_core/alloc.ts';
import { mlx4_cq_set_ci } from '../mlx4_core/cq.ts';
import { mlx4_en_arm_cq } from './en_cq.ts';
import { en_dbg, en_err } from './mlx4_en.ts';
import type { mlx4_en_cq, mlx4_en_priv, mlx4_en_rx_ring } from './mlx4_en.ts';

/** Fragments of a large frame, and the size of all but the last. */
const MLX4_EN_MAX_RX_FRAGS = 4;
const fragBytes = 2048;
/** Room for the Ethernet header and two VLAN tags. */
const frameHeaderBytes = 22;
/** lkey of the segment that ends a short scatter list. */
const MLX4_EN_MEMTYPE_PAD = 0x100;
/** Below this many free descriptors a refill is not worth its doorbell. */
const refillMin = 8;

const bytesWordAt = cqe.fields.byte_cnt.offset;
/** Word with status in its upper half; badfcs_enc is its lowest byte. */
const statusWordAt = cqe.fields.status.offset;
/** Word with VLAN tag in its upper half. */
const vlanWordAt = cqe.fields.sl_vid.offset;
/** Word with WQE index and checksum. */
const indexWordAt = cqe.fields.wqe_index.offset;
const hashWordAt = cqe.fields.immed_rss_invalid.offset;
const ownerAt = cqe.fields.owner_sr_opcode.offset;
const cvlanPresent = 2 ** cqe.fields.cvlan_present.low;

/** Bytes that a frame may have at an MTU, tags included (MLX4_EN_EFF_MTU). */
export const effectiveMtu = (mtu: number): number => mtu + frameHeaderBytes;

/** Sizes of the segments that hold a frame of `frameBytes`: 2 KiB each, the last takes the rest. */
export function rxFragments(frameBytes: number): number[] {
  const sizes: number[] = [];
  let left = frameBytes;
  while (left > 0) {
    const last = sizes.length === MLX4_EN_MAX_RX_FRAGS - 1;
    const size = last ? left : Math.min(left, fragBytes);
    sizes.push(size);
    left -= size;
  }
  return sizes;
}

const powerOfTwo = (atLeast: number): number => 2 ** Math.ceil(Math.log2(atLeast));

/** Sets the buffer geometry for the netdev's MTU; the port is down. */
export function mlx4_en_calc_rx_buf(priv: mlx4_en_priv): void {
  priv.rx_skb_size = effectiveMtu(priv.dev.mtu);
  priv.num_frags = rxFragments(priv.rx_skb_size).length;
  en_dbg('DRV', priv, `Rx buffer scatter-list (effective-mtu:${priv.rx_skb_size})`);
}

/** Memory and translation of a ring of `size` descriptors of the largest stride. */
export function* mlx4_en_create_rx_ring(
  priv: mlx4_en_priv,
  size: number,
): MaySleep<mlx4_en_rx_ring | number> {
  const buf_size = size * wqeDataBytes * MLX4_EN_MAX_RX_FRAGS + TXBB_SIZE;
  const wqres = yield* mlx4_alloc_hwq_res(priv.mdev.dev, buf_size);
  if (typeof wqres === 'number') return wqres;
  return {
    size,
    size_mask: size - 1,
    buf_size,
    wqres,
    buf: wqres.buf,
    firstDescriptor: 0,
    stride: 0,
    data: null,
    dataStride: 0,
    actual_size: 0,
    qpn: 0,
    cqn: 0,
    prod: 0,
    cons: 0,
    fcs_del: 0,
    bytes: 0,
    packets: 0,
    csum_ok: 0,
    csum_none: 0,
    csum_complete: 0,
    rx_alloc_pages: 0,
    dropped: 0,
    lastPackets: 0,
    lastBytes: 0,
  };
}

export function* mlx4_en_destroy_rx_ring(
  priv: mlx4_en_priv,
  ring: mlx4_en_rx_ring,
): MaySleep<void> {
  yield* mlx4_free_hwq_res(priv.mdev.dev, ring.wqres);
}

/** Tells the card how many descriptors were posted: a record in memory, no register. */
export function mlx4_en_update_rx_prod_db(ring: mlx4_en_rx_ring): void {
  ring.wqres.db.write(0, ring.prod & 0xffff);
}

/** Writes a descriptor: its segments, and the mark that ends a short list. */
function mlx4_en_init_rx_desc(
  priv: mlx4_en_priv,
  ring: mlx4_en_rx_ring,
  index: number,
  fragments: readonly number[],
): void {
  const { lkey, addr_h, addr_l, byte_count } = wqeDataSeg.fields;
  let address = ring.data!.address + index * ring.dataStride;
  let at = ring.firstDescriptor + index * ring.stride;
  const end = at + ring.stride;
  for (const size of fragments) {
    ring.buf.writeBe32(at + addr_h.offset, 0);
    ring.buf.writeBe32(at + addr_l.offset, address);
    ring.buf.writeBe32(at + lkey.offset, priv.mdev.mr.key);
    ring.buf.writeBe32(at + byte_count.offset, size);
    address += size;
    at += wqeDataBytes;
  }
  for (; at < end; at += wqeDataBytes) {
    ring.buf.writeBe32(at + byte_count.offset, 0);
    ring.buf.writeBe32(at + lkey.offset, MLX4_EN_MEMTYPE_PAD);
  }
}

/** Fills every ring with buffers and posts them, before the card may use them. 0 or -ENOMEM. */
export function mlx4_en_activate_rx_rings(priv: mlx4_en_priv): number {
  const stride = powerOfTwo(wqeDataBytes * priv.num_frags);
  const fragments = rxFragments(priv.rx_skb_size);
  for (const ring of priv.rx_ring) {
    ring.stride = stride;
    ring.prod = 0;
    ring.cons = 0;
    ring.buf.fill(0, ring.buf_size, 0);
    mlx4_en_update_rx_prod_db(ring);
    // A descriptor no larger than a block makes the send queue of one block come first.
    ring.firstDescriptor = stride <= TXBB_SIZE ? TXBB_SIZE : 0;
    if (ring.firstDescriptor !== 0) ring.buf.writeBe32(0, 0x8000_0000);
    ring.dataStride = powerOfTwo(priv.rx_skb_size);
    ring.data = dma_alloc_coherent(priv.mdev.pdev, ring.size * ring.dataStride);
    for (let i = 0; i < ring.size; i++) mlx4_en_init_rx_desc(priv, ring, i, fragments);
    ring.actual_size = ring.size;
    ring.prod = ring.size;
    ring.rx_alloc_pages += ring.size;
    mlx4_en_update_rx_prod_db(ring);
  }
  return priv.rx_ring.length === 0 ? -ENOMEM : 0;
}

export function mlx4_en_deactivate_rx_ring(priv: mlx4_en_priv, ring: mlx4_en_rx_ring): void {
  if (ring.data !== null) dma_free_coherent(priv.mdev.pdev, ring.data);
  ring.data = null;
}

/** Posts the descriptors whose frames were taken out, several at a time. */
function mlx4_en_refill_rx_buffers(ring: mlx4_en_rx_ring): void {
  const missing = ring.actual_size - (ring.prod - ring.cons);
  if (missing < refillMin) return;
  ring.prod += missing;
  mlx4_en_update_rx_prod_db(ring);
}

/**
 * From the service work: rings that ran dry. Buffers cannot run out here, so it posts leftovers.
 */
export function mlx4_en_recover_from_oom(priv: mlx4_en_priv): void {
  for (const ring of priv.rx_ring) {
    if (ring.prod === ring.cons) mlx4_en_refill_rx_buffers(ring);
  }
}

/** Logs a completion in error, or a bad checksum of the frame. */
function reportError(priv: mlx4_en_priv, cq: mlx4_en_cq, at: number): void {
  const vendor = cq.buf.readU8(at + errCqe.fields.vendor_err_syndrome.offset);
  const syndrome = cq.buf.readU8(at + errCqe.fields.syndrome.offset);
  en_err(priv, `CQE completed in error - vendor syndrom:${vendor} syndrom:${syndrome}`);
}

const l4Checked = MLX4_CQE_STATUS.TCP | MLX4_CQE_STATUS.UDP;

/** True when the card has verified IP and TCP or UDP checksum. */
const checksumGood = (status: number, checksum: number): boolean =>
  (status & l4Checked) !== 0 && (status & MLX4_CQE_STATUS.IPOK) !== 0 && checksum === 0xffff;

/** Makes the skb of the frame that the entry at `at` describes. */
function buildSkb(
  priv: mlx4_en_priv,
  cq: mlx4_en_cq,
  ring: mlx4_en_rx_ring,
  at: number,
  slot: number,
): SkBuff {
  const { dev } = priv;
  const { buf } = cq;
  const length = buf.readBe32(at + bytesWordAt) - ring.fcs_del;
  const frame = new Uint8Array(length);
  ring.data!.read(slot * ring.dataStride, frame);
  ring.packets++;
  ring.bytes += length;
  const skb = new SkBuff(frame, dev);
  skb.queue_mapping = cq.ring;
  const status = buf.readBe32(at + statusWordAt) >>> 16;
  const checksum = buf.readBe32(at + indexWordAt) & 0xffff;
  const { features } = dev;
  // CHECKSUM_COMPLETE is never used: Linux 6.1 looks at a length that is still 0 (facts/device
  // 14.1).
  if ((features & NETIF_F_RXCSUM) !== 0 && checksumGood(status, checksum)) {
    skb.ip_summed = CHECKSUM_UNNECESSARY;
    ring.csum_ok++;
  } else {
    skb.ip_summed = CHECKSUM_NONE;
    ring.csum_none++;
  }
  if ((features & NETIF_F_RXHASH) !== 0) skb.hash = buf.readBe32(at + hashWordAt);
  if ((buf.readBe32(at) & cvlanPresent) !== 0 && (features & NETIF_F_HW_VLAN_CTAG_RX) !== 0) {
    skb.vlan_tci = buf.readBe32(at + vlanWordAt) >>> 16;
  }
  skb.protocol = eth_type_trans(skb, dev);
  return skb;
}

/** Takes up to `budget` frames off a queue. Returns how many entries there were. */
function* mlx4_en_process_rx_cq(
  priv: mlx4_en_priv,
  cq: mlx4_en_cq,
  budget: number,
): Atomic<number> {
  if (!(yield* priv.port_up.read()) || budget <= 0) return 0;
  const ring = priv.rx_ring[cq.ring]!;
  const { buf, size } = cq;
  const mcq = cq.mcq!;
  const entryBytes = priv.mdev.dev.caps.cqe_size;
  const half = entryBytes - cqeHalfBytes;
  let polled = 0;
  let cons = mcq.cons_index;
  while (polled < budget) {
    const slot = cons & (size - 1);
    const at = slot * entryBytes + half;
    const owner = buf.readU8(at + ownerAt);
    const pass = (cons & size) === 0 ? 0 : MLX4_CQE_OWNER_MASK;
    if ((owner & MLX4_CQE_OWNER_MASK) !== pass) break;
    const badFcs = (buf.readBe32(at + statusWordAt) & MLX4_CQE_BAD_FCS) !== 0;
    if ((owner & MLX4_CQE_OPCODE_MASK) === MLX4_CQE_OPCODE_ERROR) {
      reportError(priv, cq, at);
      ring.dropped++;
    } else if (badFcs) {
      en_dbg('DRV', priv, 'Accepted frame with bad FCS');
      ring.dropped++;
    } else {
      yield* napi_gro_receive(cq.napi!, buildSkb(priv, cq, ring, at, slot));
    }
    cons++;
    polled++;
  }
  if (polled > 0) {
    mcq.cons_index = cons;
    mlx4_cq_set_ci(mcq);
    ring.cons = cons;
  }
  mlx4_en_refill_rx_buffers(ring);
  return polled;
}

/** Offset of the used half from the end of an entry: a 64-byte entry has it in its second half. */
const cqeHalfBytes = cqe.sizeBytes;

/** The completion handler, in hard interrupt context. */
export function* mlx4_en_rx_irq(cq: mlx4_en_cq): Atomic<void> {
  if (yield* cq.priv.port_up.read()) yield* napi_schedule_irqoff(cq.napi!);
  else yield* mlx4_en_arm_cq(cq);
}

/** The NAPI poll function. */
export function* mlx4_en_poll_rx_cq(cq: mlx4_en_cq, budget: number): Atomic<number> {
  const done = yield* mlx4_en_process_rx_cq(cq.priv, cq, budget);
  if (done >= budget) return budget;
  if (yield* napi_complete_done(cq.napi!, done)) yield* mlx4_en_arm_cq(cq);
  return done;
}
