// Catastrophic errors (catas.c; facts/driver 6.8, facts/device 12): a timer looks at the card's
// error buffer every 5 s; an error resets the card, tells the parts, and restarts everything from
// the queue `mlx4_health`. Recovery looks at interface_state without port_mutex or intf_mutex:
// while a port type is being changed it sees the card down and does nothing (facts 7.6, E1). Kept
// as in both kernels. Left out: crash dump (the card offers none), virtual functions.

import { devl_lock, devl_unlock } from '#kernel/devlink.ts';
import { EINVAL } from '#kernel/errno.ts';
import { mutex_lock, mutex_unlock } from '#kernel/locking/mutex.ts';
import { pci_read_config_word } from '#kernel/pci/config.ts';
import { ioread32be, ioremap, iounmap } from '#kernel/pci/io.ts';
import { pci_channel_offline, pci_resource_start } from '#kernel/pci/pci.ts';
import {
  add_timer,
  del_timer_sync,
  mod_timer,
  round_jiffies,
  timer_setup,
} from '#kernel/time/timer.ts';
import { warn_on_once } from '#kernel/warn.ts';
import {
  create_singlethread_workqueue,
  destroy_workqueue,
  flush_workqueue,
  INIT_WORK,
  queue_work,
} from '#kernel/workqueue.ts';
import { Oops } from '#sim/shared.ts';
import type { Atomic, MaySleep } from '#sim/task.ts';
import { mlx4_cmd_wake_completions } from './cmd.ts';
import { mlx4_dispatch_event } from './intf.ts';
import { mlx4_restart_one } from './main/restart.ts';
import {
  cardName,
  DRV_NAME,
  MLX4_DEV_EVENT_CATASTROPHIC_ERROR,
  MLX4_DEVICE_STATE_INTERNAL_ERROR,
  mlx4_err,
  mlx4_info,
  MLX4_INTERFACE_STATE_DELETION,
  MLX4_INTERFACE_STATE_UP,
  mlx4_priv,
  mlx4_warn,
} from './mlx4.ts';
import type { mlx4_dev, mlx4_dev_persistent, mlx4_priv as Priv } from './mlx4.ts';
import { mlx4_reset } from './reset.ts';

/** Time between two looks at the error buffer, seconds. */
const MLX4_CATAS_POLL_INTERVAL_S = 5;

/** Module parameter internal_err_reset. */
const mayReset = (dev: mlx4_dev): boolean => dev.priv.module.params.int('internal_err_reset') !== 0;

/** 0, or -EINVAL when the card does not answer on the bus. */
function* read_vendor_id(dev: mlx4_dev): Atomic<number> {
  if ((yield* pci_read_config_word(dev.persist.pdev, 0)) !== 0xffff) return 0;
  mlx4_err(dev, "PCI can't be accessed to read vendor id");
  return -EINVAL;
}

function* mlx4_reset_master(dev: mlx4_dev): MaySleep<number> {
  if (pci_channel_offline(dev.persist.pdev)) return 0;
  // A card that cannot be read counts as reset already.
  if ((yield* read_vendor_id(dev)) !== 0) return 0;
  const err = yield* mlx4_reset(dev);
  if (err !== 0) mlx4_err(dev, 'Fail to reset HCA');
  return err;
}

/** Under device_state_mutex: resets the card and marks it. A reset that fails is a bug. */
function* resetCard(persist: mlx4_dev_persistent): MaySleep<void> {
  const { dev } = persist;
  mlx4_err(dev, 'device is going to be reset');
  const err = yield* mlx4_reset_master(dev);
  if (err === 0) mlx4_err(dev, 'device was reset successfully');
  else if (!pci_channel_offline(persist.pdev)) {
    throw new Oops(
      'kernel BUG at drivers/net/ethernet/mellanox/mlx4/catas.c:mlx4_enter_error_state',
    );
  }
  persist.state |= MLX4_DEVICE_STATE_INTERNAL_ERROR;
}

/** Resets the card, once per load, tells the parts, and ends every waiting command. */
export function* mlx4_enter_error_state(persist: mlx4_dev_persistent): MaySleep<void> {
  const { dev } = persist;
  if (!mayReset(dev)) return;
  yield* mutex_lock(persist.device_state_mutex);
  const isMarked = (persist.state & MLX4_DEVICE_STATE_INTERNAL_ERROR) !== 0;
  if (!isMarked) yield* resetCard(persist);
  yield* mutex_unlock(persist.device_state_mutex);
  if (isMarked) return;
  yield* mlx4_dispatch_event(dev, MLX4_DEV_EVENT_CATASTROPHIC_ERROR, null);
  yield* mlx4_cmd_wake_completions(dev);
}

