// The card's machinery on and off (main.c: mlx4_init_hca, mlx4_close_hca; facts/device 11.4 steps 7
// to 20): capabilities, steering, profile, context memory, INIT_HCA, clock, adapter, checksum
// modes. Left out: the mapping of BlueFlame pages, system EQs.

import { EOPNOTSUPP } from '#kernel/errno.ts';
import { ioremap, iounmap } from '#kernel/pci/io.ts';
import { MLX4_BMME_FLAG } from '#prm/dev-cap.ts';
import { internalClockBytes } from '#prm/registers.ts';
import type { MaySleep } from '#sim/task.ts';
import { ilog2 } from '../alloc/bitmap.ts';
import { mlx4_CLOSE_HCA, mlx4_config_dev_retrieval, mlx4_get_phys_port_id } from '../fw.ts';
import type { mlx4_dev_cap as DevCap } from '../fw/dev-cap.ts';
import { mlx4_INIT_HCA, mlx4_QUERY_ADAPTER, mlx4_QUERY_HCA } from '../fw/init-hca.ts';
import { mlx4_err, mlx4_has_cap, mlx4_has_cap2, mlx4_priv } from '../mlx4.ts';
import type { mlx4_dev } from '../mlx4.ts';
import { mlx4_make_profile } from '../profile.ts';
import { mlx4_dev_cap } from './dev-cap.ts';
import { mlx4_free_icms, mlx4_init_icm } from './icm-tables.ts';
import { mlx4_set_port_mask } from './port-types.ts';
import { choose_steering_mode } from './steering-mode.ts';

/** UAR pages of 4 KiB, as INIT_HCA codes them. */
const uarPageCode = 0;

/** Context memory and INIT_HCA. 0 or a negative error, with the memory given back. */
function* startMachinery(dev: mlx4_dev, cap: DevCap): MaySleep<number> {
  const { caps } = dev;
  const layout = mlx4_make_profile(dev, cap);
  if (typeof layout === 'number') return layout;
  let err = yield* mlx4_init_icm(dev, cap, layout);
  if (err !== 0) return err;
  const typeTwo = (caps.bmme_flags & (1 << MLX4_BMME_FLAG.TYPE_2_WIN)) !== 0;
  err = yield* mlx4_INIT_HCA(dev, {
    layout,
    log_uar_sz: ilog2(caps.num_uars),
    uar_page_sz: uarPageCode,
    mw_enabled: mlx4_has_cap(dev, 'MEM_WINDOW') || typeTwo,
  });
  if (err === 0) return 0;
  mlx4_err(dev, 'INIT_HCA command failed, aborting');
  yield* mlx4_free_icms(dev);
  return err;
}

function withoutTimestamps(dev: mlx4_dev): void {
  dev.caps.flags2 = new Set([...dev.caps.flags2].filter((flag) => flag !== 'TS'));
}

/** The card's clock, for time stamps. Every failure only switches them off. */
function* setUpClock(dev: mlx4_dev): MaySleep<void> {
  if (!mlx4_has_cap2(dev, 'TS')) return;
  const priv = mlx4_priv(dev);
  const { clock_bar, clock_offset } = priv.fw;
  const state = yield* mlx4_QUERY_HCA(dev);
  if (typeof state === 'number') {
    mlx4_err(dev, 'QUERY_HCA command failed, disable timestamp');
    withoutTimestamps(dev);
  } else dev.caps.hca_core_clock = state.hca_core_clock;
  if (dev.caps.hca_core_clock === 0) {
    withoutTimestamps(dev);
    mlx4_err(dev, 'HCA frequency is 0 - timestamping is not supported');
    return;
  }
  priv.clock_mapping = ioremap(dev.persist.pdev, clock_bar, clock_offset, internalClockBytes);
  if (priv.clock_mapping !== null) return;
  withoutTimestamps(dev);
  mlx4_err(dev, 'Failed to map internal clock. Timestamping is not supported');
}

function unmap_internal_clock(dev: mlx4_dev): void {
  const priv = mlx4_priv(dev);
  if (priv.clock_mapping !== null) iounmap(priv.clock_mapping);
  priv.clock_mapping = null;
}

/** Adapter and checksum modes; the machinery runs. */
function* queryAdapter(dev: mlx4_dev): MaySleep<number> {
  const priv = mlx4_priv(dev);
  const adapter = yield* mlx4_QUERY_ADAPTER(dev);
  if (typeof adapter === 'number') {
    mlx4_err(dev, 'QUERY_ADAPTER command failed, aborting');
    return adapter;
  }
  const err = yield* mlx4_config_dev_retrieval(dev);
  if (err !== 0 && err !== -EOPNOTSUPP) mlx4_err(dev, 'Failed to query CONFIG_DEV parameters');
  priv.eq_table.inta_pin = adapter.inta_pin;
  priv.board_id = adapter.board_id;
  return 0;
}

/** Starts the card's machinery. 0 or a negative error. */
export function* mlx4_init_hca(dev: mlx4_dev): MaySleep<number> {
  const cap = yield* mlx4_dev_cap(dev);
  if (typeof cap === 'number') {
    mlx4_err(dev, 'QUERY_DEV_CAP command failed, aborting');
    return cap;
  }
  choose_steering_mode(dev);
  if ((yield* mlx4_get_phys_port_id(dev)) !== 0) mlx4_err(dev, 'Fail to get physical port id');
  let err = yield* startMachinery(dev, cap);
  if (err !== 0) return err;
  yield* setUpClock(dev);
  mlx4_set_port_mask(dev);
  err = yield* queryAdapter(dev);
  if (err !== 0) yield* mlx4_close_hca(dev);
  return err;
}

/** Stops the machinery and takes the context memory back. */
export function* mlx4_close_hca(dev: mlx4_dev): MaySleep<void> {
  unmap_internal_clock(dev);
  yield* mlx4_CLOSE_HCA(dev, 0);
  yield* mlx4_free_icms(dev);
}
