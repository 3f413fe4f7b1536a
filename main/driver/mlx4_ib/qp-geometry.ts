// Sizes of a MAD queue pair's buffer (qp.c: set_rq_size, set_kernel_sq_size, send_wqe_overhead;
// facts/device 6.5.2). The send queue keeps 2 KB and one entry free, which the card may have read
// ahead.

import { EINVAL } from '#kernel/errno.ts';
import type { IbQpCap } from '#kernel/infiniband/ib-ops.ts';
import type { mlx4_caps } from '../mlx4_core/mlx4.ts';
import type { mlx4_ib_qp_geometry } from './mlx4_ib.ts';

const MLX4_IB_MAX_HEADROOM = 2048;
const MLX4_IB_SQ_MIN_WQE_SHIFT = 6;
const MLX4_IB_UD_HEADER_SIZE = 82;
const MLX4_INLINE_ALIGN = 64;
const ctrlSegmentBytes = 16;
const dataSegmentBytes = 16;
const inlineSegmentBytes = 4;
const icrcBytes = 4;

const align = (value: number, to: number): number => Math.ceil(value / to) * to;
const powerOfTwo = (value: number): number => 2 ** Math.ceil(Math.log2(value));
const MLX4_IB_SQ_HEADROOM = (shift: number): number => (MLX4_IB_MAX_HEADROOM >> shift) + 1;
const MLX4_IB_SQ_MAX_SPARE = MLX4_IB_SQ_HEADROOM(MLX4_IB_SQ_MIN_WQE_SHIFT);

/**
 * send_wqe_overhead() of QP0 and QP1: control segment, the packet's headers inline, its checksum.
 */
const madOverheadBytes =
  ctrlSegmentBytes +
  align(
    MLX4_IB_UD_HEADER_SIZE +
      Math.ceil(MLX4_IB_UD_HEADER_SIZE / MLX4_INLINE_ALIGN) * inlineSegmentBytes,
    dataSegmentBytes,
  ) +
  align(icrcBytes + inlineSegmentBytes, dataSegmentBytes);

/**
 * The geometry for a special queue pair of so many requests, or -EINVAL when the card has not so
 * many.
 */
export function madGeometry(caps: mlx4_caps, cap: IbQpCap): mlx4_ib_qp_geometry | number {
  const most = caps.max_wqes - MLX4_IB_SQ_MAX_SPARE;
  const sgMost = Math.min(caps.max_sq_sg, caps.max_rq_sg);
  if (cap.max_recv_wr > most || cap.max_recv_sge > sgMost) return -EINVAL;
  // Two entries more: the header in front and the checksum behind.
  if (cap.max_send_wr > most || cap.max_send_sge + 2 > sgMost) return -EINVAL;
  const wqeBytes = cap.max_send_sge * dataSegmentBytes + madOverheadBytes;
  if (wqeBytes > caps.max_sq_desc_sz) return -EINVAL;
  const sqShift = Math.log2(powerOfTwo(wqeBytes));
  const sqEntries = powerOfTwo(cap.max_send_wr + MLX4_IB_SQ_HEADROOM(sqShift));
  const rqEntries = powerOfTwo(Math.max(1, cap.max_recv_wr));
  const rqShift = Math.log2(powerOfTwo(Math.max(1, cap.max_recv_sge)) * dataSegmentBytes);
  const rqFirst = rqShift > sqShift;
  const [sqBytes, rqBytes] = [sqEntries << sqShift, rqEntries << rqShift];
  return {
    sqEntries,
    sqShift,
    sqOffset: rqFirst ? rqBytes : 0,
    rqEntries,
    rqShift,
    rqOffset: rqFirst ? 0 : sqBytes,
    bufBytes: sqBytes + rqBytes,
  };
}
