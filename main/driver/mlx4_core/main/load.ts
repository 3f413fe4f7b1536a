// Loading and unloading a card (main.c: mlx4_load_one, mlx4_unload_one; facts/device 11.4, 11.9;
// facts/driver
// 8.1): ownership, reset, firmware, machinery, interrupts, tables, ports, parts. A failed step
// takes back what was done before. The devlink lock is held. What an unload leaves behind is
// zeroed. Left out: virtual functions, the profile of crash dump kernels.

import { devl_assert_locked } from '#kernel/devlink.ts';
import { EINVAL } from '#kernel/errno.ts';
import { pcie_print_link_status } from '#kernel/pci/link-speed.ts';
import { pci_disable_msix } from '#kernel/pci/msi.ts';
import { pci_get_drvdata } from '#kernel/pci/pci.ts';
import type { PciDevice } from '#kernel/pci/pci-device.ts';
import { mutex_init } from '#kernel/locking/mutex.ts';
import { spin_lock_init } from '#kernel/locking/spinlock.ts';
import { INIT_WORK } from '#kernel/workqueue.ts';
import type { MaySleep } from '#sim/task.ts';
import { mlx4_cmd_cleanup, mlx4_cmd_init } from '../cmd/mode.ts';
import { mlx4_alloc_eq_table, mlx4_free_eq_table } from '../eq.ts';
import { mlx4_opreq_action } from '../fw/opreq.ts';
import { mlx4_register_device, mlx4_unregister_device } from '../intf.ts';
import { mlx4_adev_cleanup, mlx4_adev_init } from '../intf/adev.ts';
import { mlx4_clear_steering, mlx4_init_steering } from '../mcg.ts';
import {
  cardName,
  DRV_NAME,
  MLX4_DEVICE_STATE_UP,
  mlx4_err,
  MLX4_FLAG_MSI_X,
  mlx4_priv,
  mlx4_warn,
} from '../mlx4.ts';
import type { mlx4_dev, mlx4_dev_persistent, mlx4_priv as Priv } from '../mlx4.ts';
import { mlx4_CLOSE_PORT } from '../port.ts';
import { mlx4_reset } from '../reset.ts';
import { mlx4_sense_init, mlx4_start_sense, mlx4_stop_sense } from '../sense.ts';
import { tellPortMap } from './beliefs.ts';
import { mlx4_close_hca, mlx4_init_hca } from './hca.ts';
import { mlx4_close_fw, mlx4_init_fw } from './init-fw.ts';
import { mlx4_enable_msi_x } from './msi-x.ts';
import { mlx4_free_ownership, mlx4_get_ownership } from './ownership.ts';
import { mlx4_cleanup_port_info, mlx4_init_port_info } from './port-info.ts';
import { mlx4_request_modules } from './port-types.ts';
import { initLocks, mlx4_clean_dev } from './priv.ts';
import { cleanUpHca, mlx4_setup_hca, noInterrupt } from './setup-hca.ts';

/** Steps to take back, newest last. */
type Undo = (() => MaySleep<void>)[];

const usesMsiX = (dev: mlx4_dev): boolean => (dev.flags.peek & MLX4_FLAG_MSI_X) !== 0;

/** Locks, lists and works of a load. */
function initialise(priv: Priv): void {
  const { k, dev } = priv;
  const card = cardName(dev);
  initLocks(priv);
  priv.pgdir_list = [];
  priv.pgdir_mutex = mutex_init(k, `pgdir_mutex(${card})`);
  priv.cmd.context_lock = spin_lock_init(k, `cmd.context_lock(${card})`);
  dev.rev_id = dev.persist.pdev.revision;
  priv.opreq_count = 0;
  priv.opreq_task = INIT_WORK(k, `mlx4_opreq_action(${card})`, () => mlx4_opreq_action(dev), {
    module: DRV_NAME,
  });
}

/** Ownership and reset: a boot ROM may have left the card in any state. */
function* claimCard(dev: mlx4_dev, undo: Undo): MaySleep<number> {
  let err = yield* mlx4_get_ownership(dev);
  if (err < 0) return err;
  if (err > 0) {
    mlx4_warn(dev, 'Multiple PFs not yet supported - Skipping PF');
    return -EINVAL;
  }
  undo.push(() => mlx4_free_ownership(dev));
  err = yield* mlx4_reset(dev);
  if (err !== 0) mlx4_err(dev, 'Failed to reset HCA, aborting');
  return err;
}

/** Command interface, firmware, machinery. */
function* startCard(dev: mlx4_dev, undo: Undo): MaySleep<number> {
  // Nothing that happened before the reset counts any more.
  dev.persist.state = MLX4_DEVICE_STATE_UP;
  let err = mlx4_cmd_init(dev);
  if (err !== 0) {
    mlx4_err(dev, 'Failed to init command interface, aborting');
    return err;
  }
  undo.push(function* () {
    mlx4_cmd_cleanup(dev);
  });
  err = yield* mlx4_init_fw(dev);
  if (err !== 0) {
    mlx4_err(dev, 'Failed to init fw, aborting.');
    return err;
  }
  undo.push(() => mlx4_close_fw(dev));
  err = yield* mlx4_init_hca(dev);
  if (err !== 0) return err;
  undo.push(() => mlx4_close_hca(dev));
  yield* pcie_print_link_status(dev.persist.pdev);
  return 0;
}

