// The interface list of the design before the series (intf.c of 6.1; facts/driver 2): one context
// per interface and card, on the card's ctx_list. intf_mutex protects the lists of interfaces and
// cards and is taken by register and unregister; ctx_lock protects membership of ctx_list against
// hard interrupts. Unprotected, and kept so: mlx4_remove_device() walks ctx_list without ctx_lock
// (facts 7.5, R2, R7), and mlx4_do_bond() takes contexts off it without intf_mutex. A removed node
// is poisoned, a freed context is remembered: touching either is an oops.

import { mutex_lock, mutex_unlock } from '#kernel/locking/mutex.ts';
import {
  spin_lock_irq,
  spin_lock_irqsave,
  spin_unlock_irq,
  spin_unlock_irqrestore,
} from '#kernel/locking/spinlock.ts';
import { module_text } from '#kernel/module.ts';
import { ListHead, Shared } from '#sim/shared.ts';
import type { SharedList } from '#sim/shared.ts';
import type { Atomic, MaySleep } from '#sim/task.ts';
import { cardName, MLX4_INTERFACE_STATE_UP, mlx4_priv } from '../mlx4.ts';
import type {
  mlx4_core_module,
  mlx4_dev,
  mlx4_device_context,
  mlx4_interface,
  mlx4_priv as Priv,
} from '../mlx4.ts';

/** struct mlx4_device_context. */
class DeviceContext implements mlx4_device_context {
  readonly list: ListHead<mlx4_device_context>;
  readonly bond_list: ListHead<mlx4_device_context>;
  readonly intf: mlx4_interface;
  readonly context: Shared<unknown>;

  constructor(intf: mlx4_interface, priv: Priv) {
    const name = `ctx(${intf.name}@${cardName(priv.dev)})`;
    this.list = new ListHead<mlx4_device_context>(`${name}.list`, this);
    this.bond_list = new ListHead<mlx4_device_context>(`${name}.bond_list`, this);
    this.intf = intf;
    this.context = new Shared<unknown>(priv.k.sim, `${name}.context`, null);
  }
}

/** kfree() of a context: whoever still follows its nodes faults. */
function freeContext(ctx: mlx4_device_context): void {
  ctx.list.freed = true;
  ctx.bond_list.freed = true;
}

/** Calls intf->add(); module text that is gone is a page fault. */
export function addInterface(intf: mlx4_interface, dev: mlx4_dev): MaySleep<unknown> {
  module_text(intf.module, `${intf.name}_add`);
  return intf.add(dev);
}

/** Calls intf->remove(). */
export function removeInterface(
  intf: mlx4_interface,
  dev: mlx4_dev,
  context: unknown,
): MaySleep<void> {
  module_text(intf.module, `${intf.name}_remove`);
  return intf.remove(dev, context);
}

/**
 * Adds an interface to a card; intf_mutex is held. While add() runs the interface is on no list: it
 * gets no events, cannot be found, and mlx4_do_bond() does not see it (facts 7.5, R3).
 */
function* mlx4_add_device(intf: mlx4_interface, priv: Priv): MaySleep<void> {
  const ctx = new DeviceContext(intf, priv);
  const context = yield* addInterface(intf, priv.dev);
  ctx.context.initialise(context);
  if (context === null) {
    freeContext(ctx);
    return;
  }
  yield* spin_lock_irq(priv.ctx_lock);
  yield* priv.ctx_list.addTail(ctx.list);
  yield* spin_unlock_irq(priv.ctx_lock);
  if (intf.activate !== undefined) yield* intf.activate(priv.dev, context);
}

/**
 * Removes an interface from a card; intf_mutex is held. One that is not on the list is not missed.
 */
function* mlx4_remove_device(intf: mlx4_interface, priv: Priv): MaySleep<void> {
  const { ctx_list, ctx_lock, dev } = priv;
  for (let at = yield* ctx_list.first(); at !== null; at = yield* ctx_list.following(at)) {
    const ctx = at.owner!;
    if (ctx.intf !== intf) continue;
    yield* spin_lock_irq(ctx_lock);
    yield* ctx_list.del(at);
    yield* spin_unlock_irq(ctx_lock);
    yield* removeInterface(intf, dev, yield* ctx.context.read());
    freeContext(ctx);
    return;
  }
}

/** What is on a list, in order. The caller holds the mutex that protects it. */
function* entries<T>(list: SharedList<T>): Atomic<T[]> {
  const found: T[] = [];
  for (let at = yield* list.first(); at !== null; at = yield* list.following(at)) {
    found.push(at.owner!);
  }
  return found;
}

/** Module init of a part: every card gets the interface. */
export function* registerInterface(core: mlx4_core_module, intf: mlx4_interface): MaySleep<number> {
  yield* mutex_lock(core.intf_mutex);
  const node = new ListHead<mlx4_interface>(`intf(${intf.name})`, intf);
  core.intf_nodes.set(intf, node);
  yield* core.intf_list.addTail(node);
  for (const card of yield* entries(core.dev_list)) yield* mlx4_add_device(intf, card);
  yield* mutex_unlock(core.intf_mutex);
  return 0;
}

/** Module exit of a part. */
export function* unregisterInterface(core: mlx4_core_module, intf: mlx4_interface): MaySleep<void> {
  yield* mutex_lock(core.intf_mutex);
  for (const card of yield* entries(core.dev_list)) yield* mlx4_remove_device(intf, card);
  const node = core.intf_nodes.get(intf);
  if (node !== undefined) yield* core.intf_list.del(node);
  core.intf_nodes.delete(intf);
  yield* mutex_unlock(core.intf_mutex);
}

/** Registers a card with every interface, in the order of intf_list. */
export function* registerCard(priv: Priv): MaySleep<number> {
  const { module, dev } = priv;
  yield* mutex_lock(module.intf_mutex);
  yield* dev.persist.interface_state.modify((state) => state | MLX4_INTERFACE_STATE_UP);
  const node = new ListHead<Priv>(`card(${cardName(dev)})`, priv);
  module.dev_nodes.set(priv, node);
  yield* module.dev_list.addTail(node);
  for (const intf of yield* entries(module.intf_list)) yield* mlx4_add_device(intf, priv);
  yield* mutex_unlock(module.intf_mutex);
  return 0;
}

/** Takes every interface off a card, in the order of intf_list, and clears UP last. */
export function* unregisterCard(priv: Priv): MaySleep<void> {
  const { module, dev } = priv;
  yield* mutex_lock(module.intf_mutex);
  for (const intf of yield* entries(module.intf_list)) yield* mlx4_remove_device(intf, priv);
  const node = module.dev_nodes.get(priv);
  if (node !== undefined) yield* module.dev_list.del(node);
  yield* dev.persist.interface_state.modify((state) => state & ~MLX4_INTERFACE_STATE_UP);
  yield* mutex_unlock(module.intf_mutex);
}

/** Walks the contexts under ctx_lock with interrupts off, and calls `visit` until it says stop. */
export function* underContextLock(
  dev: mlx4_dev,
  visit: (ctx: mlx4_device_context) => Atomic<boolean>,
): Atomic<void> {
  const { ctx_list, ctx_lock } = mlx4_priv(dev);
  yield* spin_lock_irqsave(ctx_lock);
  for (let at = yield* ctx_list.first(); at !== null; at = yield* ctx_list.following(at)) {
    if (yield* visit(at.owner!)) break;
  }
  yield* spin_unlock_irqrestore(ctx_lock);
}