function* mlx4_handle_error_state(persist: mlx4_dev_persistent): MaySleep<void> {
  yield* mlx4_enter_error_state(persist);
  const { devlink } = mlx4_priv(persist.dev);
  yield* devl_lock(devlink);
  yield* mutex_lock(persist.interface_state_mutex);
  const state = yield* persist.interface_state.read();
  const isUp = (state & MLX4_INTERFACE_STATE_UP) !== 0;
  if (isUp && (state & MLX4_INTERFACE_STATE_DELETION) === 0) {
    const ret = yield* mlx4_restart_one(persist.pdev);
    mlx4_info(persist.dev, `mlx4_restart_one was ended, ret=${ret}`);
  }
  yield* mutex_unlock(persist.interface_state_mutex);
  yield* devl_unlock(devlink);
}

function* catas_reset(persist: mlx4_dev_persistent): MaySleep<void> {
  yield* mlx4_handle_error_state(persist);
}

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');

function* dump_err_buf(priv: Priv): Atomic<void> {
  const { dev, catas_err, fw } = priv;
  mlx4_err(dev, 'Internal error detected:');
  for (let i = 0; i < fw.catas_size; i++) {
    const word = yield* ioread32be(catas_err.map!, 4 * i);
    mlx4_err(dev, `  buf[${hex(i, 2)}]: ${hex(word, 8)}`);
  }
}

/** True when the card, or the driver itself, says that something is wrong. */
function* sawError(priv: Priv): Atomic<boolean> {
  const { dev, catas_err } = priv;
  if (catas_err.map !== null && (yield* ioread32be(catas_err.map, 0)) !== 0) {
    yield* dump_err_buf(priv);
    return true;
  }
  if ((dev.persist.state & MLX4_DEVICE_STATE_INTERNAL_ERROR) === 0) return false;
  mlx4_warn(dev, 'Internal error mark was detected on device');
  return true;
}

const nextLook = (priv: Priv): number =>
  round_jiffies(priv.k, priv.k.jiffies + MLX4_CATAS_POLL_INTERVAL_S * priv.k.HZ);

/**
 * The timer: arms itself again only while all is well. It is a member of the card's private part,
 * which an unload zeroes, armed or not: an unload against a port type change (facts/driver 7.6, E2)
 * finds it armed.
 */
function* poll_catas(dev: mlx4_dev): Atomic<void> {
  const priv = mlx4_priv(dev);
  const { timer } = priv.catas_err;
  if (timer === null) return warn_on_once(dev.k, 'kernel/time/timer.c:1739', '__run_timers');
  if (!(yield* sawError(priv))) {
    yield* mod_timer(timer, nextLook(priv));
    return;
  }
  if (mayReset(dev)) yield* queue_work(dev.persist.catas_wq, dev.persist.catas_work);
}

export function* mlx4_start_catas_poll(dev: mlx4_dev): Atomic<void> {
  const priv = mlx4_priv(dev);
  const { k, fw, catas_err } = priv;
  const { pdev } = dev.persist;
  const timer = timer_setup(k, `poll_catas(${cardName(dev)})`, () => poll_catas(dev));
  catas_err.timer = timer;
  catas_err.map = ioremap(pdev, fw.catas_bar, fw.catas_offset, fw.catas_size * 4);
  if (catas_err.map === null) {
    const address = pci_resource_start(pdev, fw.catas_bar) + fw.catas_offset;
    mlx4_warn(dev, `Failed to map internal error buffer at 0x${address.toString(16)}`);
    return;
  }
  timer.expires = nextLook(priv);
  yield* add_timer(timer);
}

/** Stops the timer; while the card is being removed also waits for a recovery that runs. */
export function* mlx4_stop_catas_poll(dev: mlx4_dev): MaySleep<void> {
  const { catas_err } = mlx4_priv(dev);
  const { interface_state, catas_wq } = dev.persist;
  if (catas_err.timer !== null) yield* del_timer_sync(catas_err.timer);
  if (catas_err.map !== null) iounmap(catas_err.map);
  catas_err.map = null;
  if (((yield* interface_state.read()) & MLX4_INTERFACE_STATE_DELETION) !== 0) {
    yield* flush_workqueue(catas_wq);
  }
}

/** At probe: the queue and the work of recovery. */
export function mlx4_catas_init(dev: mlx4_dev): number {
  const { k, persist } = dev;
  const card = cardName(dev);
  persist.catas_work = INIT_WORK(k, `catas_reset(${card})`, () => catas_reset(persist), {
    module: DRV_NAME,
  });
  persist.catas_wq = create_singlethread_workqueue(k, 'mlx4_health', `mlx4_health@${card}`);
  return 0;
}

export function* mlx4_catas_end(dev: mlx4_dev): MaySleep<void> {
  yield* destroy_workqueue(dev.persist.catas_wq);
}
