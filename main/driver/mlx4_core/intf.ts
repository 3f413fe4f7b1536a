// Interfaces of a card (intf.c; facts/driver 2 and 3): registration of cards and of the parts
// mlx4_en and mlx4_ib, in the design that the variant says, and delivery of device events to the
// parts. The two designs are in intf/list.ts (before the series) and intf/adev.ts (the series).
// Unprotected: interface_state is tested without a lock at the head of mlx4_unregister_device().

import { auxiliary_driver_register, auxiliary_driver_unregister } from '#kernel/base/auxiliary.ts';
import type { DevlinkPort } from '#kernel/devlink.ts';
import type { Kernel } from '#kernel/kernel.ts';
import { mutex_lock, mutex_unlock } from '#kernel/locking/mutex.ts';
import { module_text } from '#kernel/module.ts';
import {
  atomic_notifier_call_chain,
  atomic_notifier_chain_register,
  atomic_notifier_chain_unregister,
} from '#kernel/notifier.ts';
import type { AtomicNotifierBlock } from '#kernel/notifier.ts';
import { Oops } from '#sim/shared.ts';
import type { Atomic, MaySleep } from '#sim/task.ts';
import { mlx4_start_catas_poll, mlx4_stop_catas_poll } from './catas.ts';
import { rescan_drivers_locked } from './intf/adev.ts';
import {
  registerCard,
  registerInterface,
  underContextLock,
  unregisterCard,
  unregisterInterface,
} from './intf/list.ts';
import { DRV_NAME, MLX4_INTERFACE_STATE_UP, mlx4_priv } from './mlx4.ts';
import type {
  mlx4_adrv,
  mlx4_core_module,
  mlx4_dev,
  mlx4_interface,
  mlx4_priv as Priv,
} from './mlx4.ts';

/** The code of mlx4_core, whose symbols the parts use. Its users keep it loaded. */
function coreOf(k: Kernel): mlx4_core_module {
  const instance = k.modules.find(DRV_NAME)?.instance ?? null;
  if (instance === null) throw new Oops('unable to resolve a symbol of mlx4_core');
  return (instance as unknown as { readonly core: mlx4_core_module }).core;
}

/** List design: module init of a part. */
export function* mlx4_register_interface(k: Kernel, intf: mlx4_interface): MaySleep<number> {
  return yield* registerInterface(coreOf(k), intf);
}

/** List design: module exit of a part; intf_mutex is held while its netdevs go. */
export function* mlx4_unregister_interface(k: Kernel, intf: mlx4_interface): MaySleep<void> {
  yield* unregisterInterface(coreOf(k), intf);
}

/**
 * Auxiliary design: module init of a part. intf_mutex is not taken. The macro that registers stands
 * in mlx4_core, so driver and directory carry its name (facts 3.1).
 */
export function* mlx4_register_auxiliary_driver(k: Kernel, adrv: mlx4_adrv): MaySleep<number> {
  return yield* auxiliary_driver_register(k, adrv, coreOf(k).module, DRV_NAME);
}

export function* mlx4_unregister_auxiliary_driver(adrv: mlx4_adrv): MaySleep<void> {
  yield* auxiliary_driver_unregister(adrv);
}

/** Auxiliary design: a device for each part that the card has. */
function* registerParts({ dev, module }: Priv): MaySleep<number> {
  yield* mutex_lock(module.intf_mutex);
  yield* dev.persist.interface_state.modify((state) => state | MLX4_INTERFACE_STATE_UP);
  const err = yield* rescan_drivers_locked(dev);
  yield* mutex_unlock(module.intf_mutex);
  return err;
}

/** Makes the card available to its parts. Only the auxiliary design can fail. */
export function* mlx4_register_device(dev: mlx4_dev): MaySleep<number> {
  const priv = mlx4_priv(dev);
  const isList = priv.module.variant.interfaces === 'list';
  const err = isList ? yield* registerCard(priv) : yield* registerParts(priv);
  if (err !== 0) {
    yield* mlx4_unregister_device(dev);
    return err;
  }
  yield* mlx4_start_catas_poll(dev);
  return 0;
}

/** Takes the card away from its parts: both ports, all interfaces. */
export function* mlx4_unregister_device(dev: mlx4_dev): MaySleep<void> {
  const { interface_state } = dev.persist;
  if (((yield* interface_state.read()) & MLX4_INTERFACE_STATE_UP) === 0) return;
  yield* mlx4_stop_catas_poll(dev);
  const priv = mlx4_priv(dev);
  if (priv.module.variant.interfaces === 'list') {
    yield* unregisterCard(priv);
    return;
  }
  const { intf_mutex } = priv.module;
  yield* mutex_lock(intf_mutex);
  yield* interface_state.modify((state) => state & ~MLX4_INTERFACE_STATE_UP);
  yield* rescan_drivers_locked(dev);
  yield* mutex_unlock(intf_mutex);
}

/** Event chain: a part asks for device events. */
export function* mlx4_register_event_notifier(
  dev: mlx4_dev,
  nb: AtomicNotifierBlock<unknown>,
): Atomic<number> {
  return yield* atomic_notifier_chain_register(mlx4_priv(dev).event_nh, nb);
}

/** Event chain: waits until no callback of this part runs any more. */
export function* mlx4_unregister_event_notifier(
  dev: mlx4_dev,
  nb: AtomicNotifierBlock<unknown>,
): MaySleep<number> {
  return yield* atomic_notifier_chain_unregister(mlx4_priv(dev).event_nh, nb);
}

/**
 * Tells the parts of a device event, maybe from a hard interrupt: over the chain, or by the
 * callback of every interface that is on the card's list right now. `param` is a port number for
 * port events.
 */
export function* mlx4_dispatch_event(dev: mlx4_dev, event: number, param: unknown): Atomic<void> {
  const priv = mlx4_priv(dev);
  if (priv.module.variant.eventDelivery === 'chain') {
    yield* atomic_notifier_call_chain(priv.event_nh, event, param);
    return;
  }
  yield* underContextLock(dev, function* (ctx) {
    module_text(ctx.intf.module, `${ctx.intf.name}_event`);
    if (ctx.intf.event !== undefined) {
      yield* ctx.intf.event(dev, yield* ctx.context.read(), event, param);
    }
    return false;
  });
}

/**
 * List design: the object that the interface of a protocol has for a port, or null. No reference is
 * taken on it. In the other design nobody asks: mlx4_ib finds the netdev by its parent and
 * dev_port.
 */
export function* mlx4_get_protocol_dev(
  dev: mlx4_dev,
  protocol: number,
  port: number,
): Atomic<unknown> {
  let found: unknown = null;
  yield* underContextLock(dev, function* (ctx) {
    if (ctx.intf.protocol !== protocol || ctx.intf.get_dev === undefined) return false;
    found = yield* ctx.intf.get_dev(dev, yield* ctx.context.read(), port);
    return true;
  });
  return found;
}

/** The devlink port of a port. */
export const mlx4_get_devlink_port = (dev: mlx4_dev, port: number): DevlinkPort =>
  mlx4_priv(dev).port[port]!.devlink_port;
