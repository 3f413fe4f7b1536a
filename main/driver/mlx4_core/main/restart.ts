// Taking a card down and up again (main.c: mlx4_restart_one and its halves; facts/driver 6.8): by
// devlink reload, and after a catastrophic error. The card first registers with its default types
// and then, when they differ from those it had, unregisters and registers again.

import { mutex_lock, mutex_unlock } from '#kernel/locking/mutex.ts';
import { pci_get_drvdata, pci_name } from '#kernel/pci/pci.ts';
import type { PciDevice } from '#kernel/pci/pci-device.ts';
import type { MaySleep } from '#sim/task.ts';
import { mlx4_err, mlx4_priv } from '../mlx4.ts';
import type { mlx4_dev, mlx4_dev_persistent } from '../mlx4.ts';
import { mlx4_start_sense, mlx4_stop_sense } from '../sense.ts';
import { tellPortType } from './beliefs.ts';
import { mlx4_load_one, mlx4_unload_one } from './load.ts';
import { mlx4_change_port_types } from './port-types.ts';
import type { PortTypes } from './port-types.ts';

function* restore_current_port_types(
  dev: mlx4_dev,
  types: PortTypes,
  possibleTypes: PortTypes,
): MaySleep<number> {
  yield* mlx4_stop_sense(dev);
  const { port_mutex } = mlx4_priv(dev);
  yield* mutex_lock(port_mutex);
  for (let port = 1; port <= dev.caps.num_ports; port++) {
    dev.caps.possible_type[port] = possibleTypes[port]!;
    tellPortType(dev, port);
  }
  const err = yield* mlx4_change_port_types(dev, types);
  yield* mlx4_start_sense(dev);
  yield* mutex_unlock(port_mutex);
  return err;
}

export function* mlx4_restart_one_down(pdev: PciDevice): MaySleep<void> {
  yield* mlx4_unload_one(pdev);
}

/** 0, or the error of the load or of the change back to the old types. */
export function* mlx4_restart_one_up(pdev: PciDevice): MaySleep<number> {
  const persist = pci_get_drvdata(pdev) as mlx4_dev_persistent;
  const { dev } = persist;
  let err = yield* mlx4_load_one(dev.priv, true);
  if (err !== 0) {
    const what = `mlx4_load_one failed, pci_name=${pci_name(pdev)}, err=${err}`;
    mlx4_err(dev, `mlx4_restart_one_up: ERROR: ${what}`);
    return err;
  }
  err = yield* restore_current_port_types(dev, persist.curr_port_type, persist.curr_port_poss_type);
  if (err !== 0) mlx4_err(dev, `could not restore original port types (${err})`);
  return err;
}

/** The caller holds the devlink lock and interface_state_mutex. */
export function* mlx4_restart_one(pdev: PciDevice): MaySleep<number> {
  yield* mlx4_restart_one_down(pdev);
  return yield* mlx4_restart_one_up(pdev);
}
