// Counters of the card (main.c: mlx4_init_counters_table, mlx4_allocate_default_counters,
// mlx4_counter_alloc; cmd.c: mlx4_get_counter_stats; facts/device 5.20): one for each port by
// default, if the card has any. The last one is the sink that nobody reads; who gets no other
// counts there.

import { ENOENT, ENOSPC } from '#kernel/errno.ts';
import { MLX4_IF_STAT_RESET, ifStat } from '#prm/port.ts';
import type { MaySleep } from '#sim/task.ts';
import {
  MLX4_USE_RR,
  mlx4_bitmap_alloc,
  mlx4_bitmap_free,
  mlx4_bitmap_init,
  NO_OBJECT,
  roundup_pow_of_two,
} from '../alloc/bitmap.ts';
import { queryMailbox } from '../cmd/query.ts';
import {
  cardName,
  mlx4_dbg,
  mlx4_err,
  mlx4_has_cap,
  mlx4_priv,
  MLX4_SINK_COUNTER_INDEX,
} from '../mlx4.ts';
import type { mlx4_dev } from '../mlx4.ts';
import { notNull } from '../tables.ts';

/** 0; -ENOENT without counters, -ENOSPC when the card says that it has none. */
export function mlx4_init_counters_table(dev: mlx4_dev): number {
  const priv = mlx4_priv(dev);
  const { max_counters } = dev.caps;
  if (!mlx4_has_cap(dev, 'COUNTERS')) return -ENOENT;
  if (max_counters === 0) return -ENOSPC;
  const num = roundup_pow_of_two(max_counters);
  priv.counters_bitmap = mlx4_bitmap_init(priv.k, `counters_bitmap(${cardName(dev)})`, {
    num,
    mask: num - 1,
    reserved_bot: 0,
    reserved_top: num - max_counters + 1,
  });
  return 0;
}

export function mlx4_cleanup_counters_table(dev: mlx4_dev): void {
  mlx4_priv(dev).counters_bitmap = null;
}

/** A counter, or the sink when all are taken; -ENOENT without counters. */
export function* mlx4_counter_alloc(dev: mlx4_dev): MaySleep<number> {
  if (!mlx4_has_cap(dev, 'COUNTERS')) return -ENOENT;
  const index = yield* mlx4_bitmap_alloc(notNull(mlx4_priv(dev).counters_bitmap));
  return index === NO_OBJECT ? MLX4_SINK_COUNTER_INDEX(dev) : index;
}

/** Counters have 8 bits in QUERY_IF_STAT. */
const counterBits = 0xff;

/**
 * What a counter has (cmd.c); `reset` sets it to 0 there. Null for the sink, which is not asked,
 * and for a card without counters. A negative error.
 */
export function* mlx4_get_counter_stats(
  dev: mlx4_dev,
  index: number,
  reset: boolean,
): MaySleep<Uint8Array | null | number> {
  if (index === -1 || index === MLX4_SINK_COUNTER_INDEX(dev)) return null;
  return yield* queryMailbox(dev, 'MLX4_CMD_QUERY_IF_STAT', ifStat.sizeBytes, {
    in_modifier: (index | (reset ? MLX4_IF_STAT_RESET : 0)) >>> 0,
  });
}

/** Sets a counter to 0 and gives it back. The sink stays. */
export function* mlx4_counter_free(dev: mlx4_dev, index: number): MaySleep<void> {
  if (!mlx4_has_cap(dev, 'COUNTERS') || index === MLX4_SINK_COUNTER_INDEX(dev)) return;
  yield* queryMailbox(dev, 'MLX4_CMD_QUERY_IF_STAT', ifStat.sizeBytes, {
    in_modifier: ((index & counterBits) | MLX4_IF_STAT_RESET) >>> 0,
  });
  yield* mlx4_bitmap_free(notNull(mlx4_priv(dev).counters_bitmap), index, MLX4_USE_RR);
}

export function* mlx4_cleanup_default_counters(dev: mlx4_dev): MaySleep<void> {
  const { def_counter } = mlx4_priv(dev);
  for (let port = 1; port <= dev.caps.num_ports; port++) {
    if (def_counter[port] !== -1) yield* mlx4_counter_free(dev, def_counter[port]!);
  }
}

/** A counter for each port. 0 or a negative error. */
export function* mlx4_allocate_default_counters(dev: mlx4_dev): MaySleep<number> {
  const { def_counter } = mlx4_priv(dev);
  def_counter.fill(-1);
  for (let port = 1; port <= dev.caps.num_ports; port++) {
    const index = yield* mlx4_counter_alloc(dev);
    if (index === -ENOENT) continue;
    if (index < 0) {
      const what = 'mlx4_allocate_default_counters: failed to allocate default counter';
      mlx4_err(dev, `${what} port ${port} err ${index}`);
      yield* mlx4_cleanup_default_counters(dev);
      return index;
    }
    def_counter[port] = index;
    const name = 'mlx4_allocate_default_counters';
    mlx4_dbg(dev, `${name}: default counter index ${index} for port ${port}`);
  }
  return 0;
}
