// Numbers of queue pairs (qp.c: mlx4_init_qp_table, mlx4_create_zones; facts/device 6.5.5). From
// the bottom: firmware's own; 256 that raw Ethernet and RSS prefer; eight special ones at the next
// power of two; the general zone. At the top, ranges for A0 steering. A number of which BlueFlame
// is to be used has bits 6 and 7 clear: the raw Ethernet zone is the part of the preferred ones
// where that is so. The table is made at load, before anybody has a queue pair.

import { EINVAL, ENOMEM } from '#kernel/errno.ts';
import { spin_lock_init } from '#kernel/locking/spinlock.ts';
import type { MaySleep } from '#sim/task.ts';
import {
  mlx4_bitmap_alloc_range,
  mlx4_bitmap_init,
  NO_OBJECT,
  roundup_pow_of_two,
} from '../alloc/bitmap.ts';
import type { BitmapSizes, mlx4_bitmap } from '../alloc/bitmap.ts';
import {
  MLX4_ZONE_ALLOW_ALLOC_FROM_EQ_PRIO,
  MLX4_ZONE_ALLOW_ALLOC_FROM_LOWER_PRIO,
  mlx4_zone_add_one,
  mlx4_zone_allocator_create,
  MLX4_ZONE_FALLBACK_TO_HIGHER_PRIO,
} from '../alloc/zone.ts';
import { mlx4_cmd } from '../cmd.ts';
import { MLX4_NUM_QP_REGION, MLX4_QP_REGION_BOTTOM, MLX4_QP_REGION_FW } from '../limits.ts';
import { cardName, mlx4_err, mlx4_priv } from '../mlx4.ts';
import type { mlx4_dev } from '../mlx4.ts';

/** Zones (enum); qp_table.zones_uids is by them. */
export const MLX4_QP_TABLE_ZONE_GENERAL = 0;
export const MLX4_QP_TABLE_ZONE_RSS = 1;
export const MLX4_QP_TABLE_ZONE_RAW_ETH = 2;

/** A queue pair of which BlueFlame is used has these bits clear. */
export const MLX4_BF_QP_SKIP_MASK = 0xc0;
const rawEthSize = MLX4_BF_QP_SKIP_MASK & -MLX4_BF_QP_SKIP_MASK;
const MLX4_QP_TABLE_RAW_ETH_PRIORITY = 1;
const MLX4_QP_TABLE_RSS_ETH_PRIORITY = 2;
/** Bits of a queue pair number; the 24th marks XRC. */
const qpnMask = 2 ** 23 - 1;
const specialQps = 8;

/** How the numbers are divided. */
interface QpnRegions {
  /** Below it are firmware's numbers and the preferred ones. */
  readonly preferredEnd: number;
  /** Numbers in the preferred ones' bitmap. */
  readonly rssSize: number;
}

/** Where the ranges for A0 steering begin, the largest at the very top. Their sum. */
function placeTopRegions(dev: mlx4_dev): number {
  const { caps } = dev;
  const first = MLX4_QP_REGION_BOTTOM + 1;
  const regions = Array.from({ length: MLX4_NUM_QP_REGION - first }, (_, i) => first + i).sort(
    (a, b) => caps.reserved_qps_cnt[b]! - caps.reserved_qps_cnt[a]!,
  );
  let base = caps.num_qps;
  for (const region of regions) {
    base -= caps.reserved_qps_cnt[region]!;
    caps.reserved_qps_base[region] = base;
  }
  return caps.num_qps - base;
}

function divide(dev: mlx4_dev): QpnRegions {
  const { caps } = dev;
  let bottom = 0;
  for (let region = 0; region <= MLX4_QP_REGION_BOTTOM; region++) {
    bottom += caps.reserved_qps_cnt[region]!;
  }
  const tableEnd = caps.dmfs_high_rate_qpn_base + caps.dmfs_high_rate_qpn_range;
  const preferredEnd = Math.max(bottom, tableEnd);
  const rssSize = roundup_pow_of_two(preferredEnd + 1);
  caps.base_sqpn = Math.ceil(rssSize / specialQps) * specialQps;
  return { preferredEnd, rssSize };
}

