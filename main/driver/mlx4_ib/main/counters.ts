// Counters of mlx4_ib (main.c, mad.c; facts/device 5.20, 5.30): an interface counter for each RoCE
// port, or one for both while the card is bonded, and the diagnostic counters that hw_counters
// shows.

import { EINVAL } from '#kernel/errno.ts';
import type { RdmaStat } from '#kernel/infiniband/ib-ops.ts';
import { IB_LINK_LAYER_ETHERNET } from '#kernel/infiniband/ib-verbs.ts';
import { mutex_init, mutex_lock, mutex_unlock } from '#kernel/locking/mutex.ts';
import { MLX4_QUERY_DIAG_COUNTERS } from '#prm/mad.ts';
import type { MaySleep } from '#sim/task.ts';
import { mlx4_get_default_counter_index, mlx4_query_diag_counters } from '../../mlx4_core/fw.ts';
import { mlx4_is_bonded } from '../../mlx4_core/main/bond.ts';
import { mlx4_counter_alloc, mlx4_counter_free } from '../../mlx4_core/main/counters.ts';
import { mlx4_has_cap2 } from '../../mlx4_core/mlx4.ts';
import { ib_info, partName } from '../mlx4_ib.ts';
import type { diag_counter, mlx4_ib_counters, mlx4_ib_dev } from '../mlx4_ib.ts';
import { mlx4_ib_port_link_layer } from './query.ts';

const counter = (name: string, offset: number): diag_counter => ({ name, offset });

const diag_basic: readonly diag_counter[] = [
  counter('rq_num_lle', 0x00),
  counter('sq_num_lle', 0x04),
  counter('rq_num_lqpoe', 0x08),
  counter('sq_num_lqpoe', 0x0c),
  counter('rq_num_lpe', 0x18),
  counter('sq_num_lpe', 0x1c),
  counter('rq_num_wrfe', 0x20),
  counter('sq_num_wrfe', 0x24),
  counter('sq_num_mwbe', 0x2c),
  counter('sq_num_bre', 0x34),
  counter('sq_num_rire', 0x44),
  counter('rq_num_rire', 0x48),
  counter('sq_num_rae', 0x4c),
  counter('rq_num_rae', 0x50),
  counter('sq_num_roe', 0x54),
  counter('sq_num_tree', 0x5c),
  counter('sq_num_rree', 0x64),
  counter('rq_num_rnr', 0x68),
  counter('sq_num_rnr', 0x6c),
  counter('rq_num_oos', 0x100),
  counter('sq_num_oos', 0x104),
];
const diag_ext: readonly diag_counter[] = [
  counter('rq_num_dup', 0x130),
  counter('sq_num_to', 0x134),
];
const diag_device_only: readonly diag_counter[] = [
  counter('num_cqovf', 0x1a0),
  counter('rq_num_udsdprd', 0x118),
];

/**
 * Which diagnostic counters there are: of the device, and of a port where the card counts by port.
 */
export function mlx4_ib_alloc_diag_counters(ibdev: mlx4_ib_dev): void {
  const perPort = mlx4_has_cap2(ibdev.dev, 'DIAG_PER_PORT');
  const both = perPort ? [...diag_basic, ...diag_ext] : diag_basic;
  ibdev.diag_counters = [[...both, ...diag_device_only], perPort ? both : null];
}

const diagOf = (ibdev: mlx4_ib_dev, port: number): readonly diag_counter[] | null =>
  ibdev.diag_counters[port === 0 ? 0 : 1] ?? null;

/** hw_counters of the device (port 0) or of a port; null when there are none. */
export const mlx4_ib_alloc_hw_stats = (ibdev: mlx4_ib_dev, port: number): RdmaStat[] | null =>
  diagOf(ibdev, port)?.map(({ name }) => ({ name, value: 0 })) ?? null;

/** Reads them from the card. Their number, or a negative error. */
export function* mlx4_ib_get_hw_stats(
  ibdev: mlx4_ib_dev,
  port: number,
  stats: RdmaStat[],
): MaySleep<number> {
  const offsets = (diagOf(ibdev, port) ?? []).map(({ offset }) => offset);
  if (offsets.length !== stats.length) return -EINVAL;
  const op = MLX4_QUERY_DIAG_COUNTERS;
  const values = yield* mlx4_query_diag_counters(ibdev.dev, op, offsets, port);
  if (typeof values === 'number') return values;
  for (const [index, value] of values.entries()) stats[index]!.value = value;
  return values.length;
}

/** A table without counters. */
export const emptyCounters = (ibdev: mlx4_ib_dev, port: number): mlx4_ib_counters => ({
  mutex: mutex_init(ibdev.k, `counters(${partName(ibdev)}/${port})`),
  counters_list: [],
  default_counter: -1,
});

/**
 * One counter for a port: a new one on Ethernet when there is one left, else the port's default.
 */
function* addCounter(ibdev: mlx4_ib_dev, port: number, functionName: string): MaySleep<number> {
  const { dev } = ibdev;
  let index = -1;
  if (mlx4_ib_port_link_layer(ibdev, port) === IB_LINK_LAYER_ETHERNET) {
    index = yield* mlx4_counter_alloc(dev);
  }
  const allocated = index >= 0;
  if (!allocated) index = mlx4_get_default_counter_index(dev, port);
  const table = ibdev.counters_table[port]!;
  table.counters_list.push({ index, allocated });
  table.default_counter = index;
  const text = `counter index ${index} for port ${port} allocated ${allocated ? 1 : 0}`;
  ib_info(ibdev.module, functionName, text);
  return index;
}

/** Counters of every port; a bonded card has one, which the second port shares. */
export function* addCounters(ibdev: mlx4_ib_dev, functionName: string): MaySleep<void> {
  const { dev, num_ports, counters_table } = ibdev;
  const requested = (yield* mlx4_is_bonded(dev)) ? 1 : num_ports;
  let index = -1;
  for (let port = 1; port <= requested; port++) {
    index = yield* addCounter(ibdev, port, functionName);
  }
  if (!(yield* mlx4_is_bonded(dev))) return;
  for (let port = 2; port <= num_ports; port++) {
    counters_table[port]!.counters_list.push({ index, allocated: false });
    counters_table[port]!.default_counter = index;
  }
}

/** Gives a port's counters back. */
function* mlx4_ib_delete_counters_table(
  ibdev: mlx4_ib_dev,
  table: mlx4_ib_counters,
): MaySleep<void> {
  yield* mutex_lock(table.mutex);
  for (const { index, allocated } of table.counters_list.splice(0)) {
    if (allocated) yield* mlx4_counter_free(ibdev.dev, index);
  }
  yield* mutex_unlock(table.mutex);
}

/** Gives the counters of every port back. */
export function* deleteCounters(ibdev: mlx4_ib_dev): MaySleep<void> {
  for (let port = 1; port <= ibdev.num_ports; port++) {
    yield* mlx4_ib_delete_counters_table(ibdev, ibdev.counters_table[port]!);
  }
}
