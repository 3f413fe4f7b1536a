// The counters of `ethtool -S` (en_ethtool.c; facts/driver 8.11), in the driver's order. Those of
// the card are as old as the last statistics work (250 ms): with a stuck `mlx4_en` queue they stand
// still.

import { spin_lock_bh, spin_unlock_bh } from '#kernel/locking/spinlock.ts';
import { netdev_priv } from '#kernel/net/netdevice.ts';
import type { NetDevice } from '#kernel/net/netdevice.ts';
import type { Atomic } from '#sim/task.ts';
import { mlx4_en_fold_software_stats } from '../en_port.ts';
import type { mlx4_en_priv, mlx4_en_rx_ring, mlx4_en_tx_ring } from '../mlx4_en.ts';
import { mainStats, rxRingStats, txRingStats } from '../mlx4_stats.ts';

const sum = <R>(rings: readonly R[], of: (ring: R) => number): number =>
  rings.reduce((total, ring) => total + of(ring), 0);

/** Values of the groups that the driver keeps itself; the others come from the card. */
function portValues(priv: mlx4_en_priv): Map<string, number> {
  const { tx_ring, rx_ring } = priv;
  const tx = (of: (ring: mlx4_en_tx_ring) => number): number => sum(tx_ring, of);
  const rx = (of: (ring: mlx4_en_rx_ring) => number): number => sum(rx_ring, of);
  return new Map([
    ['tso_packets', tx((ring) => ring.tso_packets)],
    ['xmit_more', tx((ring) => ring.xmit_more)],
    ['queue_stopped', tx((ring) => ring.queue_stopped)],
    ['wake_queue', tx((ring) => ring.wake_queue)],
    ['tx_timeout', priv.tx_timeouts],
    ['rx_alloc_pages', rx((ring) => ring.rx_alloc_pages)],
    ['rx_csum_good', rx((ring) => ring.csum_ok)],
    ['rx_csum_none', rx((ring) => ring.csum_none)],
    ['rx_csum_complete', rx((ring) => ring.csum_complete)],
    ['tx_chksum_offload', tx((ring) => ring.tx_csum)],
  ]);
}

/** Names of `ethtool -S`, in order. */
export function statisticsNames(dev: NetDevice): string[] {
  const priv = netdev_priv<mlx4_en_priv>(dev);
  return [
    ...priv.stats_bitmap,
    ...priv.tx_ring.flatMap((_, i) => txRingStats(i)),
    ...priv.rx_ring.flatMap((_, i) => rxRingStats(i)),
  ];
}

/** Values of `ethtool -S`, in the order of the names. */
export function* mlx4_en_get_ethtool_stats(dev: NetDevice): Atomic<number[]> {
  const priv = netdev_priv<mlx4_en_priv>(dev);
  yield* spin_lock_bh(priv.stats_lock);
  mlx4_en_fold_software_stats(dev);
  const port = portValues(priv);
  const main = new Map<string, number>(mainStats.map((name) => [name, dev.stats[name]]));
  const value = (name: string): number =>
    main.get(name) ?? port.get(name) ?? priv.hw_stats.get(name) ?? 0;
  const values = priv.stats_bitmap.map(value);
  for (const ring of priv.tx_ring) values.push(ring.packets, ring.bytes);
  const noXdp = [0, 0, 0, 0, 0];
  for (const ring of priv.rx_ring) values.push(ring.packets, ring.bytes, ring.dropped, ...noXdp);
  yield* spin_unlock_bh(priv.stats_lock);
  return values;
}
