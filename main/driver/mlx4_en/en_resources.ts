// Queue pair contexts of mlx4_en (en_resources.c: mlx4_en_fill_qp_context; facts/device 6.5.1).
// Every queue pair is raw Ethernet on its own port. The state and the buffer's translation entries
// are filled in by mlx4_core on the way to "ready to send" (qp.c: mlx4_qp_to_ready).
// Left out: user priorities (num_up 8), loopback source checks, VXLAN, rate limits.

import { NETIF_F_HW_VLAN_CTAG_RX } from '#kernel/net/flags.ts';
import {
  MLX4_LINK_TYPE_ETH,
  MLX4_QP_BIT_FPP,
  MLX4_QP_ST,
  MLX4_SCHED_QUEUE_BASE,
  qpContext,
} from '#prm/qp-context.ts';
import { TXBB_SIZE } from '#prm/wqe.ts';
import { mlx4_has_cap2 } from '../mlx4_core/mlx4.ts';
import type { mlx4_en_priv } from './mlx4_en.ts';

/** What differs between the queue pairs of a port. */
export interface QpContextOptions {
  readonly kind: 'tx' | 'rx' | 'rss';
  readonly qpn: number;
  readonly cqn: number;
  /** Entries of the ring and their bytes, powers of two; not for RSS. */
  readonly size: number;
  readonly stride: number;
  /** DMA address of a receive ring's doorbell record. */
  readonly dbRecord?: number;
}

/** Path counter index that counts nothing. */
const sinkCounterFallback = 0xff;

/** log2 of entries in bits 6:3, log2 of the stride less 4 in bits 2:0. */
const sizeStride = (size: number, stride: number): number =>
  (Math.log2(size) << 3) | (Math.log2(stride) - 4);

/** The context as mlx4_qp_to_ready() takes it. */
export function mlx4_en_fill_qp_context(
  priv: mlx4_en_priv,
  options: QpContextOptions,
): Uint8Array<ArrayBuffer> {
  const { mdev, port } = priv;
  const { kind, qpn, cqn, size, stride } = options;
  const portRemap = mlx4_has_cap2(mdev.dev, 'PORT_REMAP');
  return qpContext.make({
    service_type: MLX4_QP_ST.MLX,
    rss: kind === 'rss',
    pd: mdev.priv_pdn,
    mtu_msgmax: 0xff,
    rq_size_stride: kind === 'rx' ? sizeStride(size, stride) : 0,
    // A receive queue has a send queue of one block in front; an RSS queue pair says the same.
    sq_size_stride: kind === 'tx' ? sizeStride(size, stride) : Math.log2(TXBB_SIZE) - 4,
    usr_page: mdev.priv_uar.index,
    local_qpn: qpn,
    path_ackto: MLX4_LINK_TYPE_ETH,
    path_sched_queue: MLX4_SCHED_QUEUE_BASE | ((port - 1) << 6),
    path_counter_index: priv.counter_index & sinkCounterFallback,
    cqn_send: cqn,
    cqn_recv: cqn,
    // Without a record Linux writes an address shifted by two, by mistake; nobody reads it.
    db_rec_addr: options.dbRecord ?? (priv.res?.db.dma ?? 0) * 4,
    params2: kind === 'tx' && portRemap ? MLX4_QP_BIT_FPP : 0,
    vlan_strip_disable: (priv.dev.features & NETIF_F_HW_VLAN_CTAG_RX) === 0,
    fcs_keep: false,
  });
}