/** Numbers below this one are not given out by the general zone. */
export const mlx4_num_reserved_sqps = (dev: mlx4_dev): number => dev.caps.base_sqpn + specialQps;

function makeBitmap(dev: mlx4_dev, zone: string, sizes: BitmapSizes): mlx4_bitmap | null {
  return mlx4_bitmap_init(dev.k, `qp_table.zone_${zone}(${cardName(dev)})`, sizes);
}

const fromLower = MLX4_ZONE_ALLOW_ALLOC_FROM_LOWER_PRIO | MLX4_ZONE_ALLOW_ALLOC_FROM_EQ_PRIO;

/** The three zones. 0 or a negative error. */
function* mlx4_create_zones(dev: mlx4_dev, regions: QpnRegions): MaySleep<number> {
  const { k, qp_table } = mlx4_priv(dev);
  const { caps } = dev;
  const reserved = mlx4_num_reserved_sqps(dev);
  const { rssSize, preferredEnd } = regions;
  const general = makeBitmap(dev, 'general', {
    num: caps.num_qps,
    mask: qpnMask,
    reserved_bot: reserved,
    reserved_top: reserved,
  });
  const rss = makeBitmap(dev, 'rss', {
    num: rssSize,
    mask: rssSize - 1,
    reserved_bot: caps.reserved_qps_cnt[MLX4_QP_REGION_FW]!,
    reserved_top: rssSize - preferredEnd,
  });
  if (general === null || rss === null) return -EINVAL;
  const zones = mlx4_zone_allocator_create(k, `qp_table.zones(${cardName(dev)})`);
  const generalFlags = MLX4_ZONE_FALLBACK_TO_HIGHER_PRIO;
  const generalZone = { bitmap: general, flags: generalFlags, priority: 0, offset: 0 };
  qp_table.zones_uids = [yield* mlx4_zone_add_one(zones, generalZone)];
  const priority = MLX4_QP_TABLE_RSS_ETH_PRIORITY;
  const rssZone = { bitmap: rss, flags: fromLower, priority, offset: 0 };
  qp_table.zones_uids.push(yield* mlx4_zone_add_one(zones, rssZone));
  const offset = yield* mlx4_bitmap_alloc_range(rss, rawEthSize, 1, MLX4_BF_QP_SKIP_MASK);
  if (offset === NO_OBJECT) return -ENOMEM;
  const rawEth = makeBitmap(dev, 'raw_eth', {
    num: rawEthSize,
    mask: rawEthSize - 1,
    reserved_bot: 0,
    reserved_top: 0,
  })!;
  const rawPriority = MLX4_QP_TABLE_RAW_ETH_PRIORITY;
  const rawZone = { bitmap: rawEth, flags: fromLower, priority: rawPriority, offset };
  qp_table.zones_uids.push(yield* mlx4_zone_add_one(zones, rawZone));
  qp_table.zones = zones;
  return 0;
}

const mlx4_CONF_SPECIAL_QP = (dev: mlx4_dev, base_qpn: number): MaySleep<number> =>
  mlx4_cmd(dev, 0, base_qpn, 0, 'MLX4_CMD_CONF_SPECIAL_QP');

/** Divides the numbers and tells the card where the special ones are. 0 or a negative error. */
export function* mlx4_init_qp_table(dev: mlx4_dev): MaySleep<number> {
  const { k, qp_table } = mlx4_priv(dev);
  qp_table.lock = spin_lock_init(k, `qp_table.lock(${cardName(dev)})`);
  qp_table.tree.clear();
  const regions = divide(dev);
  const reservedTop = placeTopRegions(dev);
  if (mlx4_num_reserved_sqps(dev) + reservedTop > dev.caps.num_qps) {
    mlx4_err(dev, 'Number of reserved QPs is higher than number of QPs');
    return -EINVAL;
  }
  let err = yield* mlx4_create_zones(dev, regions);
  if (err !== 0) return err;
  err = yield* mlx4_CONF_SPECIAL_QP(dev, dev.caps.base_sqpn);
  if (err !== 0) qp_table.zones = null;
  return err;
}

export function* mlx4_cleanup_qp_table(dev: mlx4_dev): MaySleep<void> {
  yield* mlx4_CONF_SPECIAL_QP(dev, 0);
  mlx4_priv(dev).qp_table.zones = null;
}
