// Bonding of the card (main.c: mlx4_bond, mlx4_unbond, mlx4_port_map_set, mlx4_bond_work;
// facts/driver 5.6 to 5.9, 3.12). bond_mutex serialises the first three. The bond work is here only
// in variants that have it in mlx4_core: it holds the PCI device, so the removal of a netdev does
// not wait for it. That is the patch. Unprotected: dev.flags is read without a lock by the work;
// the port map cache v2p is not reset by an unbond, although the card's own map is (facts 5.8: a
// latent bug of both kernels, kept).

import { get_device, put_device } from '#kernel/base/device.ts';
import { EINVAL, EOPNOTSUPP } from '#kernel/errno.ts';
import { mutex_lock, mutex_unlock } from '#kernel/locking/mutex.ts';
import { INIT_WORK, queue_work } from '#kernel/workqueue.ts';
import type { Workqueue, WorkStruct } from '#kernel/workqueue.ts';
import type { Atomic, MaySleep } from '#sim/task.ts';
import { mlx4_virt2phy_port_map } from '../fw/port-remap.ts';
import { mlx4_do_bond } from '../intf/do-bond.ts';
import {
  DRV_NAME,
  mlx4_dbg,
  mlx4_err,
  MLX4_FLAG_BONDED,
  mlx4_has_cap2,
  MLX4_MAX_PORTS,
  mlx4_persist,
  mlx4_priv,
} from '../mlx4.ts';
import type { mlx4_dev, mlx4_port_map } from '../mlx4.ts';
import { tellPortMap } from './beliefs.ts';

/** What a bond work is asked to do. The map counts only when the card is to be bonded. */
export interface BondRequest {
  readonly isBonded: boolean;
  readonly map: mlx4_port_map;
}

/** Reads the flag; a point, since nobody holds a lock for it. */
export function* mlx4_is_bonded(dev: mlx4_dev): Atomic<boolean> {
  return ((yield* dev.flags.read()) & MLX4_FLAG_BONDED) !== 0;
}

/** Bonds the card unless it is. 0 or a negative error. */
export function* mlx4_bond(dev: mlx4_dev): MaySleep<number> {
  const { bond_mutex } = mlx4_priv(dev);
  let ret = 0;
  yield* mutex_lock(bond_mutex);
  if (!(yield* mlx4_is_bonded(dev))) {
    ret = yield* mlx4_do_bond(dev, true);
    if (ret !== 0) mlx4_err(dev, `Failed to bond device: ${ret}`);
  }
  yield* mutex_unlock(bond_mutex);
  if (ret === 0) mlx4_dbg(dev, 'Device is bonded');
  return ret;
}

/** Unbonds the card if it is bonded. 0 or a negative error. */
export function* mlx4_unbond(dev: mlx4_dev): MaySleep<number> {
  const { bond_mutex } = mlx4_priv(dev);
  let ret = 0;
  yield* mutex_lock(bond_mutex);
  if (yield* mlx4_is_bonded(dev)) {
    ret = yield* mlx4_do_bond(dev, false);
    if (ret !== 0) mlx4_err(dev, `Failed to unbond device: ${ret}`);
  }
  yield* mutex_unlock(bond_mutex);
  if (ret === 0) mlx4_dbg(dev, 'Device is unbonded');
  return ret;
}

const isPort = (port: number): boolean => port >= 1 && port <= MLX4_MAX_PORTS;

/** The part of mlx4_port_map_set() under bond_mutex. */
function* changePortMap(dev: mlx4_dev, wanted: mlx4_port_map): MaySleep<number> {
  const { v2p } = mlx4_priv(dev);
  const cached = yield* v2p.read();
  const port1 = wanted.port1 === 0 ? cached.port1 : wanted.port1;
  const port2 = wanted.port2 === 0 ? cached.port2 : wanted.port2;
  if (!isPort(port1) || !isPort(port2) || (port1 === 2 && port2 === 1)) return -EINVAL;
  if (port1 === cached.port1 && port2 === cached.port2) return 0;
  const err = yield* mlx4_virt2phy_port_map(dev, port1, port2);
  if (err !== 0) {
    mlx4_err(dev, `Failed to change port ${dev.k.is612 ? 'map' : 'mape'}: ${err}`);
    return err;
  }
  mlx4_dbg(dev, `port map changed: [${port1}][${port2}]`);
  yield* v2p.write({ port1, port2 });
  tellPortMap(dev, { port1, port2 });
  return 0;
}

/** Sets the port map; 0 leaves a port as it is. A map equal to the cache sends nothing. */
export function* mlx4_port_map_set(dev: mlx4_dev, wanted: mlx4_port_map): MaySleep<number> {
  if (!mlx4_has_cap2(dev, 'PORT_REMAP')) return -EOPNOTSUPP;
  const { bond_mutex } = mlx4_priv(dev);
  yield* mutex_lock(bond_mutex);
  const err = yield* changePortMap(dev, wanted);
  yield* mutex_unlock(bond_mutex);
  return err;
}

/**
 * What every bond work does, whichever module owns it: bonds and sets the map, or unbonds. Errors
 * go to `complain`, which knows the module's prefix.
 */
export function* carryOutBondRequest(
  dev: mlx4_dev,
  request: BondRequest,
  complain: (text: string) => void,
): MaySleep<void> {
  const { map } = request;
  if (!request.isBonded) {
    if (!(yield* mlx4_is_bonded(dev))) return;
    if ((yield* mlx4_unbond(dev)) !== 0) complain('Fail to unbond device');
    return;
  }
  if (!(yield* mlx4_is_bonded(dev)) && (yield* mlx4_bond(dev)) !== 0) {
    complain('Fail to bond device');
    return;
  }
  const err = yield* mlx4_port_map_set(dev, map);
  if (err !== 0) complain(`Fail to set port map [${map.port1}][${map.port2}]: ${err}`);
}

/** The queue `mlx4` of all cards. */
export const mlx4_wq = (dev: mlx4_dev): Workqueue => mlx4_priv(dev).module.mlx4_wq;

function* giveBack(dev: mlx4_dev, work: WorkStruct): Atomic<void> {
  const { pdev } = mlx4_persist(dev);
  if (dev.priv.module.variant.bondWorkHolds === 'pci') yield* put_device(pdev, work.actor);
}

function* mlx4_bond_work(dev: mlx4_dev, request: BondRequest, work: WorkStruct): MaySleep<void> {
  yield* carryOutBondRequest(dev, request, (text) => mlx4_err(dev, text));
  yield* giveBack(dev, work);
}

/** Queues a bond work of mlx4_core; `why` is the event that asked for it. Always 0 here. */
export function* mlx4_queue_bond_work(
  dev: mlx4_dev,
  request: BondRequest,
  why: string,
): Atomic<number> {
  const { module } = mlx4_priv(dev);
  const { bondWorkHolds, bondWorkQueue } = module.variant;
  const name = `mlx4_bond_work#${++module.bondWorks} ${why}`;
  const work = INIT_WORK(dev.k, name, () => mlx4_bond_work(dev, request, work), {
    module: DRV_NAME,
  });
  if (bondWorkHolds === 'pci') yield* get_device(dev.persist.pdev, work.actor, why);
  const queue = bondWorkQueue === 'mlx4' ? mlx4_wq(dev) : dev.k.workqueues.system_unbound_wq;
  yield* queue_work(queue, work);
  return 0;
}
