// The auxiliary bus design of the series (intf.c of 6.12; facts/driver 3): a card has a device
// `eth` and a device `ib`, made and deleted under intf_mutex. Probe and remove of a part run inside
// device_add() and device_del(), under the device's own lock. Order is fixed: eth comes before ib,
// ib goes before eth. Unprotected: adev_release() clears the card's slot at the last put, whoever
// makes it. If somebody holds a reference over del_adev() and add_adev(), the slot of the new
// device is cleared (facts 7.6, E10).

import {
  AuxiliaryDevice,
  auxiliary_device_add,
  auxiliary_device_delete,
  auxiliary_device_init,
  auxiliary_device_uninit,
} from '#kernel/base/auxiliary.ts';
import type { Device } from '#kernel/base/device.ts';
import type { Atomic, MaySleep } from '#sim/task.ts';
import {
  DRV_NAME,
  MLX4_INTERFACE_STATE_UP,
  mlx4_has_cap,
  mlx4_priv,
  mlx4_warn,
  MLX4_PORT_TYPE_ETH,
  MLX4_PORT_TYPE_IB,
} from '../mlx4.ts';
import type { mlx4_adev, mlx4_dev, mlx4_priv as Priv } from '../mlx4.ts';

/** One row: suffix of the device's name, and whether a card has this part. */
interface AdevKind {
  readonly suffix: string;
  is_supported(dev: mlx4_dev): boolean;
}

const hasPort = (dev: mlx4_dev, type: number): boolean =>
  dev.caps.port_type.slice(1, dev.caps.num_ports + 1).includes(type);

/** mlx4_adev_devices[]: the slots of priv.adev. */
export const mlx4_adev_devices: readonly AdevKind[] = [
  { suffix: 'eth', is_supported: (dev) => hasPort(dev, MLX4_PORT_TYPE_ETH) },
  {
    suffix: 'ib',
    is_supported: (dev) => hasPort(dev, MLX4_PORT_TYPE_IB) || mlx4_has_cap(dev, 'IBOE'),
  },
];

/** struct mlx4_adev. */
class Adev extends AuxiliaryDevice implements mlx4_adev {
  readonly mdev: mlx4_dev;
  readonly idx: number;

  constructor(dev: mlx4_dev, idx: number) {
    const { suffix } = mlx4_adev_devices[idx]!;
    const { pdev } = dev.persist;
    super(dev.k, { modname: DRV_NAME, name: suffix, id: dev.priv.adev_idx, parent: pdev });
    this.mdev = dev;
    this.idx = idx;
    this.release = adev_release;
  }
}

/** The last put of an auxiliary device, in the putting context. */
function* adev_release(device: Device): Atomic<void> {
  const { mdev, idx } = device as Adev;
  yield* mlx4_priv(mdev).adev[idx]!.write(null);
}

/** Gives the card a number of its own, the lowest that is free. */
export function mlx4_adev_init(dev: mlx4_dev): number {
  const { mlx4_adev_ida } = dev.priv.module;
  let idx = 0;
  while (mlx4_adev_ida.has(idx)) idx++;
  mlx4_adev_ida.add(idx);
  dev.priv.adev_idx = idx;
  return 0;
}

export function mlx4_adev_cleanup(dev: mlx4_dev): void {
  dev.priv.module.mlx4_adev_ida.delete(dev.priv.adev_idx);
  dev.priv.adev_idx = -1;
}

/** Makes a part's device and probes it; a failed probe is no error. intf_mutex is held. */
export function* add_adev(dev: mlx4_dev, idx: number): MaySleep<mlx4_adev | number> {
  const madev = new Adev(dev, idx);
  let err = yield* auxiliary_device_init(madev);
  if (err !== 0) return err;
  err = yield* auxiliary_device_add(madev, DRV_NAME);
  if (err === 0) return madev;
  yield* auxiliary_device_uninit(madev);
  return err;
}

/** Unbinds and deletes a part's device. intf_mutex is held. */
export function* del_adev(madev: mlx4_adev): MaySleep<void> {
  yield* auxiliary_device_delete(madev);
  yield* auxiliary_device_uninit(madev);
}

/** Makes a device anew and puts it into its slot; complains when it cannot. */
export function* fillSlot(priv: Priv, idx: number): MaySleep<number> {
  const madev = yield* add_adev(priv.dev, idx);
  if (typeof madev !== 'number') {
    yield* priv.adev[idx]!.write(madev);
    return 0;
  }
  mlx4_warn(priv.dev, `Device[${idx}] (${mlx4_adev_devices[idx]!.suffix}) failed to load`);
  yield* priv.adev[idx]!.write(null);
  return madev;
}

function* isUp(dev: mlx4_dev): Atomic<boolean> {
  return ((yield* dev.persist.interface_state.read()) & MLX4_INTERFACE_STATE_UP) !== 0;
}

/** Deletes what the card no longer has; everything when it is not up. ib goes first. */
function* delete_drivers(priv: Priv): MaySleep<void> {
  for (let idx = mlx4_adev_devices.length - 1; idx >= 0; idx--) {
    const madev = yield* priv.adev[idx]!.read();
    if (madev === null) continue;
    if ((yield* isUp(priv.dev)) && mlx4_adev_devices[idx]!.is_supported(priv.dev)) continue;
    yield* del_adev(madev);
    yield* priv.adev[idx]!.write(null);
  }
}

/** Adds what the card has and is not there yet. eth comes first. */
function* add_drivers(priv: Priv): MaySleep<number> {
  let result = 0;
  for (const [idx, kind] of mlx4_adev_devices.entries()) {
    if ((yield* priv.adev[idx]!.read()) !== null || !kind.is_supported(priv.dev)) continue;
    const err = yield* fillSlot(priv, idx);
    if (err !== 0) result = err;
  }
  return result;
}

/** Makes the devices fit what the card has. intf_mutex is held. */
export function* rescan_drivers_locked(dev: mlx4_dev): MaySleep<number> {
  const priv = mlx4_priv(dev);
  yield* delete_drivers(priv);
  return (yield* isUp(dev)) ? yield* add_drivers(priv) : 0;
}
