// Protection domains and the region for all memory (main.c: mlx4_ib_alloc_pd; mr.c:
// mlx4_ib_get_dma_mr). Making the region is a firmware command, SW2HW_MPT, and so is taking it
// back.

import type { IbPd } from '#kernel/infiniband/ib-ops.ts';
import type { MaySleep } from '#sim/task.ts';
import type { mlx4_mr } from '../mlx4_core/mlx4.ts';
import { mlx4_mr_alloc_physical, mlx4_mr_enable, mlx4_mr_free } from '../mlx4_core/mr.ts';
import { mlx4_pd_alloc, mlx4_pd_free } from '../mlx4_core/pd.ts';
import type { mlx4_ib_dev } from './mlx4_ib.ts';

/** The number of a domain in the card. */
export const pdnOf = (pd: IbPd): number => pd.drv as number;

export function* mlx4_ib_alloc_pd(ibdev: mlx4_ib_dev, pd: IbPd): MaySleep<number> {
  const pdn = yield* mlx4_pd_alloc(ibdev.dev);
  if (pdn < 0) return pdn;
  pd.drv = pdn;
  return 0;
}

export function* mlx4_ib_dealloc_pd(ibdev: mlx4_ib_dev, pd: IbPd): MaySleep<void> {
  yield* mlx4_pd_free(ibdev.dev, pdnOf(pd));
}

/** A region over all memory, for local writes. Its key, or a negative error. */
export function* mlx4_ib_get_dma_mr(ibdev: mlx4_ib_dev, pd: IbPd): MaySleep<number> {
  const mr = yield* mlx4_mr_alloc_physical(ibdev.dev, pdnOf(pd));
  if (typeof mr === 'number') return mr;
  const err = yield* mlx4_mr_enable(ibdev.dev, mr);
  if (err !== 0) {
    yield* mlx4_mr_free(ibdev.dev, mr);
    return err;
  }
  pd.internal_mr = mr;
  return mr.key;
}

export function* mlx4_ib_dereg_mr(ibdev: mlx4_ib_dev, pd: IbPd): MaySleep<void> {
  yield* mlx4_mr_free(ibdev.dev, pd.internal_mr as mlx4_mr);
}
