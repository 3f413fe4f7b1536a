// Probe, remove and shutdown of a card (main.c: mlx4_init_one, mlx4_remove_one, mlx4_shutdown;
// facts/driver 6.8, 8.1; facts/device 1.1, 1.3). A card whose interface is down when it is removed
// is not unloaded: files and tables stay (facts 7.6, E3). Neither remove nor unload flushes the
// queue `mlx4` (E9). Left out: virtual functions, SR-IOV, crash dump, AER.

import {
  devl_lock,
  devl_unlock,
  devlink_alloc,
  devlink_free,
  devlink_params_register,
  devlink_params_unregister,
  devlink_register,
  devlink_unregister,
} from '#kernel/devlink.ts';
import type { Devlink } from '#kernel/devlink.ts';
import { ENODEV } from '#kernel/errno.ts';
import { mutex_lock, mutex_unlock } from '#kernel/locking/mutex.ts';
import type { PciDeviceId, PciDriver } from '#kernel/pci/driver.ts';
import {
  pci_disable_device,
  pci_enable_device,
  pci_get_drvdata,
  pci_name,
  pci_release_regions,
  pci_request_regions,
  pci_resource_len,
  pci_save_state,
  pci_set_drvdata,
  pci_set_master,
} from '#kernel/pci/pci.ts';
import type { PciDevice } from '#kernel/pci/pci-device.ts';
import { dev_err, pr_info } from '#kernel/printk.ts';
import type { MaySleep } from '#sim/task.ts';
import { mlx4_catas_end, mlx4_catas_init } from '../catas.ts';
import {
  DRV_NAME,
  DRV_VERSION,
  mlx4_info,
  MLX4_INTERFACE_STATE_DELETION,
  MLX4_INTERFACE_STATE_UP,
  mlx4_priv,
} from '../mlx4.ts';
import type {
  mlx4_core_module,
  mlx4_dev,
  mlx4_dev_persistent,
  mlx4_priv as Priv,
} from '../mlx4.ts';
import { mlx4_devlink_ops, mlx4_devlink_params } from './devlink.ts';
import { mlx4_load_one, mlx4_unload_one } from './load.ts';
import { makePriv } from './priv.ts';

const vendorMellanox = 0x15b3;

/** ConnectX-3 and -3 Pro; the other family members are driven alike. */
const mlx4_pci_table: readonly PciDeviceId[] = Array.from(
  { length: 14 },
  (_, index) => 0x1003 + index,
)
  .filter((device) => device !== 0x1004)
  .map((device) => ({ vendor: vendorMellanox, device }));

function* mlx4_pci_enable_device(dev: mlx4_dev): MaySleep<number> {
  const { persist } = dev;
  let err = 0;
  yield* mutex_lock(persist.pci_status_mutex);
  if (!persist.pci_status) {
    err = yield* pci_enable_device(persist.pdev);
    persist.pci_status = err === 0;
  }
  yield* mutex_unlock(persist.pci_status_mutex);
  return err;
}

function* mlx4_pci_disable_device(dev: mlx4_dev): MaySleep<void> {
  const { persist } = dev;
  yield* mutex_lock(persist.pci_status_mutex);
  if (persist.pci_status) yield* pci_disable_device(persist.pdev);
  persist.pci_status = false;
  yield* mutex_unlock(persist.pci_status_mutex);
}

/** Registers and doorbells must be there, and nobody else's. 0 or a negative error. */
function claimRegions(pdev: PciDevice): number {
  if (pci_resource_len(pdev, 0) === 0) {
    dev_err(pdev, 'Missing DCS, aborting (driver_data: 0x0, pci_resource_flags(pdev, 0):0x0)');
    return -ENODEV;
  }
  if (pci_resource_len(pdev, 2) === 0) {
    dev_err(pdev, 'Missing UAR, aborting');
    return -ENODEV;
  }
  const err = pci_request_regions(pdev, DRV_NAME);
  if (err !== 0) dev_err(pdev, "Couldn't get PCI resources, aborting");
  return err;
}

