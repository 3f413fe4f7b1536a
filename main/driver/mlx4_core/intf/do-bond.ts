// mlx4_do_bond(), in both designs (intf.c; facts/driver 2.8 and 3.9): firmware and flag first, then
// every interface that wants it is restarted, since mlx4_ib reads the flag only when it is added.
// The caller holds bond_mutex. Whether intf_mutex is taken around the walk is a switch of the
// variant: without it this walk races with register and unregister (facts 7.5), with it a writer
// that waits for a bond work while it holds intf_mutex waits for ever (7.1).
// Unprotected: dev.flags, changed by plain read-modify-write before any lock of this file.

import type { AuxiliaryDriver } from '#kernel/base/auxiliary.ts';
import { auxiliaryDriverOf } from '#kernel/base/auxiliary.ts';
import { device_lock, device_unlock } from '#kernel/base/device.ts';
import { EOPNOTSUPP } from '#kernel/errno.ts';
import { mutex_lock, mutex_unlock } from '#kernel/locking/mutex.ts';
import { spin_lock_irqsave, spin_unlock_irqrestore } from '#kernel/locking/spinlock.ts';
import { SharedList } from '#sim/shared.ts';
import type { MaySleep } from '#sim/task.ts';
import { mlx4_disable_rx_port_check, mlx4_virt2phy_port_map } from '../fw/port-remap.ts';
import {
  cardName,
  mlx4_dbg,
  mlx4_err,
  MLX4_FLAG_BONDED,
  mlx4_has_cap2,
  MLX4_INTFF_BONDING,
  mlx4_priv,
} from '../mlx4.ts';
import type { mlx4_adrv, mlx4_dev, mlx4_device_context, mlx4_priv as Priv } from '../mlx4.ts';
import { tellBonded } from '../main/beliefs.ts';
import { del_adev, fillSlot } from './adev.ts';
import { addInterface, removeInterface } from './list.ts';

function restarted(dev: mlx4_dev, protocol: number, enable: boolean): void {
  const mode = enable ? 'enabled' : 'disabled';
  mlx4_dbg(dev, `Interface for protocol ${protocol} restarted with bonded mode ${mode}`);
}

/** Tells the card, then the flag. 0, or the firmware's error with the flag unchanged. */
function* switchCard(dev: mlx4_dev, enable: boolean): MaySleep<number> {
  let err = yield* mlx4_disable_rx_port_check(dev, enable);
  if (err !== 0) {
    mlx4_err(dev, `Fail to ${enable ? 'enable' : 'disable'} rx port check`);
    return err;
  }
  if (enable) {
    yield* dev.flags.modify((flags) => flags | MLX4_FLAG_BONDED);
    tellBonded(dev, true);
    return 0;
  }
  err = yield* mlx4_virt2phy_port_map(dev, 1, 2);
  if (err !== 0) {
    mlx4_err(dev, 'Fail to reset port map');
    return err;
  }
  yield* dev.flags.modify((flags) => flags & ~MLX4_FLAG_BONDED);
  tellBonded(dev, false);
  return 0;
}

/** List design: takes the bonding interfaces off the card's list; ctx_lock is held meanwhile. */
function* detachBonding(priv: Priv): MaySleep<SharedList<mlx4_device_context>> {
  const { ctx_list, ctx_lock, k } = priv;
  const detached = new SharedList<mlx4_device_context>(k.sim, `bond_list(${cardName(priv.dev)})`);
  yield* spin_lock_irqsave(ctx_lock);
  let at = yield* ctx_list.first();
  while (at !== null) {
    const next = yield* ctx_list.following(at);
    const ctx = at.owner!;
    if ((ctx.intf.flags & MLX4_INTFF_BONDING) !== 0) {
      yield* detached.addTail(ctx.bond_list);
      yield* ctx_list.del(ctx.list);
    }
    at = next;
  }
  yield* spin_unlock_irqrestore(ctx_lock);
  return detached;
}

/** List design: restarts what was detached and puts each back at the end of the list. */
function* restartContexts(priv: Priv, enable: boolean): MaySleep<void> {
  const { ctx_list, ctx_lock, dev } = priv;
  const detached = yield* detachBonding(priv);
  for (let at = yield* detached.first(); at !== null; at = yield* detached.following(at)) {
    const ctx = at.owner!;
    yield* removeInterface(ctx.intf, dev, yield* ctx.context.read());
    yield* ctx.context.write(yield* addInterface(ctx.intf, dev));
    yield* spin_lock_irqsave(ctx_lock);
    yield* ctx_list.addTail(ctx.list);
    yield* spin_unlock_irqrestore(ctx_lock);
    restarted(dev, ctx.intf.protocol, enable);
  }
}

const wantsRestart = (adrv: AuxiliaryDriver | null): adrv is mlx4_adrv =>
  adrv !== null && ((adrv as mlx4_adrv).flags & MLX4_INTFF_BONDING) !== 0;

/** Auxiliary design: the part in one slot, if it is bound to a driver that wants it. */
function* restartSlot(priv: Priv, idx: number, enable: boolean): MaySleep<void> {
  const madev = yield* priv.adev[idx]!.read();
  if (madev === null) return;
  yield* device_lock(madev);
  const adrv = auxiliaryDriverOf(madev);
  // Copied under the lock: afterwards the driver's module may go away.
  const protocol = wantsRestart(adrv) ? adrv.protocol : null;
  yield* device_unlock(madev);
  if (protocol === null) return;
  yield* del_adev(madev);
  if ((yield* fillSlot(priv, idx)) === 0) restarted(priv.dev, protocol, enable);
}

/** Bonds or unbonds the card. 0, -EOPNOTSUPP without PORT_REMAP, or the firmware's error. */
export function* mlx4_do_bond(dev: mlx4_dev, enable: boolean): MaySleep<number> {
  const priv = mlx4_priv(dev);
  const { module } = priv;
  if (!mlx4_has_cap2(dev, 'PORT_REMAP')) return -EOPNOTSUPP;
  const err = yield* switchCard(dev, enable);
  if (err !== 0) return err;
  if (module.variant.bondLocksIntf) yield* mutex_lock(module.intf_mutex);
  if (module.variant.interfaces === 'list') yield* restartContexts(priv, enable);
  else for (const idx of priv.adev.keys()) yield* restartSlot(priv, idx, enable);
  if (module.variant.bondLocksIntf) yield* mutex_unlock(module.intf_mutex);
  return 0;
}
