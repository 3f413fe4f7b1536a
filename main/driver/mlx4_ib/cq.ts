// Completion queues of mlx4_ib (cq.c): memory, the card's object, arming. The core asks for one
// per MAD port.
// Left out: polling. Nothing is sent, so no entry ever comes.

import { EINVAL } from '#kernel/errno.ts';
import type { IbCq } from '#kernel/infiniband/ib-ops.ts';
import { MLX4_CQ_DB_REQ_NOT } from '#prm/registers.ts';
import type { Atomic, MaySleep } from '#sim/task.ts';
import { mlx4_alloc_hwq_res, mlx4_free_hwq_res } from '../mlx4_core/alloc.ts';
import { mlx4_cq_alloc, mlx4_cq_arm, mlx4_cq_free } from '../mlx4_core/cq.ts';
import { maxDirectBytes } from './mlx4_ib.ts';
import type { mlx4_ib_cq, mlx4_ib_dev } from './mlx4_ib.ts';

/** The driver's object of a queue. */
export const to_mcq = (cq: IbCq): mlx4_ib_cq => cq.drv as mlx4_ib_cq;

/** One entry more than asked for, rounded up to a power of two. */
const entriesFor = (wanted: number): number => 2 ** Math.ceil(Math.log2(wanted + 1));

/** 0 or a negative error. `completed` is called in a hard interrupt. */
export function* mlx4_ib_create_cq(
  ibdev: mlx4_ib_dev,
  cq: IbCq,
  completed: () => Atomic<void>,
): MaySleep<number> {
  const { dev, eq_table } = ibdev;
  if (cq.cqe < 1 || cq.cqe > dev.caps.max_cqes) return -EINVAL;
  const entries = entriesFor(cq.cqe);
  const wqres = yield* mlx4_alloc_hwq_res(dev, entries * dev.caps.cqe_size, {
    max_direct: maxDirectBytes,
  });
  if (typeof wqres === 'number') return wqres;
  const vectors = eq_table ?? [];
  const vector = vectors[cq.comp_vector % Math.max(1, vectors.length)] ?? cq.comp_vector;
  const mcq = yield* mlx4_cq_alloc(dev, {
    entries,
    wqres,
    uar: ibdev.priv_uar,
    vector,
    comp: completed,
  });
  if (typeof mcq === 'number') {
    yield* mlx4_free_hwq_res(dev, wqres);
    return mcq;
  }
  const mine: mlx4_ib_cq = { mcq, wqres, completed, reset_notify_added: false };
  cq.drv = mine;
  return 0;
}

export function* mlx4_ib_destroy_cq(ibdev: mlx4_ib_dev, cq: IbCq): MaySleep<void> {
  const { mcq, wqres } = to_mcq(cq);
  yield* mlx4_cq_free(ibdev.dev, mcq);
  yield* mlx4_free_hwq_res(ibdev.dev, wqres);
}

/** Asks for an interrupt at the next completion. */
export function* mlx4_ib_arm_cq(ibdev: mlx4_ib_dev, cq: IbCq): Atomic<number> {
  yield* mlx4_cq_arm(to_mcq(cq).mcq, MLX4_CQ_DB_REQ_NOT, ibdev.uar_map);
  return 0;
}