function* __mlx4_init_one(pdev: PciDevice, priv: Priv): MaySleep<number> {
  const { dev } = priv;
  pr_info(priv.k, `${DRV_NAME}: Initializing ${pci_name(pdev)}`);
  let err = yield* mlx4_pci_enable_device(dev);
  if (err !== 0) {
    dev_err(pdev, 'Cannot enable PCI device, aborting');
    return err;
  }
  err = claimRegions(pdev);
  if (err === 0) {
    yield* pci_set_master(pdev);
    err = mlx4_catas_init(dev);
    if (err === 0) err = yield* mlx4_load_one(priv, false);
    if (err === 0) return 0;
    yield* mlx4_catas_end(dev);
    pci_release_regions(pdev);
  }
  yield* mlx4_pci_disable_device(dev);
  return err;
}

/** kfree() of persist, and the private part's end with the devlink instance. */
function* freeInstance(devlink: Devlink, priv: Priv): MaySleep<void> {
  yield* devlink_free(devlink);
  priv.freed = true;
}

function* mlx4_init_one(module: mlx4_core_module, pdev: PciDevice): MaySleep<number> {
  const { k } = module;
  if (!module.versionPrinted) {
    module.versionPrinted = true;
    pr_info(k, `${DRV_NAME}: Mellanox ConnectX core driver v${DRV_VERSION}`);
  }
  const devlink = devlink_alloc(k, mlx4_devlink_ops, pdev);
  yield* devl_lock(devlink);
  const priv = makePriv(module, devlink, pdev);
  devlink.priv = priv;
  pci_set_drvdata(pdev, priv.dev.persist);
  const params = mlx4_devlink_params(module, devlink);
  devlink_params_register(devlink, params);
  const err = yield* __mlx4_init_one(pdev, priv);
  if (err === 0) yield* pci_save_state(pdev);
  else {
    devlink_params_unregister(devlink, params);
    priv.dev.persist.freed = true;
  }
  yield* devl_unlock(devlink);
  if (err === 0) yield* devlink_register(devlink);
  else yield* freeInstance(devlink, priv);
  return err;
}

function* mlx4_remove_one(pdev: PciDevice): MaySleep<void> {
  const persist = pci_get_drvdata(pdev) as mlx4_dev_persistent;
  const { dev } = persist;
  const priv = mlx4_priv(dev);
  const { devlink } = priv;
  yield* devlink_unregister(devlink);
  yield* devl_lock(devlink);
  yield* mutex_lock(persist.interface_state_mutex);
  yield* persist.interface_state.modify((state) => state | MLX4_INTERFACE_STATE_DELETION);
  yield* mutex_unlock(persist.interface_state_mutex);
  const isUp = ((yield* persist.interface_state.read()) & MLX4_INTERFACE_STATE_UP) !== 0;
  if (isUp) yield* mlx4_unload_one(pdev);
  else mlx4_info(dev, 'mlx4_remove_one: interface is down');
  yield* mlx4_catas_end(dev);
  pci_release_regions(pdev);
  yield* mlx4_pci_disable_device(dev);
  devlink_params_unregister(devlink, devlink.params);
  persist.freed = true;
  yield* devl_unlock(devlink);
  yield* freeInstance(devlink, priv);
}

function* mlx4_shutdown(pdev: PciDevice): MaySleep<void> {
  const persist = pci_get_drvdata(pdev) as mlx4_dev_persistent;
  const { dev } = persist;
  mlx4_info(dev, 'mlx4_shutdown was called');
  const { devlink } = mlx4_priv(dev);
  yield* devl_lock(devlink);
  yield* mutex_lock(persist.interface_state_mutex);
  const isUp = ((yield* persist.interface_state.read()) & MLX4_INTERFACE_STATE_UP) !== 0;
  if (isUp) yield* mlx4_unload_one(pdev);
  yield* mutex_unlock(persist.interface_state_mutex);
  yield* devl_unlock(devlink);
  yield* mlx4_pci_disable_device(dev);
}

/** What the module registers with the PCI bus. */
export const mlx4_driver = (module: mlx4_core_module): PciDriver => ({
  name: DRV_NAME,
  id_table: mlx4_pci_table,
  probe: (pdev) => mlx4_init_one(module, pdev),
  remove: mlx4_remove_one,
  shutdown: mlx4_shutdown,
});
