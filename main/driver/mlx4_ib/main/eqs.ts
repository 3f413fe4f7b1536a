// Event queues of mlx4_ib (main.c: mlx4_ib_alloc_eqs, mlx4_ib_free_eqs): it asks for every
// completion vector of every port, which it shares with mlx4_en. Their number is what clients may
// choose from.

import type { MaySleep } from '#sim/task.ts';
import {
  mlx4_assign_eq,
  mlx4_get_eqs_per_port,
  mlx4_is_eq_shared,
  mlx4_release_eq,
} from '../../mlx4_core/eq.ts';
import type { mlx4_ib_dev } from '../mlx4_ib.ts';

/** Takes the vectors; one that cannot be had is left out. */
export function* mlx4_ib_alloc_eqs(ibdev: mlx4_ib_dev): MaySleep<void> {
  const { dev, ib_dev } = ibdev;
  const table: number[] = [];
  let vector = 0;
  for (let port = 1; port <= dev.caps.num_ports; port++) {
    const count = mlx4_get_eqs_per_port(dev, port);
    for (let i = 0; i < count; i++, vector++) {
      if (port > 1 && mlx4_is_eq_shared(dev, vector)) continue;
      const assigned = yield* mlx4_assign_eq(dev, port, vector);
      if (assigned >= 0) table.push(assigned);
    }
  }
  ibdev.eq_table = table;
  ib_dev.num_comp_vectors = table.length;
}

export function* mlx4_ib_free_eqs(ibdev: mlx4_ib_dev): MaySleep<void> {
  const { dev, ib_dev } = ibdev;
  ib_dev.num_comp_vectors = 0;
  for (const vector of ibdev.eq_table ?? []) yield* mlx4_release_eq(dev, vector);
  ibdev.eq_table = null;
}