function* disableMsiX(dev: mlx4_dev): MaySleep<void> {
  if (usesMsiX(dev)) yield* pci_disable_msix(dev.persist.pdev);
}

/** Interrupts and tables. When no MSI-X interrupt arrives, once more with INTx. */
function* setUpTables(priv: Priv, undo: Undo): MaySleep<number> {
  const { dev, k } = priv;
  mlx4_alloc_eq_table(dev);
  undo.push(function* () {
    mlx4_free_eq_table(dev);
  });
  priv.msix_ctl.pool_bm.clear();
  priv.msix_ctl.pool_lock = mutex_init(k, `msix_ctl.pool_lock(${cardName(dev)})`);
  yield* mlx4_enable_msi_x(dev);
  undo.push(() => disableMsiX(dev));
  mlx4_init_steering(dev);
  undo.push(function* () {
    mlx4_clear_steering(dev);
  });
  let err = yield* mlx4_setup_hca(dev);
  if (err === noInterrupt && usesMsiX(dev)) {
    yield* dev.flags.modify((flags) => flags & ~MLX4_FLAG_MSI_X);
    dev.caps.num_comp_vectors = 1;
    yield* pci_disable_msix(dev.persist.pdev);
    err = yield* mlx4_setup_hca(dev);
  }
  if (err === 0) undo.push(() => cleanUpHca(dev));
  return err;
}

/** Files of the ports, then everybody who wants the card. */
function* publish(priv: Priv, undo: Undo): MaySleep<number> {
  const { dev, module } = priv;
  for (let port = 1; port <= dev.caps.num_ports; port++) {
    const err = yield* mlx4_init_port_info(dev, port);
    if (err !== 0) return err;
    undo.push(() => mlx4_cleanup_port_info(priv.port[port]!));
  }
  yield* priv.v2p.write({ port1: 1, port2: 2 });
  tellPortMap(dev, { port1: 1, port2: 2 });
  const err = yield* mlx4_register_device(dev);
  if (err !== 0) return err;
  if (module.variant.interfaces === 'list') mlx4_request_modules(dev);
  mlx4_sense_init(dev);
  yield* mlx4_start_sense(dev);
  return 0;
}

/** Every step of a load. */
function* loadSteps(priv: Priv, undo: Undo): MaySleep<number> {
  const { dev } = priv;
  let err = yield* claimCard(dev, undo);
  if (err === 0) err = yield* startCard(dev, undo);
  if (err === 0) err = yield* setUpTables(priv, undo);
  if (err === 0) err = yield* publish(priv, undo);
  return err;
}

/** Brings a card up, at probe or (`resetFlow`) after an unload. 0 or a negative error. */
export function* mlx4_load_one(priv: Priv, _resetFlow: boolean): MaySleep<number> {
  devl_assert_locked(priv.devlink);
  const undo: Undo = [];
  if (priv.module.variant.interfaces === 'auxiliary') {
    mlx4_adev_init(priv.dev);
    undo.push(function* () {
      mlx4_adev_cleanup(priv.dev);
    });
  }
  initialise(priv);
  const err = yield* loadSteps(priv, undo);
  if (err !== 0) {
    for (const step of undo.toReversed()) yield* step();
    return err;
  }
  priv.removed = false;
  return 0;
}

/** For a load that follows: types that the ports have, and those that they may have. */
function saveTypes({ caps, persist }: mlx4_dev): void {
  for (let port = 1; port <= caps.num_ports; port++) {
    persist.curr_port_type[port] = caps.port_type[port]!;
    persist.curr_port_poss_type[port] = caps.possible_type[port]!;
  }
}

/** Takes a card down. Nothing of it can fail: on a broken card every command counts as done. */
export function* mlx4_unload_one(pdev: PciDevice): MaySleep<void> {
  const { dev } = pci_get_drvdata(pdev) as mlx4_dev_persistent;
  const priv = mlx4_priv(dev);
  devl_assert_locked(priv.devlink);
  if (priv.removed) return;
  saveTypes(dev);
  yield* mlx4_stop_sense(dev);
  yield* mlx4_unregister_device(dev);
  for (let port = 1; port <= dev.caps.num_ports; port++) {
    yield* mlx4_cleanup_port_info(priv.port[port]!);
    yield* mlx4_CLOSE_PORT(dev, port);
  }
  yield* cleanUpHca(dev);
  mlx4_clear_steering(dev);
  mlx4_free_eq_table(dev);
  yield* mlx4_close_hca(dev);
  yield* mlx4_close_fw(dev);
  mlx4_cmd_cleanup(dev);
  yield* disableMsiX(dev);
  yield* mlx4_free_ownership(dev);
  if (priv.module.variant.interfaces === 'auxiliary') mlx4_adev_cleanup(dev);
  mlx4_clean_dev(dev);
}
