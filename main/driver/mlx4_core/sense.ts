// Auto-sensing of port types (sense.c; facts/driver 6.5): a work on the queue `mlx4` that asks the
// firmware about AUTO ports every 3 s and changes their types. It runs under port_mutex. In
// variants with the bond work in mlx4_core both share the queue, so a bond work waits for the end
// of a sense work.

import { EINVAL } from '#kernel/errno.ts';
import { mutex_lock, mutex_unlock } from '#kernel/locking/mutex.ts';
import { round_jiffies_relative } from '#kernel/time/timer.ts';
import {
  cancel_delayed_work_sync,
  INIT_DELAYED_WORK,
  queue_delayed_work,
} from '#kernel/workqueue.ts';
import type { Atomic, MaySleep } from '#sim/task.ts';
import { mlx4_cmd_imm } from './cmd.ts';
import { mlx4_change_port_types, mlx4_check_port_params } from './main/port-types.ts';
import type { PortTypes } from './main/port-types.ts';
import {
  cardName,
  DRV_NAME,
  mlx4_err,
  mlx4_has_cap,
  MLX4_PORT_TYPE_AUTO,
  mlx4_priv,
} from './mlx4.ts';
import type { mlx4_dev } from './mlx4.ts';

/** Time between two looks, seconds. */
const MLX4_SENSE_RANGE_S = 3;
/** Largest answer that has a meaning: nothing, InfiniBand, Ethernet. */
const answerMax = 2;

/** Asks the firmware what is at the other end: 0 nothing, a port type, or a negative error. */
export function* mlx4_SENSE_PORT(dev: mlx4_dev, port: number): MaySleep<number> {
  const answer = yield* mlx4_cmd_imm(dev, 0, port, 0, 'MLX4_CMD_SENSE_PORT');
  if (typeof answer === 'number') {
    mlx4_err(dev, `Sense command failed for port: ${port}`);
    return answer;
  }
  if (answer > answerMax) {
    mlx4_err(dev, `Sense returned illegal value: 0x${answer.toString(16)}`);
    return -EINVAL;
  }
  return Number(answer);
}

/** The sensed type of each port that may be sensed; `defaults` for the others and for no answer. */
export function* mlx4_do_sense_ports(dev: mlx4_dev, defaults: PortTypes): MaySleep<PortTypes> {
  const { sense } = mlx4_priv(dev);
  const types = [...defaults];
  for (let port = 1; port <= dev.caps.num_ports; port++) {
    const isAuto = dev.caps.possible_type[port] === MLX4_PORT_TYPE_AUTO;
    if (!sense.do_sense_port[port]! || !sense.sense_allowed[port]! || !isAuto) continue;
    const sensed = yield* mlx4_SENSE_PORT(dev, port);
    if (sensed > 0) types[port] = sensed;
  }
  return types;
}

function* queueSense(dev: mlx4_dev): Atomic<void> {
  const { sense, module } = mlx4_priv(dev);
  const delay = round_jiffies_relative(dev.k, MLX4_SENSE_RANGE_S * dev.k.HZ);
  if (sense.sense_poll !== null) yield* queue_delayed_work(module.mlx4_wq, sense.sense_poll, delay);
}

function* mlx4_sense_port(dev: mlx4_dev): MaySleep<void> {
  const { port_mutex } = mlx4_priv(dev);
  yield* mutex_lock(port_mutex);
  const types = yield* mlx4_do_sense_ports(dev, dev.caps.port_type);
  if (mlx4_check_port_params(dev, types) === 0) {
    const err = yield* mlx4_change_port_types(dev, types);
    if (err !== 0) mlx4_err(dev, 'Failed to change port_types');
  }
  yield* mutex_unlock(port_mutex);
  yield* queueSense(dev);
}

/** Starts the polling; only on a card whose ports may differ. */
export function* mlx4_start_sense(dev: mlx4_dev): Atomic<void> {
  if (mlx4_has_cap(dev, 'DPDP')) yield* queueSense(dev);
}

/** Stops the polling and waits for a sense work that runs. */
export function* mlx4_stop_sense(dev: mlx4_dev): MaySleep<void> {
  const { sense_poll } = mlx4_priv(dev).sense;
  if (sense_poll !== null) yield* cancel_delayed_work_sync(sense_poll);
}

/** The end of mlx4_load_one(): every port may be sensed. */
export function mlx4_sense_init(dev: mlx4_dev): void {
  const { sense } = mlx4_priv(dev);
  for (let port = 1; port <= dev.caps.num_ports; port++) sense.do_sense_port[port] = true;
  sense.sense_poll = INIT_DELAYED_WORK(
    dev.k,
    `mlx4_sense_port(${cardName(dev)})`,
    () => mlx4_sense_port(dev),
    { module: DRV_NAME },
  );
}
