// Rings and completion queues of a netdev (en_netdev.c: mlx4_en_alloc_resources,
// mlx4_en_free_resources): transmit first, each with its queue in front, then receive. The order
// decides which translation entries and queue pair numbers a ring gets.

import { ENOMEM } from '#kernel/errno.ts';
import type { MaySleep } from '#sim/task.ts';
import { mlx4_en_create_cq, mlx4_en_destroy_cq } from '../en_cq.ts';
import { mlx4_en_create_rx_ring, mlx4_en_destroy_rx_ring } from '../en_rx.ts';
import { mlx4_en_create_tx_ring, mlx4_en_destroy_tx_ring } from '../en_tx.ts';
import { en_err, RX, TX } from '../mlx4_en.ts';
import type { mlx4_en_priv } from '../mlx4_en.ts';

function* allocateRings(priv: mlx4_en_priv): MaySleep<boolean> {
  const { prof } = priv;
  for (let i = 0; i < prof.tx_ring_num; i++) {
    const cq = yield* mlx4_en_create_cq(priv, prof.tx_ring_size, i, TX);
    if (typeof cq === 'number') return false;
    priv.tx_cq.push(cq);
    const ring = yield* mlx4_en_create_tx_ring(priv, i, prof.tx_ring_size);
    if (typeof ring === 'number') return false;
    priv.tx_ring.push(ring);
  }
  for (let i = 0; i < prof.rx_ring_num; i++) {
    const cq = yield* mlx4_en_create_cq(priv, prof.rx_ring_size, i, RX);
    if (typeof cq === 'number') return false;
    priv.rx_cq.push(cq);
    const ring = yield* mlx4_en_create_rx_ring(priv, prof.rx_ring_size);
    if (typeof ring === 'number') return false;
    priv.rx_ring.push(ring);
  }
  return true;
}

/** 0 or -ENOMEM with everything given back. */
export function* mlx4_en_alloc_resources(priv: mlx4_en_priv): MaySleep<number> {
  if (yield* allocateRings(priv)) return 0;
  en_err(priv, 'Failed to allocate NIC resources');
  yield* mlx4_en_free_resources(priv);
  return -ENOMEM;
}

export function* mlx4_en_free_resources(priv: mlx4_en_priv): MaySleep<void> {
  for (const ring of priv.tx_ring) yield* mlx4_en_destroy_tx_ring(priv, ring);
  for (const cq of priv.tx_cq) yield* mlx4_en_destroy_cq(priv, cq);
  for (const ring of priv.rx_ring) yield* mlx4_en_destroy_rx_ring(priv, ring);
  for (const cq of priv.rx_cq) yield* mlx4_en_destroy_cq(priv, cq);
  priv.tx_ring = [];
  priv.tx_cq = [];
  priv.rx_ring = [];
  priv.rx_cq = [];
}
