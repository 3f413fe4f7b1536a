// Parameters and ring counts (en_main.c: mlx4_en_verify_params, mlx4_en_get_profile,
// mlx4_en_set_num_rx_rings; facts/driver 8.9, 8.10). One profile per port.
// Left out: the low memory profile of a kdump kernel, the second set of user priorities (num_up 8).

import { pr_warn } from '#kernel/printk.ts';
import { mlx4_get_eqs_per_port } from '../mlx4_core/eq.ts';
import { mlx4_has_cap } from '../mlx4_core/mlx4.ts';
import {
  ethPorts,
  MAX_RX_RINGS,
  MAX_TX_RINGS,
  MLX4_EN_DEF_RX_RING_SIZE,
  MLX4_EN_DEF_TX_RING_SIZE,
  mlx4_warn,
} from './mlx4_en.ts';
import type { mlx4_en_dev, mlx4_en_module } from './mlx4_en.ts';
import { MIN_PKT_LEN } from '#prm/wqe.ts';
import { MAX_INLINE } from './en_tx_desc.ts';

/** Most that pfctx and pfcrx may hold: a bit per priority. */
const MAX_PFC = 0xff;

/** Reads the module parameters and puts illegal ones right, with a warning. */
export function mlx4_en_verify_params(state: mlx4_en_module): void {
  const { k, params } = state;
  for (const name of ['pfctx', 'pfcrx'] as const) {
    const value = params.int(name);
    const legal = value <= MAX_PFC;
    state[name] = legal ? value : 0;
    if (legal) continue;
    const range = `should be in range 0-0x${MAX_PFC.toString(16)}`;
    const text = `illegal module parameter ${name} 0x${value.toString(16)} - ${range}`;
    pr_warn(k, `mlx4_en: WARNING: ${text}, will be changed to default (0)`);
  }
  const inline = params.int('inline_thold');
  const legal = inline >= MIN_PKT_LEN && inline <= MAX_INLINE;
  state.inline_thold = legal ? inline : MAX_INLINE;
  if (legal) return;
  const range = `should be in range ${MIN_PKT_LEN}-${MAX_INLINE}`;
  const text = `illegal module parameter inline_thold ${inline} - ${range}`;
  pr_warn(k, `mlx4_en: WARNING: ${text}, will be changed to default (${MAX_INLINE})`);
}

/** RSS of UDP packets: asked for by the parameter, and offered by the card. */
export const udpRss = (mdev: mlx4_en_dev): boolean =>
  mdev.module.params.int('udp_rss') !== 0 && mlx4_has_cap(mdev.dev, 'UDP_RSS');

export function mlx4_en_get_profile(mdev: mlx4_en_dev): void {
  const { pfctx, pfcrx, inline_thold, params } = mdev.module;
  if (params.int('udp_rss') !== 0 && !udpRss(mdev)) {
    mlx4_warn(mdev, 'UDP RSS is not supported on this device');
  }
  const pause = pfctx === 0 && pfcrx === 0 ? 1 : 0;
  for (let port = 1; port <= mdev.dev.caps.num_ports; port++) {
    mdev.prof[port] = {
      rx_ring_num: 1,
      tx_ring_num: Math.min(mdev.k.options.cpus, MAX_TX_RINGS),
      rx_ring_size: MLX4_EN_DEF_RX_RING_SIZE,
      tx_ring_size: MLX4_EN_DEF_TX_RING_SIZE,
      rx_pause: pause,
      tx_pause: pause,
      rx_ppp: pfcrx,
      tx_ppp: pfctx,
      num_up: 1,
      inline_thold,
    };
  }
}

/** A power of two, not above EQs per port, 16 and CPUs. */
export function mlx4_en_set_num_rx_rings(mdev: mlx4_en_dev): void {
  for (const port of ethPorts(mdev)) {
    const eqs = Math.max(1, Math.min(mlx4_get_eqs_per_port(mdev.dev, port), MAX_RX_RINGS));
    const most = Math.min(eqs, mdev.k.options.cpus);
    mdev.prof[port]!.rx_ring_num = 2 ** Math.floor(Math.log2(most));
  }
}
