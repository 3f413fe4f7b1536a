// Starting the firmware (main.c: mlx4_init_fw, mlx4_load_fw, mlx4_close_fw; facts/device 11.4 steps
// 3 to 6): QUERY_FW, memory for it, RUN_FW, the smallest page size.

import { EACCES } from '#kernel/errno.ts';
import type { MaySleep } from '#sim/task.ts';
import { mlx4_MAP_FA, mlx4_MOD_STAT_CFG, mlx4_RUN_FW, mlx4_UNMAP_FA } from '../fw.ts';
import { mlx4_QUERY_FW } from '../fw/query-fw.ts';
import { mlx4_alloc_icm, mlx4_free_icm } from '../icm.ts';
import { mlx4_err, mlx4_info, mlx4_priv, mlx4_warn } from '../mlx4.ts';
import type { mlx4_dev } from '../mlx4.ts';

function* mlx4_load_fw(dev: mlx4_dev): MaySleep<number> {
  const { fw } = mlx4_priv(dev);
  fw.fw_icm = mlx4_alloc_icm(dev, fw.fw_pages);
  let err = yield* mlx4_MAP_FA(dev, fw.fw_icm);
  if (err !== 0) mlx4_err(dev, 'MAP_FA command failed, aborting');
  else {
    err = yield* mlx4_RUN_FW(dev);
    if (err === 0) return 0;
    mlx4_err(dev, 'RUN_FW command failed, aborting');
    yield* mlx4_UNMAP_FA(dev);
  }
  mlx4_free_icm(dev, fw.fw_icm);
  return err;
}

/** Starts the firmware. 0 or a negative error. */
export function* mlx4_init_fw(dev: mlx4_dev): MaySleep<number> {
  let err = yield* mlx4_QUERY_FW(dev);
  if (err !== 0) {
    if (err === -EACCES) mlx4_info(dev, 'non-primary physical function, skipping');
    else mlx4_err(dev, 'QUERY_FW command failed, aborting');
    return err;
  }
  err = yield* mlx4_load_fw(dev);
  if (err !== 0) {
    mlx4_err(dev, 'Failed to start FW, aborting');
    return err;
  }
  err = yield* mlx4_MOD_STAT_CFG(dev);
  if (err !== 0) mlx4_warn(dev, 'Failed to override log_pg_sz parameter');
  return err;
}

/** Takes the firmware's memory back. */
export function* mlx4_close_fw(dev: mlx4_dev): MaySleep<void> {
  yield* mlx4_UNMAP_FA(dev);
  mlx4_free_icm(dev, mlx4_priv(dev).fw.fw_icm);
}
